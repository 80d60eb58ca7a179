import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inventory } from '../../../../src/cli/inventory.js';
import { AUDIT_FIELDS } from '../../../../src/semconv/audit-record.js';
import { clocked, HOUR, START, tool } from '../../../support/inventory.js';
import { jsonLines, record } from '../records.js';
import { type Ran, runCommand } from '../world.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-inventory-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const iso = (ms: number) => new Date(START + ms).toISOString();
const run = (...args: string[]): Promise<Ran> => runCommand(inventory, args);

/** A state directory with two servers, one of which was approved and used. */
function stateDirectory(): string {
  const state = join(folder, 'state');
  const { clock, inventory: known } = clocked({ file: join(state, 'inventory.json') });
  const { id } = known.observeServer({ side: 'client', name: 'weather', version: '2.0.0', endpoint: 'w.example:443' });
  clock.time += HOUR;
  known.observeServer({ side: 'client', name: 'sights' });
  known.observeTools(id, { tools: [tool('forecast'), tool('alerts')] });
  known.annotate(id, {
    addedBy: 'ada@example.com',
    approval: 'rejected',
    rejectionReason: 'no owner',
    notes: 'ask, "bob"',
  });
  known.annotate(id, { review: 'review 12', reviewer: 'eve@example.com', removedBy: 'bob@example.com' });
  const used = { tool: 'forecast', actor: 'u-1', actorName: 'Ada L.', organization: 'org', team: 'billing' };
  known.used(id, { ...used, at: clock.time, status: 'ok', redactions: 2, unknownArguments: 1 });
  known.used(id, { ...used, at: clock.time, status: 'tool_error', errorType: 'tool_error', quarantined: true });
  known.used(id, { ...used, actor: 'u-2', at: clock.time, status: 'denied' });
  known.close();
  return state;
}

function rows(text: string): Record<string, string>[] {
  return parse(text, { columns: true, record_delimiter: '\r\n' });
}

