import { execFileSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { annotate } from '../../../src/inventory/annotations.js';
import { serverId } from '../../../src/inventory/hashes.js';
import { writeState } from '../../../src/inventory/snapshot.js';
import { newServer } from '../../../src/inventory/state.js';
import { clocked, DAY, HOUR, START, told, tool } from '../../support/inventory.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-inventory-'));
  file = join(folder, 'state', 'inventory.json');
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

const FACTS = { side: 'client', name: 'files', endpoint: 'files.example:443' } as const;

function put(text: string): void {
  mkdirSync(join(folder, 'state'), { recursive: true });
  writeFileSync(file, text);
}

it('a state file, or its folder, keeps its owner when root saves', () => {
  const owner = process.getuid?.() === 0 ? 1234 : process.getuid?.();
  mkdirSync(join(folder, 'state'));
  if (owner === 1234) chownSync(join(folder, 'state'), owner, owner);
  for (const name of ['one', 'two']) {
    const { inventory, problems } = clocked({ file });
    inventory.observeServer({ side: 'client', name });
    inventory.close();
    expect(problems).toEqual([]);
    expect(statSync(file).uid).toBe(owner);
  }
});

it('an annotation of another process is seen before the next save, and makes way for a later one only', () => {
  const { clock, inventory } = clocked({ file });
  const { id } = inventory.observeServer(FACTS);
  inventory.annotate(id, { approval: 'pending', notes: 'mine' });
  inventory.flush();
  const other = clocked({ file, now: () => clock.time + 5 });
  other.inventory.annotate(id, { approval: 'rejected' });
  other.inventory.close();
  expect(inventory.snapshot().servers[0]?.annotations).toMatchObject({ approval: { value: 'rejected' } });
  expect(inventory.annotate(id, { approval: 'rejected' })).toEqual([]);
  clock.time += 10;
  expect(told(inventory.annotate(id, { approval: 'pending' }))).toEqual(['inventory.changed annotated']);
  inventory.close();
  expect(clocked({ file, now: () => clock.time }).inventory.snapshot().servers[0]?.annotations).toMatchObject({
    approval: { value: 'pending' },
    notes: { value: 'mine' },
  });
});

it('a server that was noted in advance is added when it is met, keeps what was noted, and is not stale before', () => {
  const { clock, inventory } = clocked();
  const servers = new Map();
  const noted = newServer(
    serverId(FACTS.name, FACTS.endpoint),
    { ...FACTS, protocolVersions: [], capabilities: [] },
    START,
  );
  annotate(noted, { approval: 'approved' }, START, undefined);
  servers.set(noted.id, noted);
  put(writeState(servers));
  inventory.keepIn(file);
  clock.time += 100 * DAY;
  expect(inventory.sweep()).toEqual([]);
  const { id, changes } = inventory.observeServer({ ...FACTS, version: '2' });
  expect(id).toBe(noted.id);
  expect(changes.map(({ fields }) => fields['mcp_audit.inventory.change'])).toEqual(['server_added']);
  expect(inventory.observeServer({ ...FACTS, version: '2' }).changes).toEqual([]);
  expect(inventory.snapshot().servers).toMatchObject([
    {
      version: '2',
      sides: ['client'],
      firstSeen: '2026-01-01T00:00:00.000Z',
      annotations: { approval: { value: 'approved' } },
    },
  ]);
});

it('what a process knows of a server outlives that somebody notes it in advance', () => {
  const { clock, inventory } = clocked({ file });
  const { id } = inventory.observeServer({ ...FACTS, version: '2', capabilities: ['tools'] });
  const noted = newServer(id, { name: FACTS.name, protocolVersions: [], capabilities: [] }, clock.time + 5);
  put(writeState(new Map([[id, noted]])));
  clock.time += 10;
  inventory.close();
  expect(clocked({ file, now: () => clock.time }).inventory.snapshot().servers).toMatchObject([
    { version: '2', capabilities: ['tools'] },
  ]);
});

