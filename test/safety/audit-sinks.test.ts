/** A sink of the application's own in real processes: it has every record, and the process ends as it would without it. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from '../support/audit.js';
import { expectChained } from '../support/chain.js';
import { Scratch } from './audit-trails.js';
import { Child, type Ended } from './child.js';
import { callEcho, HANDSHAKE } from './stdio-servers.js';

const scratch = new Scratch();
afterAll(() => scratch.remove());

interface Served {
  readonly ended: Ended;
  readonly milliseconds: number;
  readonly records: ReturnType<typeof parse>[];
  /** What follows the records. */
  readonly rest: string[];
}

async function serve(env: Record<string, string>, preload: readonly string[] = []): Promise<Served> {
  const file = scratch.path('sink.txt').replace(/\/(\d+)\/sink/, '-$1');
  const child = new Child([...preload, 'test/fixtures/sink-server.mjs'], { ...env, SINK_FILE: file });
  child.write(...HANDSHAKE, callEcho('only'));
  await child.printed('"id":"echo only"');
  // An answer leaves after its record.
  expect(readFileSync(file, 'utf8')).toContain('"mcp_audit.response"');
  const start = performance.now();
  child.endInput();
  const ended = await child.ended;
  const milliseconds = performance.now() - start;
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  const texts = lines.filter((line) => line.startsWith('{'));
  expectChained(texts);
  return { ended, milliseconds, records: texts.map(parse), rest: lines.filter((line) => !line.startsWith('{')) };
}

const REGISTER = ['--import', 'mcp-trail/register'];
const NO_SDK = { MCP_TRAIL_SDK: 'off' };

describe.each([
  ['without preload', [], {}],
  ['preloaded', REGISTER, NO_SDK],
] as [string, string[], Record<string, string>][])('a server %s whose sink closes', (_, preload, env) => {
  it.each(['at once', 'later'])('%s has everything in it when it ends', async (SINK_CLOSE) => {
    const { ended, records, rest } = await serve({ ...env, SINK_CLOSE }, preload);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const calls = records.filter((record) => record['mcp.method.name'] === 'tools/call');
    const events = [records[0], ...calls, records.at(-1)].map((record) => record?.event_name.slice(10));
    expect(events).toEqual(['started', 'request', 'response', 'stopped']);
    expect(rest).toEqual(['closed']);
  });

  it('never ends two seconds later, and says so', async () => {
    const { ended, milliseconds, records, rest } = await serve({ ...env, SINK_CLOSE: 'never' }, preload);
    expect(ended).toMatchObject({
      code: 0,
      stderr: 'mcp-trail: the audit sink "own" was not closed within 2 s: what it holds may be lost\n',
    });
    expect(records.at(-1)?.event_name).toBe('mcp_audit.stopped');
    expect(rest).toEqual(['closing']);
    expect(milliseconds).toBeGreaterThanOrEqual(1900);
    expect(milliseconds).toBeLessThan(15_000);
  });

  it.each(['throwing', 'rejecting'])('%s ends as it would without it', async (SINK_CLOSE) => {
    const { ended, rest } = await serve({ ...env, SINK_CLOSE }, preload);
    expect(ended.code).toBe(0);
    expect(ended.stderr).toBe(
      'mcp-trail: closing the audit sink "own" failed (Error); telemetry was dropped, the application was not affected\n',
    );
    expect(rest).toEqual(['closing']);
  });

  it('when it calls process.exit has every record, and is not waited for', async () => {
    const { ended, records, rest } = await serve({ ...env, SINK_CLOSE: 'never', SINK_EXITS: 'true' }, preload);
    expect(ended).toMatchObject({ code: 3, stderr: '' });
    expect(records.at(-1)?.event_name).toBe('mcp_audit.stopped');
    expect(rest).toEqual(['closing']);
  });
});