describe('the inventory of a state directory', () => {
  it('is a table of the servers', async () => {
    const { code, out, err } = await run('--state', stateDirectory(), '--utc');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toBe(
      [
        'name     added             added-by         removed           approval  tools  calls  errors  last-used         used-by',
        'weather  2026-01-01 00:00  ada@example.com  2026-01-01 01:00  rejected      2      3       1  2026-01-01 01:00  u-1',
        'sights   2026-01-01 01:00                                                          0       0',
        '',
      ].join('\n'),
    );
  });

  it('has every column of the checklist as CSV, for a parser of somebody else', async () => {
    const { code, out } = await run('--state', stateDirectory(), '--output', 'csv');
    expect(code).toBe(0);
    const [weather, sights] = rows(out);
    expect(weather).toMatchObject({
      name: 'weather',
      version: '2.0.0',
      endpoint: 'w.example:443',
      sides: 'client',
      added: iso(0),
      'added-by': 'ada@example.com',
      removed: iso(HOUR),
      'removed-by': 'bob@example.com',
      review: 'review 12',
      reviewed: iso(HOUR),
      reviewer: 'eve@example.com',
      approval: 'rejected',
      decided: iso(HOUR),
      reason: 'no owner',
      notes: 'ask, "bob"',
      tools: '2',
      'tools-hash': expect.stringMatching(/^[0-9a-f]{64}$/),
      'tool-hashes': expect.stringMatching(/^forecast [0-9a-f]{64}; alerts [0-9a-f]{64}$/),
      calls: '3',
      errors: '1',
      'last-error': iso(HOUR),
      'error-types': `tool_error 1 ${iso(HOUR)}`,
      denials: '1',
      'last-denial': iso(HOUR),
      quarantines: '1',
      'last-quarantine': iso(HOUR),
      redactions: '2',
      'unknown-arguments': '1',
      'last-used': iso(HOUR),
      'used-by': 'u-1',
      'used-by-name': 'Ada L.',
      organization: 'org',
      team: 'billing',
      stale: '',
    });
    expect(sights).toMatchObject({ name: 'sights', added: iso(HOUR), approval: '', calls: '0', 'last-error': '' });
  });

  it('has a row for each tool on demand', async () => {
    const { out } = await run('--state', stateDirectory(), '--tools', '--output', 'csv');
    expect(rows(out)).toMatchObject([
      { server: 'weather', tool: 'forecast', status: 'listed', calls: '3', errors: '1', 'used-by': 'u-1' },
      { server: 'weather', tool: 'alerts', status: 'listed', calls: '0', 'last-used': '' },
    ]);
    const table = await run('--state', stateDirectory(), '--tools', '--utc');
    expect(table.out).toMatch(/^server {3}tool {6}status {2}hash {10}changed/);
    expect(table.out).toMatch(/\nweather {2}forecast {2}listed {2}[0-9a-f]{12} {2}2026-01-01 01:00/);
  });

  it('is as the package has it, as JSON', async () => {
    const state = stateDirectory();
    const { out } = await run('--state', state, '-o', 'json');
    const { servers } = JSON.parse(readFileSync(join(state, 'inventory.json'), 'utf8'));
    expect(JSON.parse(out)).toEqual({ servers });
  });

  it('has the columns that somebody asks for', async () => {
    const { out } = await run('--state', stateDirectory(), '--fields', 'name, approval,added', '--utc');
    expect(out.split('\n')[1]).toBe('weather  rejected  2026-01-01 00:00:00.000Z');
  });

  it('is that of the directory which processes use, by default', async () => {
    const env = { MCP_TRAIL_AUDIT_STATE_DIRECTORY: stateDirectory() };
    expect((await runCommand(inventory, ['--output', 'csv', '--fields', 'name'], '', env)).out).toBe(
      'name\r\nweather\r\nsights\r\n',
    );
  });

  it('is not taken for empty if it cannot be read, and stays as it is', async () => {
    const state = stateDirectory();
    expect(await run('--state', join(folder, 'none'))).toEqual({
      code: 3,
      out: '',
      err: `the state directory ${join(folder, 'none')} is not a folder that can be read\n`,
    });
    writeFileSync(join(state, 'inventory.json'), '{"format":"mcp-trail-inv');
    const { code, out, err } = await run('--state', state);
    expect({ code, out, err }).toEqual({ code: 3, out: '', err: `${state}/inventory.json is not a valid inventory\n` });
    expect(readdirSync(state)).toEqual(['inventory.json']);
    writeFileSync(join(state, 'inventory.json'), '{"format":"mcp-trail-inventory","version":99}');
    expect((await run('--state', state)).err).toContain('newer version of mcp-trail');
    rmSync(join(state, 'inventory.json'));
    mkdirSync(join(state, 'inventory.json'));
    expect(await run('--state', state)).toMatchObject({
      code: 3,
      err: `cannot read ${state}/inventory.json: EISDIR\n`,
    });
  });

  it('has what is left of a damaged one, and says so', async () => {
    const state = stateDirectory();
    const file = join(state, 'inventory.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"servers":[', '"servers":[{"id":7},'));
    const { code, out, err } = await run('--state', state, '-o', 'csv', '--fields', 'name');
    expect({ code, out }).toEqual({ code: 3, out: 'name\r\nweather\r\nsights\r\n' });
    expect(err).toBe(`some servers in ${file} are not valid, and left out\n`);
  });

  it('is pointed to where somebody names the directory as if it had records', async () => {
    const state = stateDirectory();
    expect(await run(state)).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining(`. ${state} is a state directory: --state\n`),
    });
  });

  it('is not found where no process has left one', async () => {
    expect(await run('--state', folder)).toEqual({
      code: 1,
      out: '',
      err: `there are no servers in the state directory ${folder}\n`,
    });
  });
});

describe('the arguments of inventory', () => {
  it.each([
    [[], /needs a state directory \(--state, or MCP_TRAIL_AUDIT_STATE_DIRECTORY\), or files and folders/],
    [['--state', 'a', 'b'], /takes a state directory or records, not both/],
    [['--state', 'a', '--since', '7d'], /--since is about records/],
    [['--state', 'a', '--max-line', '7'], /--max-line is about records/],
    [['a', '--since', 'tomorrow'], /--since takes an age .* or a time .*; not tomorrow/],
    [['a', '--until', '2026-02-30'], /--until takes an age/],
    [['a', '--since', '2026-02-02', '--until', '2026-02-01'], /--since is after --until/],
    [['a', '--fields', 'name,aproval'], /--fields: unknown column aproval. Did you mean approval\?/],
    [['a', '--tools', '--fields', 'toool'], /--fields: unknown column toool. Did you mean tool\?/],
    [['a', '--fields', 'no such thing'], /--fields: unknown column no such thing. One of name, id, /],
    [['a', '--output', 'jsn'], /--output takes table, json, csv; not jsn. Did you mean json\?/],
    [['a', '--output', 'json', '--fields', 'name'], /--fields needs --output table or csv/],
    [['a', '--output', 'json', '--tools'], /--tools needs --output table or csv/],
    [['a', '--max-line', '0'], /--max-line takes 1 to 256 \(MiB\)/],
    [['-', '-'], /standard input can be read only once/],
    [['--colour'], /^unknown option --colour\n/],
    [['a', '--tool'], /^unknown option --tool\. Did you mean --tools\?/],
  ])('%j are refused', async (args, problem) => {
    const { code, out, err } = await run(...args);
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toMatch(problem);
  });

  it('are explained', async () => {
    const { code, out, err } = await run('--help');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^Usage: mcp-trail inventory /);
    expect(out.split('\n').filter((line) => line.length > 120)).toEqual([]);
  });
});

