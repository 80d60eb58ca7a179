/** The audit trail without code: however a process ends, its records are complete, and it ends as without mcp-trail. */
import { existsSync } from 'node:fs';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startOtlpReceiver } from '../../examples/support/otlp-receiver.mjs';
import type { AuditRecord } from '../../src/semconv/audit-record.js';
import { recordsAmong, recordsIn, recordsOf, Scratch, story } from './audit-trails.js';
import { Child, type Ended, run } from './child.js';
import { callEcho, HANDSHAKE, SERVERS, type ServerRow } from './stdio-servers.js';

type Receiver = Awaited<ReturnType<typeof startOtlpReceiver>>;

const scratch = new Scratch();
let receiver: Receiver;
beforeAll(async () => {
  receiver = await startOtlpReceiver();
});
beforeEach(() => {
  receiver.logs.length = 0;
});
afterAll(async () => {
  await receiver.close();
  scratch.remove();
});

/** Batches do not leave by timer: what arrives was flushed at the end. */
function exported(): Record<string, string> {
  return {
    OTEL_SERVICE_NAME: 'safety',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BLRP_SCHEDULE_DELAY: '3600000',
    OTEL_METRIC_EXPORT_INTERVAL: '3600000',
    ...scratch.signed,
  };
}

const SERVED = [
  'started',
  'checkpoint',
  'request initialize',
  'server.observed',
  'session started ok',
  'response initialize ok',
  'request tools/call echo',
  'response tools/call echo ok',
  'session ended ok',
  'stopped',
  'checkpoint',
];

interface Way {
  readonly name: string;
  readonly end: (child: Child) => void;
}

const END_OF_INPUT: Way = { name: 'the end of its input', end: (child) => child.endInput() };
const bySignal = (name: NodeJS.Signals): Way => ({ name, end: (child) => child.kill(name) });
const SIGTERM = bySignal('SIGTERM');

/** Starts a server, calls its tool, and ends it. */
async function serve(args: readonly string[], { end }: Way, env: Record<string, string> = {}): Promise<Ended> {
  const child = new Child(args, env);
  child.write(...HANDSHAKE);
  await child.printed('"id":"handshake"');
  child.write(callEcho('only'));
  await child.printed('"id":"echo only"');
  end(child);
  return child.ended;
}

const V1 = SERVERS[0] as ServerRow;
const WAYS = [END_OF_INPUT, SIGTERM, bySignal('SIGINT'), bySignal('SIGHUP')];

// The first server goes through all ways to end; the others show that they notice the end.
describe.each(SERVERS.map((server) => ({ ...server, ways: server === V1 ? WAYS : [END_OF_INPUT, SIGTERM] })))(
  'a server on $name',
  ({ file, preload, ways }) => {
    it.each(ways)('that ends by $name leaves the same complete trail at each delivery', async (way) => {
      const path = scratch.path();
      const env = { ...exported(), MCP_TRAIL_AUDIT: 'file, STDERR,otel', MCP_TRAIL_AUDIT_FILE: path };
      const [plain, audited] = await Promise.all([serve([file], way), serve([...preload, file], way, env)]);
      expect(audited.stdout).toBe(plain.stdout);
      expect([audited.code, audited.signal]).toEqual([plain.code, plain.signal]);

      const records = recordsIn(path);
      expect(story(records).sort()).toEqual([...SERVED].sort());
      expect([story(records)[0], ...story(records).slice(-2)]).toEqual(['started', 'stopped', 'checkpoint']);
      expect(recordsAmong(audited.stderr)).toEqual({ records, rest: '' });
      expect(recordsOf(receiver.logs)).toEqual(records);
    });
  },
);

