import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { annotate, type InventorySnapshot, inventory } from '../../src/index.js';
import type { AuditEventName, AuditRecord } from '../../src/semconv/audit-record.js';
import { parse } from '../support/audit.js';
import { auditScenarios, pairsOf } from '../support/audit-endings.js';
import { expectNothingOpen } from '../support/endings.js';
import { FLAVOURS, type Flavour, type Pair, text } from '../support/flavours.js';

const { telemetry, audit } = auditScenarios();
const config = { audit: true } as const;
let servers = 0;

interface Offer {
  readonly name: string;
  readonly description?: string;
}

/** A server with a new name, unless one is given. */
async function pairWith(
  flavour: Flavour,
  tools: readonly Offer[],
  name = `server-${++servers}`,
  more: (mcp: any) => void = () => {},
): Promise<Pair & { name: string }> {
  const configure = (mcp: any) => {
    more(mcp);
    mcp.server._serverInfo = { name, version: '2.0.0' };
    for (const tool of tools) {
      const shape = { q: z.string().optional() };
      const inputSchema = flavour.sdk === 'v1' ? shape : z.looseObject(shape);
      const { description = 'does it' } = tool;
      mcp.registerTool(tool.name, { description, inputSchema }, () => text('ok'));
    }
  };
  return { ...(await flavour.pair({ config, configure })), name };
}

const about = (event: AuditEventName, name: string): AuditRecord[] =>
  audit.of(event).filter((each) => each['mcp_audit.server.name'] === name);

const serverNamed = (name: string) => inventory()?.servers.find((each) => each.name === name);

describe('the inventory of a process that runs for weeks', () => {
  const DAY = 86_400_000;
  afterEach(() => {
    vi.useRealTimers();
  });

  const changesOf = (name: string) =>
    (['mcp_audit.server.observed', 'mcp_audit.inventory.changed'] as const).flatMap((event) =>
      about(event, name).map((each) => `${event} ${each['mcp_audit.inventory.change'] ?? 'again'}`),
    );

  it('records once that a server is no longer used, and its return', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
    const pair = await pairWith(FLAVOURS[0] as Flavour, [{ name: 'look' }]);
    await pair.client.callTool({ name: 'look', arguments: {} });
    vi.advanceTimersByTime(29 * DAY);
    expect(changesOf(pair.name)).toEqual(['mcp_audit.server.observed server_added']);
    vi.advanceTimersByTime(12 * DAY);
    expect(changesOf(pair.name).slice(1)).toEqual(['mcp_audit.inventory.changed server_stale']);
    expect(serverNamed(pair.name)?.staleSince).toBeDefined();
    await pair.client.callTool({ name: 'look', arguments: {} });
    vi.advanceTimersByTime(DAY / 2);
    expect(changesOf(pair.name)).toContain('mcp_audit.inventory.changed server_returned');
    await pair.close();
  });

  it('observes a server in use again each day, over one long connection', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
    const pair = await pairWith(FLAVOURS[0] as Flavour, [{ name: 'look' }]);
    for (let day = 0; day < 7; day++) {
      await pair.client.callTool({ name: 'look', arguments: {} });
      vi.advanceTimersByTime(DAY);
    }
    expect(changesOf(pair.name).filter((each) => each.endsWith('again')).length).toBeGreaterThanOrEqual(6);
    await pair.close();
  });

  it('does not keep the process alive, and has no timer after auditing has ended', async () => {
    const set = vi.spyOn(globalThis, 'setInterval');
    const clear = vi.spyOn(globalThis, 'clearInterval');
    const pair = await pairWith(FLAVOURS[0] as Flavour, [{ name: 'look' }]);
    const made: NodeJS.Timeout[] = set.mock.results.map(({ value }) => value);
    expect(made.map((each) => each.hasRef())).toEqual(made.map(() => false));
    await pair.close();
    for (const handle of pair.handles) handle.disable();
    expect(made.length).toBeGreaterThan(0);
    for (const each of made) expect(clear).toHaveBeenCalledWith(each);
    vi.restoreAllMocks();
  });
});

