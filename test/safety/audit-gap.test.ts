/** Processes whose trail could not be written for a while, or not at all: the trail shows the gap. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, renameSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { AuditRecord } from '../../src/semconv/audit-record.js';
import { recordsAmong, recordsIn, Scratch } from './audit-trails.js';
import { Child, ROOT } from './child.js';
import { callEcho, HANDSHAKE, SERVERS, type ServerRow } from './stdio-servers.js';

const scratch = new Scratch();
afterAll(() => scratch.remove());

const { file, preload } = SERVERS[0] as ServerRow;
const NO_EXPORT = { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' };

const gapsAmong = (records: readonly AuditRecord[]) =>
  records.filter(({ event_name }) => event_name === 'mcp_audit.gap');

async function serve(path: string, delivery: string, more: readonly string[] = []): Promise<Child> {
  const env = { ...NO_EXPORT, MCP_TRAIL_AUDIT: delivery, MCP_TRAIL_AUDIT_FILE: path };
  const child = new Child([...more, ...preload, file], env);
  child.write(...HANDSHAKE);
  await child.printed('"id":"handshake"');
  return child;
}

async function call(child: Child, value: string): Promise<void> {
  child.write(callEcho(value));
  await child.printed(`"id":"echo ${value}"`);
}

describe('a server whose file cannot be written to', () => {
  function breakIt(path: string): void {
    renameSync(path, `${path}.kept`);
    mkdirSync(path);
  }

  function mend(path: string): void {
    rmdirSync(path);
    renameSync(`${path}.kept`, path);
  }

  it('for a while, records the gap at its end, before the record that it stopped', async () => {
    const path = scratch.path();
    const child = await serve(path, 'file');
    await call(child, 'first');
    breakIt(path);
    await call(child, 'lost');
    mend(path);
    child.endInput();
    const { code, stderr } = await child.ended;
    expect([code, stderr.match(/audit records are lost/g)?.length]).toEqual([0, 1]);
    const records = recordsIn(path);
    expect(gapsAmong(records)).toMatchObject([
      { 'mcp_audit.gap.sink': 'file', 'mcp_audit.gap.records': 2, 'mcp_audit.gap.causes': ['EISDIR'] },
    ]);
    expect(records.at(-1)?.event_name).toBe('mcp_audit.stopped');
    expect(JSON.stringify(records)).not.toContain('"id":"echo lost"');
  });

  it.each(['/dev/full'])('at any time, records the gap at its other delivery: %s', async (path) => {
    const child = await serve(path, 'file,stderr');
    await call(child, 'lost');
    child.endInput();
    const { stderr } = await child.ended;
    const { records } = recordsAmong(stderr);
    const [gap, ...more] = gapsAmong(records);
    expect(more).toEqual([]);
    expect(gap).toMatchObject({ 'mcp_audit.gap.sink': 'file', 'mcp_audit.gap.causes': ['ENOSPC'] });
    // Everything except the gap and what came after it.
    expect(gap?.['mcp_audit.gap.records']).toBeGreaterThanOrEqual(records.length - 2);
    expect(JSON.stringify(gap)).not.toContain('/dev');
  });
});

/** Arguments of Node.js: while a file exists, all file systems are almost full. */
function fullWhile(path: string): string[] {
  const code = `
    import fs from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    const { statfsSync } = fs;
    fs.statfsSync = (...args) =>
      fs.existsSync(${JSON.stringify(path)}) ? { blocks: 2 ** 30, bavail: 1000, bsize: 4096 } : statfsSync(...args);
    syncBuiltinESMExports();
  `;
  return ['--import', `data:text/javascript,${encodeURIComponent(code)}`];
}

it('a server whose disk is almost full answers, leaves the rest of it free, and records the gap once there is space', async () => {
  const path = scratch.path();
  const mark = `${path}.full`;
  mkdirSync(dirname(path));
  writeFileSync(mark, '');
  const child = await serve(path, 'file', fullWhile(mark));
  await call(child, 'lost');
  const whileFull = recordsIn(path);
  unlinkSync(mark);
  await call(child, 'kept');
  child.endInput();
  const { code, stderr } = await child.ended;
  expect([code, whileFull]).toEqual([0, []]);
  expect(stderr.match(/audit records are lost: .*/g)).toEqual([
    `audit records are lost: MCP_TRAIL_AUDIT_FILE: cannot write to ${JSON.stringify(path)}: only 3 MiB are free, and 256 MiB are kept free (the reserve)`,
  ]);
  const records = recordsIn(path);
  expect(gapsAmong(records)).toMatchObject([{ 'mcp_audit.gap.sink': 'file', 'mcp_audit.gap.causes': ['reserve'] }]);
  expect(records.at(-1)?.event_name).toBe('mcp_audit.stopped');
});

it('a server with a closed stderr records the gap in its file', async () => {
  const path = scratch.path();
  const env = { ...NO_EXPORT, MCP_TRAIL_AUDIT: 'file,stderr', MCP_TRAIL_AUDIT_FILE: path };
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [...preload, file], { cwd: ROOT, env: { PATH, ...env }, stdio: 'pipe' });
  child.stderr.destroy();
  child.stdout.resume();
  child.stdin.write([...HANDSHAKE, callEcho('only'), ''].join('\n'));
  child.stdin.end();
  await once(child, 'exit');
  const records = recordsIn(path);
  const gaps = gapsAmong(records);
  expect(gaps.length).toBeGreaterThan(0);
  for (const gap of gaps)
    expect(gap).toMatchObject({ 'mcp_audit.gap.sink': 'stderr', 'mcp_audit.gap.causes': ['EPIPE'] });
  expect(records.at(-1)?.event_name).toBe('mcp_audit.stopped');
});
