/** Processes that delete old files of their trail: the trail says so. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { rotatedNames } from '../../src/export/rotated-name.js';
import type { AuditRecord } from '../../src/semconv/audit-record.js';
import { Scratch } from './audit-trails.js';
import { Child } from './child.js';
import { callEcho, HANDSHAKE, SERVERS, type ServerRow } from './stdio-servers.js';

const scratch = new Scratch();
afterAll(() => scratch.remove());

const { file, preload } = SERVERS[0] as ServerRow;
const CALLS = 6;

/** The rotated files of a path, oldest first. */
function rotatedOf(path: string): string[] {
  return rotatedNames(path, readdirSync(dirname(path)))
    .map(({ name }) => name)
    .reverse();
}

/** The records in a file that may begin in the middle of a chain. */
function recordsOf(path: string): AuditRecord[] {
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line));
}

/** A server that rotates its file with every record or two. All its records that are left. */
async function run(path: string, env: Readonly<Record<string, string>>): Promise<AuditRecord[]> {
  const child = new Child([...preload, file], {
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
    MCP_TRAIL_AUDIT: 'file',
    MCP_TRAIL_AUDIT_FILE: path,
    MCP_TRAIL_AUDIT_FILE_MAX_BYTES: '2048',
    ...env,
  });
  child.write(...HANDSHAKE);
  await child.printed('"id":"handshake"');
  for (let call = 0; call < CALLS; call++) {
    child.write(callEcho(`${call}`));
    await child.printed(`"id":"echo ${call}"`);
  }
  child.endInput();
  expect((await child.ended).code).toBe(0);
  return [...rotatedOf(path).map((name) => join(dirname(path), name)), path].flatMap(recordsOf);
}

const deletedIn = (records: readonly AuditRecord[]) =>
  records.flatMap((record) => record['mcp_audit.retention.files'] ?? []);

it('a server without a limit deletes nothing', async () => {
  const path = scratch.path();
  const records = await run(path, {});
  expect(records[0]?.event_name).toBe('mcp_audit.started');
  expect(records.map((record) => record['audit.sequence.number'])).toEqual(records.map((_, index) => index + 1));
  expect(deletedIn(records)).toEqual([]);
});

it('a server with a limit records which files it deleted, and the last ones are found in its files', async () => {
  const path = scratch.path();
  const old = Array.from({ length: 5 }, (_, n) => `${basename(path, '.jsonl')}-2020-01-0${n + 1}T000000Z-1.jsonl`);
  mkdirSync(dirname(path));
  for (const name of old) writeFileSync(join(dirname(path), name), '\n');
  const records = await run(path, { MCP_TRAIL_AUDIT_FILE_MAX_FILES: '8' });
  const deleted = deletedIn(records);
  expect(deleted.length).toBeGreaterThan(0);
  expect(deleted.filter((name) => rotatedOf(path).includes(name))).toEqual([]);
  const retention = records.filter(({ event_name }) => event_name === 'mcp_audit.retention');
  for (const record of retention) {
    expect(record).toMatchObject({ 'audit.actor.id': 'mcp-trail', 'audit.outcome': 'success' });
    expect(record['mcp_audit.retention.reason']).toBe('max_files');
  }
  const numbers = records.map((record) => record['audit.sequence.number']);
  expect(numbers).toEqual(numbers.map((_, index) => Number(numbers[0]) + index));
});