describe.each(FLAVOURS)('the inventory, on $name', (flavour) => {
  it('has one record of a server that is new, and none when it is seen again', async () => {
    const first = await pairWith(flavour, [{ name: 'look' }]);
    await first.client.callTool({ name: 'look', arguments: {} });
    await first.close();
    const [observed, ...others] = about('mcp_audit.server.observed', first.name);
    expect(others).toEqual([]);
    expect(observed).toMatchObject({
      'audit.action': 'CONNECT',
      'audit.target.type': 'mcp.server',
      'audit.target.id': first.name,
      'mcp_audit.server.version': '2.0.0',
      'mcp_audit.server.id': expect.any(String),
      'mcp_audit.server.capabilities': expect.arrayContaining(['tools']),
    });
    audit.reset();
    const again = await pairWith(flavour, [{ name: 'look' }], first.name);
    await again.client.callTool({ name: 'look', arguments: {} });
    await again.close();
    expect(about('mcp_audit.server.observed', first.name)).toEqual([]);
    expect(
      new Set(pairsOf(audit, 'client', 'tools/call').map(({ request }) => request['mcp_audit.server.id'])),
    ).toEqual(new Set([observed?.['mcp_audit.server.id']]));
  });

  it('takes the first list of tools as the baseline, without a record of a change', async () => {
    const pair = await pairWith(flavour, [{ name: 'look' }, { name: 'pay' }]);
    await pair.client.listTools();
    await pair.client.listTools();
    await expectNothingOpen(telemetry);
    expect(about('mcp_audit.tool.changed', pair.name)).toEqual([]);
    expect(serverNamed(pair.name)?.tools.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'look listed',
      'pay listed',
    ]);
    await pair.close();
  });

  it('counts what else a server lists', async () => {
    const pair = await pairWith(flavour, [{ name: 'look' }], undefined, (mcp) => {
      mcp.registerPrompt('greet', {}, () => ({ messages: [] }));
      for (const name of ['a', 'b']) mcp.registerResource(name, `notes://${name}`, {}, () => ({ contents: [] }));
    });
    await pair.client.listPrompts();
    await pair.client.listResources();
    await expectNothingOpen(telemetry);
    expect(serverNamed(pair.name)?.lists).toMatchObject({ prompts: { count: 1 }, resources: { count: 2 } });
    await pair.close();
  });

  it('records a changed tool definition once: what changed, and the hashes', async () => {
    const before = await pairWith(flavour, [{ name: 'look' }, { name: 'pay', description: 'pays' }]);
    await before.client.listTools();
    await before.close();
    const hash = serverNamed(before.name)?.tools.find(({ name }) => name === 'pay')?.hash;
    const after = await pairWith(flavour, [{ name: 'look' }, { name: 'pay', description: 'pays them' }], before.name);
    await after.client.listTools();
    await after.client.listTools();
    await expectNothingOpen(telemetry);
    const [changed, ...others] = about('mcp_audit.tool.changed', before.name);
    expect(others).toEqual([]);
    expect(changed).toMatchObject({
      severity_text: 'WARN',
      'audit.action': 'UPDATE',
      'audit.target.type': 'mcp.tool',
      'audit.target.id': 'tools/pay',
      'gen_ai.tool.name': 'pay',
      'mcp_audit.tool.change': 'modified',
      'mcp_audit.tool.changed_members': ['description'],
      'mcp_audit.tool.previous_hash': hash,
      'mcp_audit.tool.hash': expect.any(String),
    });
    expect(changed?.['mcp_audit.tool.hash']).not.toBe(hash);
    expect(audit.emitted.map((each) => each.text).join()).not.toContain('pays them');
    await after.close();
  });

  it('records added and removed tools', async () => {
    const before = await pairWith(flavour, [{ name: 'look' }, { name: 'old' }]);
    await before.client.listTools();
    await before.close();
    const after = await pairWith(flavour, [{ name: 'look' }, { name: 'new' }], before.name);
    await after.client.listTools();
    await expectNothingOpen(telemetry);
    const changes = about('mcp_audit.tool.changed', before.name).map(
      (each) => `${each['gen_ai.tool.name']} ${each['mcp_audit.tool.change']}`,
    );
    expect(changes.sort()).toEqual(['new added', 'old removed']);
    await after.close();
  });

  it('knows which arguments a tool does not declare once its definition is seen, and not before', async () => {
    const pair = await pairWith(flavour, [{ name: 'look' }]);
    const call = () => pair.client.callTool({ name: 'look', arguments: { q: 'a', sneaky: 1, other: 2 } });
    await call();
    await expectNothingOpen(telemetry);
    for (const side of ['client', 'server'] as const) {
      const [found] = pairsOf(audit, side, 'tools/call');
      expect(Object.keys(found?.request as object)).not.toContain('mcp_audit.tool.argument.unknown_count');
      expect(found?.request['mcp_audit.tool.argument.keys']).toEqual(['other', 'q', 'sneaky']);
    }
    await pair.client.listTools();
    audit.reset();
    await call();
    await expectNothingOpen(telemetry);
    for (const side of ['client', 'server'] as const) {
      const [found] = pairsOf(audit, side, 'tools/call');
      for (const record of [found?.request, found?.response]) {
        expect(record).toMatchObject({
          'mcp_audit.tool.argument.unknown_count': 2,
          'mcp_audit.tool.argument.keys': ['q'],
        });
      }
    }
    expect(audit.emitted.map((each) => each.text).join()).not.toContain('sneaky');
    await pair.close();
  });

  it('counts calls, errors and who called last, by server and tool', async () => {
    const pair = await pairWith(flavour, [{ name: 'look' }]);
    await pair.client.listTools();
    for (const _ of [1, 2]) await pair.client.callTool({ name: 'look', arguments: { sneaky: 1 } });
    await pair.client.getPrompt({ name: 'none' }).catch(() => {});
    await expectNothingOpen(telemetry);
    const server = serverNamed(pair.name);
    const tool = server?.tools.find(({ name }) => name === 'look');
    // Client and server are both audited, and each counts.
    expect(tool?.usage.calls?.count).toBe(4);
    expect(tool?.usage.unknownArguments?.count).toBe(4);
    expect(tool?.usage.lastUsed?.actor).toBe('test-client');
    expect(server?.errorTypes.map(({ type }) => type)).toContain('-32601');
    await pair.close();
  });

  it('records annotations of a server, which is named by its id, its name, or an object with it', async () => {
    const pair = await pairWith(flavour, [{ name: 'look' }]);
    await pair.client.callTool({ name: 'look', arguments: {} });
    const { id } = serverNamed(pair.name) as { id: string };
    expect(annotate(id, { approval: 'approved', addedBy: 'ada@example.com', notes: 'ask bob@example.com' })).toBe(true);
    expect(annotate(pair.name, { reviewer: 'eve@example.com', review: 'security review 12' })).toBe(true);
    expect(annotate({ name: pair.name }, { approval: 'rejected', rejectionReason: 'no owner' })).toBe(true);
    expect(annotate({ name: pair.name }, { approval: 'rejected' })).toBe(false);
    await expectNothingOpen(telemetry);
    const [first, second, third, ...others] = about('mcp_audit.inventory.changed', pair.name);
    expect(others).toEqual([]);
    expect(first).toMatchObject({
      'mcp_audit.inventory.change': 'annotated',
      'mcp_audit.inventory.annotations': ['addedBy', 'approval', 'notes'],
      'mcp_audit.inventory.annotation.approval': 'approved',
      'mcp_audit.inventory.annotation.added_by': 'ada@example.com',
      'mcp_audit.inventory.annotation.notes': 'ask [REDACTED:email]',
      'audit.action': 'UPDATE',
    });
    expect(second).toMatchObject({
      'mcp_audit.inventory.annotations': ['review', 'reviewer'],
      'mcp_audit.inventory.annotation.approval': 'approved',
      'mcp_audit.inventory.annotation.reviewer': 'eve@example.com',
      'mcp_audit.inventory.annotation.review': 'security review 12',
    });
    expect(third).toMatchObject({
      'mcp_audit.inventory.annotations': ['approval', 'rejectionReason'],
      'mcp_audit.inventory.annotation.approval': 'rejected',
      'mcp_audit.inventory.annotation.rejection_reason': 'no owner',
    });
    expect(serverNamed(pair.name)?.annotations.approval?.value).toBe('rejected');
    await pair.close();
  });
});