describe('the inventory of records', () => {
  const ID = 'a'.repeat(32);
  const server = { 'mcp_audit.server.id': ID, 'mcp_audit.server.name': 'weather', 'mcp_audit.side': 'client' };
  const found = async (records: readonly object[], ...args: string[]) => {
    writeFileSync(join(folder, 'a.jsonl'), jsonLines(records));
    const { out } = await run(folder, '-o', 'json', ...args);
    return JSON.parse(out).servers;
  };
  const called = (ms: number, fields: object) =>
    record('response', 'agent', ms, { ...server, 'gen_ai.tool.name': 'forecast', 'mcp_audit.status': 'ok', ...fields });

  it('says nothing was found where records name no server', async () => {
    writeFileSync(join(folder, 'a.jsonl'), jsonLines([record('session', 'agent', 0), record('response', 'agent', 1)]));
    expect(await run(folder)).toEqual({ code: 1, out: '', err: 'the records that match name no server\n' });
    expect(await run(folder, '--since', '2030-01-01')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^no record/),
    });
    expect(await run(join(folder, 'b'))).toMatchObject({ code: 3, err: expect.stringContaining('ENOENT') });
  });

  it('counts in any order of the records, and of a period alone if somebody asks', async () => {
    const records = [
      called(0, { 'audit.actor.id': 'alice' }),
      called(10, { 'audit.actor.id': 'bob', 'mcp_audit.status': 'error', 'error.type': '-32603' }),
      called(20, { 'audit.actor.id': 'carol', 'mcp_audit.access.decision': 'deny', 'mcp_audit.status': 'denied' }),
      record('guardrail', 'agent', 19, {
        ...server,
        'mcp_audit.guardrail.verdict': 'block',
        'mcp_audit.operation.id': 'o',
      }),
      record('guardrail', 'agent', 18, {
        ...server,
        'mcp_audit.guardrail.verdict': 'sanitize',
        'mcp_audit.operation.id': 'o',
      }),
      record('guardrail', 'agent', 18, {
        ...server,
        'mcp_audit.guardrail.verdict': 'allow',
        'mcp_audit.operation.id': 'p',
      }),
    ];
    const counts = {
      calls: { count: 3 },
      errors: { count: 1 },
      denials: { count: 1 },
      quarantines: { count: 1 },
      lastUsed: { actor: 'bob' },
    };
    const [forwards] = await found(records);
    expect(forwards).toMatchObject({
      name: 'weather',
      sides: ['client'],
      usage: counts,
      errorTypes: [{ type: '-32603' }],
    });
    expect(forwards.tools).toMatchObject([{ name: 'forecast', status: 'unlisted', usage: { calls: { count: 3 } } }]);
    expect(await found([...records].reverse())).toEqual([forwards]);
    const [first] = await found(records, '--until', '2026-11-21T09:20:07.005Z');
    expect(first.usage).toMatchObject({ calls: { count: 1 }, lastUsed: { actor: 'alice' } });
  });

  it('counts a record once that several files have', async () => {
    const records = [1, 2, 2000].map((number) =>
      called(number, { 'mcp_audit.chain.id': 'c', 'audit.sequence.number': number }),
    );
    const other = called(3, { 'mcp_audit.chain.id': 'd', 'audit.sequence.number': 1 });
    writeFileSync(join(folder, 'copy.jsonl'), jsonLines(records));
    const [{ usage }] = await found([...records, other]);
    expect(usage.calls.count).toBe(4);
  });

  it('has the tools of the latest list, those that were removed, and those that were called', async () => {
    const [ONE, TWO] = ['1'.repeat(64), '2'.repeat(64)];
    const listed = (ms: number, tools: string[], fields: object = {}) =>
      record('server.observed', 'agent', ms, {
        ...server,
        'mcp_audit.server.tools': tools,
        'mcp_audit.server.tool_count': tools.length,
        ...fields,
      });
    const changed = (ms: number, name: string, change: string, fields: object) =>
      record('tool.changed', 'agent', ms, {
        ...server,
        'gen_ai.tool.name': name,
        'mcp_audit.tool.change': change,
        ...fields,
      });
    const records = [
      listed(0, [`${ONE} forecast`, `${ONE} with spaces in it`, `${ONE} gone`, 'no hash', '']),
      listed(10, [`${ONE} forecast`, `${ONE} with spaces in it`, `${ONE} old`]),
      changed(20, 'forecast', 'modified', { 'mcp_audit.tool.hash': TWO, 'mcp_audit.tool.previous_hash': ONE }),
      changed(30, 'old', 'removed', { 'mcp_audit.tool.previous_hash': ONE }),
      called(40, { 'gen_ai.tool.name': 'secret' }),
      called(50, { 'gen_ai.tool.name': 'no such tool', 'mcp_audit.status': 'error' }),
    ];
    for (const each of [records, [...records].reverse()]) {
      const [{ tools }] = await found(each);
      const told = tools.map(({ name, status, hash }: Record<string, string>) => `${name}: ${status} ${hash?.[0]}`);
      expect(told.sort()).toEqual([
        'forecast: listed 2',
        'gone: removed 1',
        'old: removed 1',
        'secret: unlisted undefined',
        'with spaces in it: listed 1',
      ]);
      expect(tools.find(({ name }: { name: string }) => name === 'with spaces in it').changedAt).toBe(
        '2026-11-21T09:20:07.000Z',
      );
    }
  });

  it('does not grow with hostile records', async () => {
    const many = Array.from({ length: 1500 }, (_, index) =>
      called(index, {
        'mcp_audit.server.id': index.toString(16).padStart(32, '0'),
        'gen_ai.tool.name': `tool ${index}`,
        'error.type': `e${index}`,
      }),
    );
    const floods = Array.from({ length: 3000 }, (_, index) =>
      called(index, { 'gen_ai.tool.name': `tool ${index}`, 'mcp_audit.status': 'error', 'error.type': `e${index}` }),
    );
    const worked = Array.from({ length: 1500 }, (_, index) =>
      called(5000 + index, { 'gen_ai.tool.name': `real ${index}` }),
    );
    writeFileSync(join(folder, 'a.jsonl'), jsonLines([...floods, ...worked, ...many]));
    const { code, out, err } = await run(folder, '-o', 'json');
    expect({ code, err }).toEqual({ code: 3, err: '501 more servers or more: there is no room for them\n' });
    const { servers } = JSON.parse(out);
    expect(servers).toHaveLength(1000);
    const flooded = servers.find(({ id }: { id: string }) => id === ID);
    // Those that worked took the place of others.
    expect(flooded.tools).toHaveLength(1000);
    expect(flooded.tools.every(({ name }: { name: string }) => name.startsWith('real '))).toBe(true);
    expect(flooded.errorTypes).toHaveLength(65);
    expect(flooded.usage.errors.count).toBe(3000);
  });

  it('takes odd values for nothing', async () => {
    const odd = [null, 7, {}, [], true, 'x'.repeat(3_000), ['\u001b[2J', 7]];
    const keys = Object.keys(AUDIT_FIELDS).filter(
      (key) => !['event_name', 'time', 'mcp_audit.server.id'].includes(key),
    );
    const events = ['response', 'guardrail', 'server.observed', 'tool.changed', 'inventory.changed'];
    const records = events.flatMap((event) =>
      odd.map((value) =>
        record(event, 'agent', 0, { ...server, ...Object.fromEntries(keys.map((key) => [key, value])) }),
      ),
    );
    const proto = JSON.parse(`{"__proto__":{"mcp_audit.status":"ok"},"mcp_audit.server.id":"${ID}"}`);
    const [{ id, tools }] = await found([...records, { ...record('response', 'agent', 1), ...proto }]);
    expect(id).toBe(ID);
    expect(tools.every(({ name }: { name: string }) => name.length <= 256)).toBe(true);
  });

  it('takes the latest annotations, and what a later record repeats of one whose own record is missing', async () => {
    const annotated = (ms: number, names: string[], fields: object) =>
      record('inventory.changed', 'agent', ms, {
        ...server,
        'mcp_audit.inventory.change': 'annotated',
        'mcp_audit.inventory.annotations': names,
        ...fields,
      });
    const approval = 'mcp_audit.inventory.annotation.approval';
    const notes = 'mcp_audit.inventory.annotation.notes';
    const records = [
      annotated(0, ['notes'], { [notes]: 'first', 'mcp_audit.inventory.annotation.added_by': 'ada' }),
      annotated(10, ['approval'], { [approval]: 'approved', [notes]: 'first' }),
      annotated(20, ['notes'], { [approval]: 'approved' }),
      annotated(30, ['review'], { [approval]: 'perhaps' }),
    ];
    const at = (ms: number) => `2026-11-21T09:20:07.0${ms === 0 ? '00' : ms}Z`;
    for (const each of [records, [...records].reverse()]) {
      const [{ annotations }] = await found(each);
      expect(annotations).toEqual({
        addedBy: { value: 'ada', at: at(0) },
        approval: { value: 'approved', at: at(10) },
        notes: { at: at(20) },
        review: { at: at(30) },
      });
    }
  });
});