describe('a server that ends itself on a cue', () => {
  it.each(['exit', 'drain once', 'close and end'])(
    'leaves a complete trail in a file and on stderr: %s',
    async (how) => {
      const path = scratch.path();
      const env = { ...exported(), MCP_TRAIL_AUDIT: 'file,stderr', MCP_TRAIL_AUDIT_FILE: path };
      const [plain, audited] = await Promise.all([
        serve([V1.file], SIGTERM, { SAFETY_ON_SIGTERM: how }),
        serve([...V1.preload, V1.file], SIGTERM, { ...env, SAFETY_ON_SIGTERM: how }),
      ]);
      expect([audited.code, audited.signal, audited.stdout]).toEqual([plain.code, plain.signal, plain.stdout]);
      expect(story(recordsIn(path))).toEqual(story(recordsAmong(audited.stderr).records));
      expect(story(recordsIn(path)).sort()).toEqual([...SERVED].sort());
    },
  );

  it('by process.exit has all of it at the endpoint, and in the file', async () => {
    const path = scratch.path();
    const env = { ...exported(), MCP_TRAIL_AUDIT: 'otel,file', MCP_TRAIL_AUDIT_FILE: path };
    await serve([...V1.preload, V1.file], SIGTERM, { ...env, SAFETY_ON_SIGTERM: 'exit' });
    expect(story(recordsOf(receiver.logs)).sort()).toEqual([...SERVED].sort());
    expect(story(recordsIn(path)).sort()).toEqual([...SERVED].sort());
  });
});

/** A client and a server in one process. */
const CALLED = ['request', 'response'].flatMap((event) =>
  Array(2).fill(`${event} tools/call echo${event === 'response' ? ' ok' : ''}`),
);

describe('a process that is not a server', () => {
  const CLIENT = 'test/fixtures/safety-one-shot.mjs';
  const DELIVERED = ['runs to its end', 'has set its exit code'];

  it.each([
    ['runs to its end', 'nothing'],
    ['has set its exit code', 'exit code'],
    ['calls process.exit', 'exit'],
    ['calls process.exit in a beforeExit listener', 'exit before'],
    ['throws what nobody catches', 'throw'],
    ['rejects what nobody handles', 'reject'],
  ])('that %s ends that way, and leaves a complete trail', async (what, behaviour) => {
    const path = scratch.path();
    const env = { SAFETY_ENDS_WITH: behaviour };
    const audit = { MCP_TRAIL_AUDIT: 'file,otel', MCP_TRAIL_AUDIT_FILE: path };
    const [plain, audited] = await Promise.all([
      run([CLIENT], { env }),
      run(['--import', 'mcp-trail/register', CLIENT], { env: { ...env, ...exported(), ...audit } }),
    ]);
    expect(audited).toEqual(plain);
    const records = recordsIn(path);
    expect([story(records)[0], ...story(records).slice(-2)]).toEqual(['started', 'stopped', 'checkpoint']);
    expect(story(records).filter((line) => line.includes('tools/call'))).toEqual(expect.arrayContaining(CALLED));
    expect(story(records).filter((line) => line === 'session ended ok')).toHaveLength(2);
    if (DELIVERED.includes(what)) expect(recordsOf(receiver.logs)).toEqual(records);
  });

  it('that neither serves nor calls has nothing to audit', async () => {
    const path = scratch.path();
    const env = { ...exported(), MCP_TRAIL_AUDIT: 'file,otel', MCP_TRAIL_AUDIT_FILE: path };
    const ended = await run(['--import', 'mcp-trail/register', '-e', 'console.log("done")'], { env });
    expect(ended).toEqual({ code: 0, signal: null, stdout: 'done\n', stderr: '' });
    expect(existsSync(path)).toBe(false);
    expect(recordsOf(receiver.logs)).toEqual([]);
  });
});