describe('an invalid annotation', () => {
  it('is reported on stderr with the accepted values, and the rest is recorded', async () => {
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const pair = await pairWith(FLAVOURS[0] as Flavour, [{ name: 'look' }]);
    await pair.client.callTool({ name: 'look', arguments: {} });
    expect(annotate('no such server', { notes: 'x' })).toBe(false);
    expect(annotate({ nam: 'x' } as never, { notes: 'x' })).toBe(false);
    const odd = { approval: 'perhaps', notes: 7, reviewed: true, review: 'done' };
    expect(annotate(pair.name, odd as never)).toBe(true);
    for (const nothing of [undefined, null, 7, 'text']) expect(annotate(pair.name, nothing as never)).toBe(false);
    for (const nobody of [undefined, null, 7]) expect(annotate(nobody as never, { notes: 'x' })).toBe(false);
    const lines = written.mock.calls.map(([line]) => String(line)).join('');
    written.mockRestore();
    for (const line of [
      /annotate: "no such server" matches no server in the inventory; accepted: the id or name/,
      /annotate: approval is "perhaps"; accepted: approved, rejected, pending, or null/,
      /annotate: notes is 7; accepted: a text, or null/,
      /annotate: "reviewed" is not an annotation; accepted: addedBy, approval, approver, notes, .*, reviewer/,
    ]) {
      expect(lines).toMatch(line);
    }
    const [change] = about('mcp_audit.inventory.changed', pair.name);
    expect(change?.['mcp_audit.inventory.annotations']).toEqual(['review']);
    await pair.close();
  });
});