describe('a state file that', () => {
  it.each([
    ['is not JSON', '{"format": "mcp-tr'],
    ['is empty', ''],
    ['is somebody else’s', '{"servers": []}'],
    ['has no servers', '{"format": "mcp-trail-inventory", "version": 1}'],
    ['has something else where servers belong', '{"format": "mcp-trail-inventory", "version": 1, "servers": {}}'],
    ['is of another form', '{"format": "mcp-trail-inventory", "version": "1", "servers": []}'],
  ])('%s is kept aside, which is reported once', (_what, text) => {
    put(text);
    const { inventory, problems } = clocked({ file });
    const aside = `${file}.corrupt-${START}`;
    expect(readFileSync(aside, 'utf8')).toBe(text);
    inventory.observeServer(FACTS);
    inventory.close();
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(aside);
    expect(clocked({ file }).inventory.snapshot().servers).toHaveLength(1);
  });

  it('has invalid servers is used for the others, with a copy kept aside, which is reported once', () => {
    const first = clocked({ file });
    first.inventory.observeServer(FACTS);
    first.inventory.close();
    const stored = JSON.parse(readFileSync(file, 'utf8'));
    const text = JSON.stringify({ ...stored, servers: [...stored.servers, { id: 'mine' }, 7] });
    put(text);
    const { inventory, problems } = clocked({ file });
    expect(inventory.snapshot().servers).toHaveLength(1);
    inventory.observeServer({ ...FACTS, name: 'other' });
    inventory.close();
    expect(readFileSync(`${file}.corrupt-${START}`, 'utf8')).toBe(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`${file}.corrupt-${START}`);
    expect(clocked({ file }).inventory.snapshot().servers).toHaveLength(2);
  });

  it.each([
    ['is a folder', () => mkdirSync(file, { recursive: true }), /cannot be used \(EISDIR\)$/],
    ['is a pipe', () => void execFileSync('mkfifo', [file]), /cannot be used \(no file\)$/],
    ['has a folder as its lock', () => mkdirSync(`${file}.lock`), /cannot be used \(no file\), for its lock .*\.lock$/],
    [
      'has a pipe as its lock',
      () => void execFileSync('mkfifo', [`${file}.lock`]),
      /cannot be used \(no file\), for its lock .*\.lock$/,
    ],
  ])('%s is reported once, without waiting', (_what, spoil, said) => {
    mkdirSync(join(folder, 'state'));
    spoil();
    const { inventory, problems } = clocked({ file });
    inventory.observeServer(FACTS);
    inventory.close();
    expect(problems).toEqual([expect.stringMatching(said)]);
    expect(inventory.snapshot().servers).toHaveLength(1);
  });

  it('was damaged while in use is kept aside, and nothing is lost', () => {
    const { inventory, problems } = clocked({ file });
    inventory.observeServer(FACTS);
    inventory.flush();
    put('spoilt');
    inventory.observeServer({ ...FACTS, name: 'other' });
    inventory.close();
    expect(problems).toHaveLength(1);
    expect(clocked({ file }).inventory.snapshot().servers).toHaveLength(2);
  });

  it('is of a newer version is left alone', () => {
    const text = '{"format":"mcp-trail-inventory","version":2,"servers":{}}';
    put(text);
    const { inventory, problems } = clocked({ file });
    inventory.observeServer(FACTS);
    inventory.close();
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(problems).toEqual([expect.stringContaining('newer version')]);
  });

  it('cannot be read or written only prevents saving', () => {
    mkdirSync(file, { recursive: true });
    const { inventory, problems } = clocked({ file });
    expect(told(inventory.observeServer(FACTS).changes)).toEqual(['server.observed server_added']);
    inventory.flush();
    inventory.close();
    expect(problems).toEqual([expect.stringContaining('EISDIR')]);
    expect(readdirSync(join(folder, 'state'))).toEqual(['inventory.json']);
  });

  it('is in a folder that cannot be created only prevents saving', () => {
    writeFileSync(join(folder, 'state'), 'a file');
    const { inventory, problems } = clocked({ file });
    inventory.observeServer(FACTS);
    inventory.close();
    expect(problems.length).toBeGreaterThan(0);
    expect(inventory.snapshot().servers).toHaveLength(1);
  });

  it('has invalid parts is read without them', () => {
    const id = 'a'.repeat(32);
    const time = '2025-01-01T00:00:00.000Z';
    const server = {
      id,
      sides: ['client', 'x', 7],
      name: 7,
      title: 'x'.repeat(10_000),
      firstSeen: 'never',
      lastSeen: '9999-01-01T00:00:00.000Z',
      lists: { tools: { count: -1, at: time }, prompts: { count: 2, at: time }, __proto__: 1 },
      tools: [
        null,
        { name: 'a', status: 'odd' },
        { name: 'b', status: 'listed', hash: 'zz', memberHashes: { evil: 'aa' } },
      ],
      usage: { calls: { count: 1e300 }, errors: { count: 2, last: 'x' }, lastUsed: { at: 'x' } },
      errorTypes: [{ type: 'E', count: 1, last: time }, { count: 1 }, 7],
      annotations: { notes: { value: 7, at: time }, other: { value: 'x', at: time } },
    };
    put(JSON.stringify({ format: 'mcp-trail-inventory', version: 1, servers: [server, { id: '../x' }, null, 'x'] }));
    const { inventory, problems } = clocked({ file });
    expect(problems).toEqual([]);
    const now = '2026-01-01T00:00:00.000Z';
    expect(inventory.snapshot().servers).toEqual([
      {
        id,
        sides: ['client'],
        title: 'x'.repeat(256),
        protocolVersions: [],
        capabilities: [],
        firstSeen: now,
        lastSeen: now,
        changedAt: now,
        reportedAt: now,
        lists: { prompts: { count: 2, at: time } },
        tools: [{ name: 'b', status: 'listed', firstSeen: now, lastSeen: now, changedAt: now, usage: {} }],
        usage: { errors: { count: 2, last: '1970-01-01T00:00:00.000Z' } },
        errorTypes: [{ type: 'E', count: 1, last: time }],
        annotations: { notes: { at: time } },
      },
    ]);
  });
});

