/** `audit.toolLock` on real clients and servers: lists that are not as locked have records, once. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { lockText } from '../../src/cli/inventory/lock.js';
import { inventory } from '../../src/index.js';
import { makeToolLock } from '../../src/inventory/make-tool-lock.js';
import type { AuditRecord } from '../../src/semconv/audit-record.js';
import type { McpInstrumentationConfig } from '../../src/types.js';
import { parse } from '../support/audit.js';
import { auditScenarios } from '../support/audit-endings.js';
import { expectNothingOpen } from '../support/endings.js';
import { FLAVOURS, type Flavour, type Pair, type PairOptions, text } from '../support/flavours.js';

const { telemetry, audit } = auditScenarios();

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-tool-lock-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let servers = 0;
const nameOne = () => `locked-server-${++servers}`;

/** The tools of the latest server, by name. */
const registered: Record<string, any> = {};

/** The descriptions of a server's tools, by name. */
type Offer = Readonly<Record<string, string>>;

function pairWith(
  flavour: Flavour,
  name: string,
  offer: Offer,
  auditing: object,
  more: PairOptions = {},
): Promise<Pair> {
  const configure = (mcp: any) => {
    mcp.server._serverInfo = { name, version: '1.0.0' };
    for (const [tool, description] of Object.entries(offer)) {
      const shape = { q: z.string().optional() };
      const inputSchema = flavour.sdk === 'v1' ? shape : z.looseObject(shape);
      registered[tool] = mcp.registerTool(tool, { description, inputSchema }, () => text('ok'));
    }
  };
  return flavour.pair({ config: { audit: auditing }, instrument: 'client', configure, ...more });
}

async function listWith(flavour: Flavour, name: string, offer: Offer, auditing: object): Promise<void> {
  const pair = await pairWith(flavour, name, offer, auditing);
  await pair.client.listTools();
  await pair.client.listTools();
  await expectNothingOpen(telemetry);
  await pair.close();
}

/** Locks what a server offers, as `mcp-trail inventory --lock` does. */
async function lockFor(flavour: Flavour, name: string, offer: Offer): Promise<string> {
  await listWith(flavour, name, offer, {});
  const known = inventory()?.servers.filter((each) => each.name === name) ?? [];
  const file = join(folder, `${name}.json`);
  writeFileSync(file, lockText(makeToolLock({ servers: known }).document));
  audit.reset();
  return file;
}

/** Records that compare with the lock, in short. */
function differences(records: readonly AuditRecord[]): string[] {
  return records
    .filter((each) => each['mcp_audit.tool.compared_with'] === 'lock')
    .map((each) =>
      [each['mcp_audit.tool.change'], each['gen_ai.tool.name'], ...(each['mcp_audit.tool.changed_members'] ?? [])].join(
        ' ',
      ),
    );
}

const OFFER = { look: 'looks', pay: 'pays' };

