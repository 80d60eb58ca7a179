/** Somebody is erased while four processes that share a state directory go on: with real servers, and the real command. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, expect, it } from 'vitest';
import type { AuditRecord } from '../../src/semconv/audit-record.js';
import { recordsIn, Scratch } from './audit-trails.js';
import { Child, run } from './child.js';

const scratch = new Scratch();
afterAll(() => scratch.remove());

const CLI = './dist/cjs/cli.js';
const ALICE = 'alice.liddell';
const folder = join(scratch.folder, 'erasure');
const state = join(folder, 'state');
const audit = join(folder, 'audit');
const key = join(folder, 'signing.jwk');
const trust = join(folder, 'trust.json');
const SDKS = ['v1', 'v2', 'v1', 'v2'] as const;

const fileOf = (index: number) => join(audit, `server-${index}.jsonl`);

async function serve(sdk: string, index: number): Promise<Child> {
  const child = new Child(['--import', './dist/esm/register.js', 'test/fixtures/audit-delegation.mjs', sdk], {
    MCP_TRAIL_SDK: 'off',
    MCP_TRAIL_AUDIT: 'file',
    MCP_TRAIL_AUDIT_FILE: fileOf(index),
    MCP_TRAIL_AUDIT_ACTOR_IDS: 'pseudonym',
    MCP_TRAIL_AUDIT_STATE_DIRECTORY: state,
    MCP_TRAIL_AUDIT_SIGNING_KEY_FILE: key,
  });
  await child.printed('/mcp\n');
  return child;
}

/** Calls the tool with a token of somebody, through an agent. */
async function call(server: Child, sub: string): Promise<void> {
  const claims = { sub, client_id: 'looking-glass', act: { sub: `agent of ${sub}` } };
  const token = Buffer.from(JSON.stringify(claims)).toString('base64url');
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  const client = new Client({ name: 'planner', version: '2.1.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(server.firstLine), { requestInit }) as never);
  await client.callTool({ name: 'delete_sight', arguments: { id: 7 } });
  await client.close();
}

/** Whom the records of a server's calls name, in order. */
const actorsOf = (index: number, records: readonly AuditRecord[] = recordsIn(fileOf(index))) =>
  records.filter((each) => each['gen_ai.tool.name'] === 'delete_sight').map((each) => each['audit.actor.id']);

/** The files that hold a text, archives unpacked. */
function filesWith(text: string): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files
    .filter((entry) => {
      const bytes = readFileSync(join(entry.parentPath, entry.name));
      return (entry.name.endsWith('.gz') ? gunzipSync(bytes) : bytes).includes(text);
    })
    .map(({ name }) => name);
}

const command = (...args: string[]) => run([CLI, ...args]);

it('all of them give her a new pseudonym, the old one leads nowhere and never comes back, and the trail verifies', async () => {
  mkdirSync(audit, { recursive: true });
  expect((await command('keygen', key, '--trust', trust)).code).toBe(0);
  const servers = await Promise.all(SDKS.map(serve));
  for (const server of servers) for (const who of [ALICE, 'bob']) await call(server, who);
  const [old = '', bob = ''] = [...new Set(servers.flatMap((_, index) => actorsOf(index)))];
  expect([old, bob]).toEqual([expect.stringMatching(/^actor-/), expect.stringMatching(/^actor-/)]);
  for (const index of SDKS.keys()) expect(new Set(actorsOf(index))).toEqual(new Set([old, bob]));

  const ask = ['query', audit, '--actor', ALICE, '--event', 'response', '--tool', '*', '--output', 'jsonl'];
  const found = await command(...ask, '--state', state);
  expect(found.stdout.trim().split('\n')).toHaveLength(SDKS.length);
  expect((await command(...ask)).code).toBe(1);
  const archives = join(folder, 'archive');
  mkdirSync(archives);
  for (const index of SDKS.keys()) {
    writeFileSync(join(archives, `server-${index}.jsonl.gz`), gzipSync(readFileSync(fileOf(index))));
  }
  expect(filesWith(ALICE)).toEqual(['pseudonyms.jsonl']);

  const record = join(audit, 'erasures.jsonl');
  const erased = await command(
    ...['erase', '--actor', ALICE, '--actor', `agent of ${ALICE}`, '--state', state],
    ...['--audit', record, '--key', key, '--by', 'grace', '--json'],
  );
  expect([erased.code, erased.stderr]).toEqual([0, '']);
  expect(JSON.parse(erased.stdout)).toMatchObject({ erased: expect.arrayContaining([old]), maps: 1, remains: [] });
  expect(filesWith(ALICE)).toEqual([]);
  expect((await command(...ask, '--state', state)).code).toBe(1);

  const renewed = await Promise.all(
    servers.map(async (server, index) => {
      await expect
        .poll(async () => {
          await call(server, ALICE);
          return actorsOf(index).at(-1);
        })
        .not.toBe(old);
      return actorsOf(index).at(-1);
    }),
  );
  expect(new Set(renewed).size).toBe(1);
  expect(renewed[0]).toMatch(/^actor-/);
  for (const server of servers) for (const who of ['bob', ALICE]) await call(server, who);
  for (const index of SDKS.keys()) {
    const actors = actorsOf(index);
    expect(new Set(actors.slice(actors.indexOf(renewed[0] ?? '')))).toEqual(new Set([renewed[0], bob]));
  }
  expect((await command(...ask, '--state', state)).code).toBe(0);

  for (const server of servers) server.kill('SIGTERM');
  for (const server of servers) expect(await server.ended).toMatchObject({ code: 0, stderr: '' });
  expect(filesWith(ALICE)).toEqual(['pseudonyms.jsonl']);
  expect(recordsIn(record).filter((each) => each.event_name === 'mcp_audit.erasure')).toHaveLength(1);
  const verified = await command('verify', audit, '--trust', trust);
  expect([verified.code, verified.stderr]).toEqual([0, '']);
});

it('a process without a state directory writes digests, never ids, and says so once', async () => {
  const path = scratch.path();
  const child = new Child(['--import', './dist/esm/register.js', 'test/fixtures/audit-delegation.mjs', 'v2'], {
    MCP_TRAIL_SDK: 'off',
    MCP_TRAIL_AUDIT: 'file',
    MCP_TRAIL_AUDIT_FILE: path,
    MCP_TRAIL_AUDIT_ACTOR_IDS: 'pseudonym',
    ...scratch.signed,
  });
  await child.printed('/mcp\n');
  for (let times = 0; times < 2; times++) await call(child, ALICE);
  child.kill('SIGTERM');
  const { stderr } = await child.ended;
  expect(stderr.match(/has no map of pseudonyms/g)).toHaveLength(1);
  expect(stderr).toContain('MCP_TRAIL_AUDIT_STATE_DIRECTORY');
  const actors = actorsOf(0, recordsIn(path));
  expect(new Set(actors).size).toBe(1);
  expect(actors[0]).toMatch(/^hmac-sha256:/);
  expect(readFileSync(path, 'utf8')).not.toContain(ALICE);
});