describe('after a restart', () => {
  it('everything is unchanged', () => {
    const { inventory, open, clock } = clocked({ file });
    const { id } = inventory.observeServer({
      ...FACTS,
      version: '1',
      capabilities: ['tools'],
      protocolVersions: ['2025-11-25'],
    });
    inventory.observeTools(id, { tools: [tool('a'), tool('b')] });
    inventory.observeTools(id, { tools: [tool('a')] });
    inventory.observeList(id, 'prompts', { count: 3 });
    inventory.used(id, { tool: 'a', at: START, status: 'error', errorType: 'E', actor: 'ann', redactions: 2 });
    inventory.annotate(id, { notes: 'n', approval: 'pending' });
    clock.time += 40 * DAY;
    inventory.sweep();
    inventory.close();
    expect(open().snapshot()).toEqual(inventory.snapshot());
  });

  it('a tool that changed meanwhile is reported, an unchanged one is not', () => {
    const { inventory, open } = clocked({ file });
    const { id } = inventory.observeServer(FACTS);
    inventory.observeTools(id, { tools: [tool('a'), tool('b')] });
    inventory.close();
    const next = open();
    expect(next.observeServer(FACTS).changes).toEqual([]);
    const changes = next.observeTools(id, { tools: [tool('a'), tool('b', { description: 'evil' })] });
    expect(told(changes)).toEqual(['tool.changed modified b']);
    expect(changes[0]?.fields['mcp_audit.tool.changed_members']).toEqual(['description']);
  });

  it('redacted names are recognised', () => {
    const redactName = (name: string) => name.replace(/hush\d+/, '[X]');
    const { inventory, open } = clocked({ file, redactName });
    const facts = { ...FACTS, name: 'hush1', title: 'hush2' };
    const { id } = inventory.observeServer(facts);
    inventory.observeTools(id, { tools: [tool('hush3')] });
    inventory.close();
    expect(readFileSync(file, 'utf8')).not.toContain('hush');
    const next = open();
    expect(next.observeServer(facts)).toEqual({ id, changes: [] });
    expect(next.observeTools(id, { tools: [tool('hush3')] })).toEqual([]);
  });
});