describe('the state directory', () => {
  let root = '';
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'mcp-trail-inventory-'));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const script = fileURLToPath(new URL('../fixtures/audit-inventory.mjs', import.meta.url));

  /** One process from start to end. Returns its inventory at the end, and its records. */
  async function live(name: string, description?: string) {
    const [state, file] = [join(root, name), join(root, `${name}-${++servers}.jsonl`)];
    const args = [script, state, file, ...(description === undefined ? [] : [description])];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
    expect(stderr).toMatch(/^mcp-trail: audit records are linked, but not signed: .*\n$/);
    const records = readFileSync(file, 'utf8').trimEnd().split('\n').map(parse);
    return { inventory: JSON.parse(stdout) as InventorySnapshot, records, state };
  }

  const named = (records: AuditRecord[], event: AuditEventName) => records.filter((each) => each.event_name === event);

  it('lets a restarted process know the server, its tools and what was used, under the same key of digests', async () => {
    const first = await live('kept');
    const second = await live('kept');
    const observed = named(first.records, 'mcp_audit.server.observed');
    expect(observed.map((each) => each['mcp_audit.inventory.change'])).toEqual(['server_added', undefined]);
    expect(observed[1]).toMatchObject({ 'mcp_audit.server.tool_count': 1 });
    expect(named(second.records, 'mcp_audit.server.observed')).toEqual([]);
    expect(named(second.records, 'mcp_audit.tool.changed')).toEqual([]);
    const [before, after] = [first.inventory.servers[0], second.inventory.servers[0]];
    expect(after).toMatchObject({
      id: before?.id,
      firstSeen: before?.firstSeen,
      instructionsHash: before?.instructionsHash,
    });
    expect(after?.tools[0]?.usage.calls?.count).toBe(2);
    for (const file of ['inventory.json', 'digest.key']) {
      expect(statSync(join(second.state, file)).mode & 0o077, file).toBe(0);
    }
  });

  it('lets a restarted process detect a changed tool', async () => {
    await live('changed', 'looks');
    const { records } = await live('changed', 'looks closely');
    expect(named(records, 'mcp_audit.tool.changed')).toHaveLength(1);
  });

  it('has one start and one stop of auditing in each run', async () => {
    const { records } = await live('lives');
    expect(records[0]?.event_name).toBe('mcp_audit.started');
    expect(records.at(-1)?.event_name).toBe('mcp_audit.stopped');
    expect(named(records, 'mcp_audit.started')).toHaveLength(1);
    expect(named(records, 'mcp_audit.stopped')).toHaveLength(1);
  });
});