describe.each([
  { name: 'v1, with sessions', file: 'test/fixtures/golden-v1-http.mjs', modern: false },
  { name: 'v2, without', file: 'test/fixtures/golden-v2-http.mjs', modern: true },
])('an HTTP server on $name', ({ file, modern }) => {
  it.each(['SIGTERM', 'SIGINT'] as const)('leaves a complete trail when %s ends it', async (signal) => {
    const path = scratch.path();
    const env = { ...exported(), MCP_TRAIL_AUDIT: 'file,otel', MCP_TRAIL_AUDIT_FILE: path };
    const child = new Child(['--import', 'mcp-trail/register', file], env);
    await child.printed('/mcp');
    const client = new Client(
      { name: 'by http', version: '1' },
      modern ? { versionNegotiation: { mode: 'auto' } } : {},
    );
    await client.connect(new StreamableHTTPClientTransport(new URL(child.firstLine)));
    await client.listTools();
    // The session is left open: its server ends first.
    child.kill(signal);
    const ended = await child.ended;
    expect(ended.stderr).toBe('');
    const told = story(recordsIn(path));
    expect([told[0], ...told.slice(-2)]).toEqual(['started', 'stopped', 'checkpoint']);
    expect(told).toEqual(expect.arrayContaining(['request tools/list', 'response tools/list ok']));
    expect(told.includes('session ended ok')).toBe(!modern);
    expect(recordsOf(receiver.logs)).toEqual(recordsIn(path));
    await client.close();
  });
});

describe.each([
  { name: 'ESM on SDK v2', args: ['--import', 'mcp-trail/register', 'examples/zero-code/client.mjs'] },
  { name: 'CommonJS on SDK v1', args: ['--require', 'mcp-trail/register', 'examples/zero-code/client.cjs'] },
])('a client that starts its server over stdio, as $name', ({ args }) => {
  it('passes the settings on to it: both write into one file, and reach the Collector', async () => {
    const path = scratch.path();
    const ended = await run([...args, JSON.stringify({ OTEL_SERVICE_NAME: 'weather' })], {
      env: {
        ...exported(),
        OTEL_SERVICE_NAME: 'agent',
        MCP_TRAIL_AUDIT: 'file,otel',
        MCP_TRAIL_AUDIT_FILE: path,
        MCP_TRAIL_PROPAGATE_TO_CHILD_PROCESSES: 'true',
      },
    });
    expect(ended).toEqual({ code: 0, signal: null, stdout: 'It is sunny in Lisbon.\n', stderr: '' });
    const records = recordsIn(path);
    for (const service of ['agent', 'weather']) {
      const told = story(records.filter((record) => record['service.name'] === service));
      expect([told[0], ...told.slice(-2)]).toEqual(['started', 'stopped', 'checkpoint']);
      expect(told).toEqual(expect.arrayContaining(['response tools/call get_weather ok', 'session ended ok']));
    }
    const calls = records.filter((record) => record['gen_ai.tool.name'] === 'get_weather');
    expect(calls.map((record) => record['mcp_audit.side']).sort()).toEqual(['client', 'client', 'server', 'server']);
    expect(new Set(calls.map((record) => record['mcp_audit.correlation.id'])).size).toBe(1);
    const byId = (a: AuditRecord, b: AuditRecord) => (a['audit.record.id'] < b['audit.record.id'] ? -1 : 1);
    expect(recordsOf(receiver.logs).sort(byId)).toEqual(records.sort(byId));
  });
});

it('processes that share a file write complete lines, each its own trail', async () => {
  const path = scratch.path();
  const env = { ...exported(), OTEL_LOGS_EXPORTER: 'none', MCP_TRAIL_AUDIT: 'file', MCP_TRAIL_AUDIT_FILE: path };
  const children = Array.from({ length: 3 }, (_, index) => {
    const child = new Child([...V1.preload, V1.file], { ...env, OTEL_SERVICE_NAME: `safety ${index}` });
    child.write(...HANDSHAKE, ...Array.from({ length: 50 }, (_each, call) => callEcho(`${call}`)));
    return child;
  });
  for (const child of children) {
    await child.printed('"id":"echo 49"');
    child.endInput();
    expect((await child.ended).stderr).toBe('');
  }
  const records = recordsIn(path);
  for (const index of children.keys()) {
    const told = story(records.filter((record) => record['service.name'] === `safety ${index}`));
    // One after the first hundred records, and one at the end.
    expect([told[0], ...told.slice(-2)]).toEqual(['started', 'stopped', 'checkpoint']);
    expect(told).toHaveLength(SERVED.length + 2 * 49 + 1);
  }
});