describe.each(FLAVOURS)('a locked server, on $name', (flavour) => {
  it('that offers what is locked has no record of a difference', async () => {
    const name = nameOne();
    const toolLock = await lockFor(flavour, name, OFFER);
    await listWith(flavour, name, { pay: 'pays', look: 'looks' }, { toolLock });
    expect(audit.of('mcp_audit.tool.changed')).toEqual([]);
    expect(audit.of('mcp_audit.inventory.changed')).toEqual([]);
  });

  it('that differs by one invisible character has one record, however often it is listed', async () => {
    const name = nameOne();
    const toolLock = await lockFor(flavour, name, OFFER);
    await listWith(flavour, name, { ...OFFER, pay: 'pays\u200b' }, { toolLock: { file: toolLock } });
    await listWith(flavour, name, { ...OFFER, pay: 'pays\u200b' }, { toolLock: { file: toolLock } });
    const [record, ...others] = audit.of('mcp_audit.tool.changed');
    expect(others).toEqual([]);
    expect(record).toMatchObject({
      severity_text: 'WARN',
      'audit.action': 'UPDATE',
      'audit.target.id': 'tools/pay',
      'gen_ai.tool.name': 'pay',
      'mcp_audit.server.name': name,
      'mcp_audit.side': 'client',
      'mcp_audit.tool.change': 'modified',
      'mcp_audit.tool.compared_with': 'lock',
      'mcp_audit.tool.changed_members': ['description'],
      'mcp_audit.tool.hash': expect.stringMatching(/^[0-9a-f]{64}$/),
      'mcp_audit.tool.locked_hash': expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(record).not.toHaveProperty(['mcp_audit.tool.previous_hash']);
    expect(audit.emitted.map((each) => each.text).join()).not.toContain('pays');
  });

  it('that changes over one connection has a record for each comparison, and none when it is as locked again', async () => {
    const name = nameOne();
    const toolLock = await lockFor(flavour, name, OFFER);
    const pair = await pairWith(flavour, name, OFFER, { toolLock });
    const listed = async (change: () => void) => {
      change();
      audit.reset();
      await pair.client.listTools({}, { cacheMode: 'refresh' });
      await expectNothingOpen(telemetry);
      return audit
        .of('mcp_audit.tool.changed')
        .map(
          (each) =>
            `${each['mcp_audit.tool.change']} ${each['gen_ai.tool.name']} ${each['mcp_audit.tool.compared_with']}`,
        )
        .sort();
    };
    const { pay, look } = registered;
    expect(await listed(() => {})).toEqual([]);
    expect(await listed(() => pay.update({ description: 'pays me' }))).toEqual([
      'modified pay lock',
      'modified pay previous',
    ]);
    expect(await listed(() => {})).toEqual([]);
    expect(await listed(() => look.disable())).toEqual(['removed look lock', 'removed look previous']);
    expect(await listed(() => pay.update({ description: 'pays' }))).toEqual(['modified pay previous']);
    await pair.close();
  });

  it('that is not in the lock has one record, with a warning', async () => {
    const toolLock = await lockFor(flavour, nameOne(), OFFER);
    const name = nameOne();
    await listWith(flavour, name, OFFER, { toolLock });
    await listWith(flavour, name, OFFER, { toolLock });
    expect(audit.of('mcp_audit.tool.changed')).toEqual([]);
    const [record, ...others] = audit.of('mcp_audit.inventory.changed');
    expect(others).toEqual([]);
    expect(record).toMatchObject({
      severity_text: 'WARN',
      'mcp_audit.inventory.change': 'server_not_locked',
      'mcp_audit.server.name': name,
    });
  });
});

describe('a server that does not say its name', () => {
  it('is not in the lock, and is recorded as such once', async () => {
    const flavour = FLAVOURS.find(({ name }) => name === 'v2 2026-07-28') as Flavour;
    const toolLock = await lockFor(flavour, nameOne(), OFFER);
    const anonymous = (client: any, server: any): [any, any] => {
      const { send } = server;
      server.send = (message: any, ...more: unknown[]) => {
        const { _meta, ...result } = message.result ?? {};
        return send.call(server, message.result === undefined ? message : { ...message, result }, ...more);
      };
      return [client, server];
    };
    const pair = await pairWith(flavour, nameOne(), OFFER, { toolLock }, { wrapTransports: anonymous });
    await pair.client.listTools();
    await pair.client.listTools();
    await pair.client.callTool({ name: 'look', arguments: {} });
    await expectNothingOpen(telemetry);
    const [record, ...others] = audit.of('mcp_audit.inventory.changed');
    expect(others).toEqual([]);
    expect(record).toMatchObject({ severity_text: 'WARN', 'mcp_audit.inventory.change': 'server_not_locked' });
    expect(record).not.toHaveProperty(['mcp_audit.server.name']);
    const known = inventory()?.servers.find(({ id }) => id === record?.['mcp_audit.server.id']);
    expect(known?.tools.map(({ name, usage }) => [name, usage.calls?.count])).toEqual([
      ['look', 1],
      ['pay', undefined],
    ]);
    await pair.close();
  });
});

describe('a server that ends no list', () => {
  it('is compared page by page', async () => {
    const flavour = FLAVOURS[0] as Flavour;
    const name = nameOne();
    const toolLock = await lockFor(flavour, name, OFFER);
    const pair = await pairWith(flavour, name, { ...OFFER, pay: 'pays me' }, { toolLock });
    const handlers = pair.server._requestHandlers;
    const list = handlers.get('tools/list');
    handlers.set('tools/list', async (request: any, extra: unknown) => {
      const { tools } = await list(request, extra);
      const page = Number(request.params?.cursor ?? 0);
      return { tools: tools.slice(page, page + 1), nextCursor: String(page + 1) };
    });
    await pair.client.listTools();
    expect(differences(audit.of('mcp_audit.tool.changed'))).toEqual([]);
    await pair.client.listTools({ cursor: '1' });
    expect(differences(audit.of('mcp_audit.tool.changed'))).toEqual(['modified pay description']);
    await pair.client.listTools({ cursor: '2' });
    await expectNothingOpen(telemetry);
    expect(differences(audit.of('mcp_audit.tool.changed'))).toEqual(['modified pay description']);
    await pair.close();
  });
});

describe('a lock that cannot be used', () => {
  /** What is said on stderr by an application with this option. */
  async function said(auditing: McpInstrumentationConfig['audit']): Promise<string[]> {
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const pair = await (FLAVOURS[0] as Flavour).pair({
      ...(auditing !== undefined && { config: { audit: auditing } }),
      instrument: 'client',
    });
    await pair.client.listTools();
    await pair.close();
    const lines = written.mock.calls.map(([line]) => String(line));
    written.mockRestore();
    return lines.filter((line) => /tool_?lock/i.test(line));
  }

  it('is named on stderr with the option and the file, and the application works without', async () => {
    const none = join(folder, 'none.json');
    expect(await said({ toolLock: none })).toEqual([
      `mcp-trail: option audit.toolLock: ${none}: the tool lock cannot be read (ENOENT). There is no lock\n`,
    ]);
    const other = join(folder, 'other.json');
    writeFileSync(other, '{"version":2,"servers":[]}');
    expect(await said({ toolLock: { file: other } })).toEqual([
      `mcp-trail: option audit.toolLock: ${other}: version is 2; accepted: 1. There is no lock\n`,
    ]);
  });

  it('is named with the variable that has it', async () => {
    const none = join(folder, 'none-either.json');
    vi.stubEnv('MCP_TRAIL_AUDIT', 'otel');
    vi.stubEnv('MCP_TRAIL_AUDIT_TOOL_LOCK', none);
    expect(await said(undefined)).toEqual([
      `mcp-trail: MCP_TRAIL_AUDIT_TOOL_LOCK: ${none}: the tool lock cannot be read (ENOENT). There is no lock\n`,
    ]);
    vi.unstubAllEnvs();
  });

  it('has no other members: one is reported, and the rest applies', async () => {
    const file = join(folder, 'strict.json');
    writeFileSync(file, '{"version":1,"servers":[]}');
    expect(await said({ toolLock: { file, strict: true } as never })).toEqual([
      'mcp-trail: option audit.toolLock.strict is true; accepted: the members file, enforce. Ignored\n',
    ]);
    expect(audit.of('mcp_audit.inventory.changed')).toHaveLength(1);
  });
});

describe.each(['v1', 'v2'])('a process with SDK %s', (sdk) => {
  const script = fileURLToPath(new URL('../fixtures/tool-lock.mjs', import.meta.url));
  const dist = (file: string) => fileURLToPath(new URL(`../../dist/cjs/${file}`, import.meta.url));
  const node = (args: readonly string[], env: Record<string, string> = {}) =>
    promisify(execFile)(process.execPath, [...args], { env: { ...process.env, ...env }, cwd: folder });

  /** What one process records, from its start to its end. */
  async function live(state: string, descriptions: readonly string[], env = {}): Promise<string[]> {
    const file = join(folder, `${++servers}.jsonl`);
    const auditing = { MCP_TRAIL_AUDIT: 'file', MCP_TRAIL_AUDIT_FILE: file, MCP_TRAIL_AUDIT_STATE_DIRECTORY: state };
    await node(['--import', dist('register.js'), script, sdk, ...descriptions], {
      ...auditing,
      MCP_TRAIL_SDK: 'off',
      ...env,
    });
    return differences(readFileSync(file, 'utf8').trimEnd().split('\n').map(parse));
  }

  it('is compared with the lock of another one, made and checked by the command', async () => {
    const [state, other] = [join(folder, `${sdk}-state`), join(folder, `${sdk}-other-state`)];
    const lock = `${sdk}.lock.json`;
    const inventoryOf = (...args: string[]) => node([dist('cli.js'), 'inventory', ...args]);
    await live(state, ['looks']);
    writeFileSync(join(folder, lock), (await inventoryOf('--lock', '--state', state)).stdout);
    const env = { MCP_TRAIL_AUDIT_TOOL_LOCK: lock };
    expect(await live(state, ['looks'], env)).toEqual([]);
    expect((await inventoryOf('--check', lock, '--state', state)).stdout).toBe('0 differences\n');
    // Client and server of this process are one server to the inventory.
    expect(await live(state, ['looks', 'looks\u2060'], env)).toEqual(['modified look description']);
    // This one has seen no list before.
    expect(await live(other, ['looks away'], env)).toEqual(['modified look description']);
    const failed = await inventoryOf('--check', lock, '--state', other).catch((error) => error);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toBe(
      `${lock}:8: the tool look of the server changing-server is not as locked: description\n1 difference\n`,
    );
  });
});