describe('saving', () => {
  it('happens once, some seconds after a change, into a file for its owner only', () => {
    vi.useFakeTimers();
    const { inventory } = clocked({ file, saveEveryMs: 5000 });
    inventory.observeServer(FACTS);
    vi.advanceTimersByTime(4999);
    expect(existsSync(file)).toBe(false);
    inventory.observeServer({ ...FACTS, name: 'other' });
    vi.advanceTimersByTime(1);
    expect(JSON.parse(readFileSync(file, 'utf8')).servers).toHaveLength(2);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'state'))).toEqual(['inventory.json']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not happen without a change', () => {
    const { inventory } = clocked({ file });
    inventory.flush();
    inventory.close();
    expect(existsSync(file)).toBe(false);
  });

  it('does not wait for other processes, and is tried again later', () => {
    vi.useFakeTimers();
    const { inventory } = clocked({ file, saveEveryMs: 5000 });
    inventory.observeServer(FACTS);
    mkdirSync(join(folder, 'state'));
    writeFileSync(`${file}.lock`, 'others');
    utimesSync(`${file}.lock`, new Date(), new Date());
    vi.advanceTimersByTime(5000);
    expect(existsSync(file)).toBe(false);
    rmSync(`${file}.lock`);
    vi.advanceTimersByTime(5000);
    expect(existsSync(file)).toBe(true);
  });

  it('leaves no timer after the end', () => {
    vi.useFakeTimers();
    const { inventory } = clocked({ file });
    inventory.observeServer(FACTS);
    inventory.close();
    inventory.observeServer({ ...FACTS, name: 'late' });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('takes the lock of a killed process, and removes its files', () => {
    const { inventory } = clocked({ file });
    inventory.observeServer(FACTS);
    mkdirSync(join(folder, 'state'));
    writeFileSync(`${file}.lock`, 'killed');
    writeFileSync(`${file}.tmp-killed`, 'half');
    const old = new Date(Date.now() - 11_000);
    utimesSync(`${file}.lock`, old, old);
    inventory.close();
    expect(readdirSync(join(folder, 'state'))).toEqual(['inventory.json']);
  });
});

describe('two inventories with one file', () => {
  it('add up their counts, and keep each other’s servers', () => {
    const { open } = clocked({ file });
    const [one, two] = [open(), open()];
    const id = one.observeServer(FACTS).id;
    two.observeServer(FACTS);
    one.observeServer({ ...FACTS, name: 'only one' });
    two.observeServer({ ...FACTS, name: 'only two' });
    for (let round = 0; round < 5; round++) {
      for (const inventory of [one, two]) {
        inventory.used(id, { at: START, tool: 'a', status: 'ok', redactions: 2 });
        inventory.used(id, { at: START, status: 'error', errorType: `E${inventory === one ? 1 : 2}` });
        inventory.flush();
      }
    }
    one.used(id, { at: START, status: 'ok' });
    one.close();
    two.close();
    const { servers } = open().snapshot();
    expect(servers).toHaveLength(3);
    const shared = servers.find((each) => each.id === id);
    expect(shared?.usage).toMatchObject({ calls: { count: 21 }, errors: { count: 10 }, redactions: { count: 20 } });
    expect(shared?.errorTypes.map(({ type, count }) => `${type} ${count}`).sort()).toEqual(['E1 5', 'E2 5']);
    expect(shared?.tools[0]?.usage.calls?.count).toBe(10);
  });

  it('report a change once if the other one has saved it', () => {
    const { open, clock } = clocked({ file });
    const one = open();
    const { id } = one.observeServer(FACTS);
    one.observeTools(id, { tools: [tool('a')] });
    one.flush();
    const two = open();
    clock.time += 1000;
    const changed = [tool('a', { title: 'new' })];
    expect(one.observeTools(id, { tools: changed })).toHaveLength(1);
    one.flush();
    two.used(id, { at: clock.time, status: 'ok' });
    two.flush();
    expect(two.observeTools(id, { tools: changed })).toEqual([]);
  });

  it('keep the later one of single values', () => {
    const { open, clock } = clocked({ file });
    const [one, two] = [open(), open()];
    const { id } = one.observeServer({ ...FACTS, version: '1' });
    two.observeServer({ ...FACTS, version: '1' });
    clock.time += HOUR;
    two.observeServer({ ...FACTS, version: '2' });
    two.annotate(id, { notes: 'two' });
    clock.time += HOUR;
    one.annotate(id, { notes: 'one', review: 'r' });
    two.flush();
    one.flush();
    two.used(id, { at: clock.time, status: 'ok' });
    two.flush();
    for (const inventory of [one, two, open()]) {
      const [server] = inventory.snapshot().servers;
      expect(server?.version).toBe('2');
      expect(server?.annotations.notes?.value).toBe('one');
    }
  });

  it('agree on which servers are stale', () => {
    const { open, clock } = clocked({ file });
    const [one, two] = [open(), open()];
    const { id } = one.observeServer(FACTS);
    two.observeServer(FACTS);
    clock.time += 30 * DAY;
    two.used(id, { at: clock.time, status: 'ok' });
    expect(told(one.sweep())).toEqual(['inventory.changed server_stale']);
    one.flush();
    two.flush();
    expect(open().snapshot().servers[0]).not.toHaveProperty('staleSince', expect.anything());
  });

  it('stay within each other’s bounds', () => {
    const { open } = clocked({ file });
    const one = open();
    for (let server = 0; server < 20; server++) {
      const { id } = one.observeServer({ ...FACTS, name: `s${server}` });
      one.observeTools(id, { tools: Array.from({ length: 20 }, (_, index) => tool(`t${index}`)) });
      for (let type = 0; type < 70; type++) one.used(id, { at: START, status: 'error', errorType: `A${type}` });
    }
    one.close();
    const two = open({ maxServers: 5, maxTools: 3 });
    const id = two.snapshot().servers[0]?.id ?? 'none';
    for (let type = 0; type < 70; type++) two.used(id, { at: START, status: 'error', errorType: `B${type}` });
    two.flush();
    expect(two.snapshot().servers).toHaveLength(5);
    for (const server of two.snapshot().servers) {
      expect(server.tools.length).toBeLessThanOrEqual(3);
      expect(server.errorTypes.length).toBeLessThanOrEqual(65);
    }
    const [first] = two.snapshot().servers.filter((each) => each.id === id);
    expect(first?.errorTypes.reduce((sum, { count }) => sum + count, 0)).toBe(140);
  });
});

it('a server that another process still uses is not stale', () => {
  const { inventory, clock, open } = clocked({ file });
  const { id } = inventory.observeServer(FACTS);
  inventory.flush();
  const other = open();
  clock.time += 25 * DAY;
  other.used(id, { at: clock.time, status: 'ok' });
  other.close();
  clock.time += 10 * DAY;
  expect(told(inventory.sweep())).not.toContain('inventory.changed server_stale');
  clock.time += 21 * DAY;
  expect(told(inventory.sweep())).toContain('inventory.changed server_stale');
});
