/** A stdio server crashes as without mcp-trail; with crash reports, it prints one line on stderr that quotes nothing. */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startOtlpReceiver } from '../../examples/support/otlp-receiver.mjs';
import { Child, type Ended, run } from './child.js';
import { callEcho, HANDSHAKE, SERVERS, type ServerRow } from './stdio-servers.js';

// Composed here, so that no file contains it.
const SECRET = ['sk', 'live', 'b'.repeat(24), process.pid].join('-');
const ON = { MCP_TRAIL_CRASH_REPORTS: 'on' };
const NO_EXPORT = { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' };
const CALL_CRASH = JSON.stringify({
  jsonrpc: '2.0',
  id: 'crash',
  method: 'tools/call',
  params: { name: 'crash', arguments: {} },
});

interface Crash {
  readonly crash: string;
  readonly onCrash?: string;
  /** Of Node.js. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the process goes on and answers. */
  readonly lives?: boolean;
}

/** Starts a server, makes it crash in a call, and ends its input if it still runs. */
async function crash(
  server: ServerRow,
  { crash, onCrash = 'nothing', flags = [], env = {}, lives = false }: Crash,
  traced: boolean,
): Promise<Ended> {
  const child = new Child([...flags, ...(traced ? server.preload : []), server.file], {
    SAFETY_CRASH: crash,
    SAFETY_ON_CRASH: onCrash,
    SAFETY_SECRET: SECRET,
    ...(traced && { ...NO_EXPORT, ...env }),
  });
  child.write(...HANDSHAKE, callEcho('before'));
  await child.printed('"id":"echo before"');
  child.write(CALL_CRASH);
  if (lives) {
    await child.printed('still here');
    child.endInput();
  }
  return child.ended;
}

async function plainAndTraced(server: ServerRow, way: Crash): Promise<[Ended, Ended]> {
  return Promise.all([crash(server, way, false), crash(server, { ...way, env: { ...ON, ...way.env } }, true)]);
}

function how({ code, signal, stdout }: Ended) {
  return { code, signal, stdout };
}

/** Our lines on stderr. */
function events({ stderr }: Ended): Record<string, any>[] {
  return stderr
    .split('\n')
    .filter((line) => line.includes('mcp_trail.crash'))
    .map((line) => JSON.parse(line));
}

const FIRST = SERVERS[0] as ServerRow;
const V1_AND_V2 = SERVERS.filter(({ name }) => name === 'v1' || name === 'v2');

const WAYS = [
  { crash: 'throw', type: 'RangeError', origin: 'uncaughtException', frames: 3 },
  { crash: 'reject', type: 'RangeError', origin: 'unhandledRejection', frames: 3 },
  { crash: 'throw what was logged', type: 'RangeError', origin: 'uncaughtException', frames: 3 },
  { crash: 'throw again and again', type: 'RangeError', origin: 'uncaughtException', frames: 3 },
  { crash: 'throw text', type: 'string', origin: 'uncaughtException' },
  { crash: 'throw null', type: 'object', origin: 'uncaughtException' },
  {
    crash: 'reject with text',
    type: 'UnhandledPromiseRejection',
    code: 'ERR_UNHANDLED_REJECTION',
    origin: 'unhandledRejection',
  },
];

// The first server goes through all crashes; the others show that they are reported.
const CRASHING = SERVERS.map((server, index) => ({ ...server, ways: index === 0 ? WAYS : WAYS.slice(0, 2) }));

describe.each(CRASHING)('a stdio server on $name', ({ ways, ...server }) => {
  it.each(ways)(
    'ends as usual, with one line instead of the stack: $crash',
    async ({ crash, type, code, origin, frames }) => {
      const [plain, traced] = await plainAndTraced(server, { crash, env: { OTEL_SERVICE_NAME: 'weather' } });
      expect(how(plain)).toMatchObject({ code: 1, signal: null });
      expect(how(traced)).toEqual(how(plain));
      if (crash !== 'throw null') expect(plain.stderr).toContain(SECRET);

      expect(traced.stderr).not.toContain(SECRET);
      expect(traced.stderr.trimEnd().split('\n')).toHaveLength(1);
      const { time, 'code.stacktrace': stack, ...event } = JSON.parse(traced.stderr);
      expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
      expect(event).toEqual({
        event_name: 'mcp_trail.crash',
        severity_number: 21,
        severity_text: 'FATAL',
        'service.name': 'weather',
        'error.type': type,
        ...(code !== undefined && { 'error.code': code }),
        'exception.origin': origin,
      });
      if (frames === undefined) return;
      expect(stack.length).toBeGreaterThanOrEqual(frames);
      expect(stack[0]).toMatch(/^mishap \(test\/fixtures\/safety-behaviour\.mjs:\d+:\d+\)$/);
      expect(stack[2]).toMatch(/ \((test\/fixtures\/safety-behaviour\.mjs|node:internal\/timers):\d+:\d+\)$/);
    },
  );

  it.each(['throw', 'reject'])('ends and prints as usual without crash reports: %s', async (way) => {
    const [plain, off] = await Promise.all([
      crash(server, { crash: way }, false),
      crash(server, { crash: way, env: { MCP_TRAIL_CRASH_REPORTS: 'off' } }, true),
    ]);
    expect(off).toEqual(plain);
  });
});

describe.each(V1_AND_V2)("an application's own handler on $name", (server) => {
  it.each([
    { crash: 'throw', onCrash: 'go on', lives: true, said: 'uncaughtException' },
    { crash: 'reject', onCrash: 'go on', lives: true, said: 'unhandledRejection' },
    { crash: 'throw', onCrash: 'capture', lives: true, said: 'captured' },
    { crash: 'throw', onCrash: 'exit', lives: false, said: undefined },
  ])('decides whether the process ends, and the line is written once: $crash, $onCrash', async (way) => {
    const [plain, traced] = await plainAndTraced(server, way);
    expect(how(traced)).toEqual(how(plain));
    expect(plain.code).toBe(way.lives ? 0 : 7);
    const [line = '', ...others] = traced.stderr.split('\n');
    expect(JSON.parse(line)).toMatchObject({ event_name: 'mcp_trail.crash', 'error.type': 'RangeError' });
    // The application prints the same as without mcp-trail.
    expect(others.join('\n')).toBe(plain.stderr);
    expect(plain.stderr).toBe(way.said === undefined ? '' : `the application: ${way.said}\n`);
  });

  it('makes a rejection a handled one', async () => {
    const [plain, traced] = await plainAndTraced(server, {
      crash: 'reject',
      onCrash: 'handle rejections',
      lives: true,
    });
    expect(traced).toEqual(plain);
    expect(traced).toMatchObject({ code: 0, stderr: 'the application: handled\n' });
  });
});

it('an exception that gets a handler from a monitor does not end the process', async () => {
  const [plain, traced] = await plainAndTraced(FIRST, {
    crash: 'throw',
    onCrash: 'have a monitor take it',
    lives: true,
  });
  expect(how(traced)).toEqual(how(plain));
  expect(traced).toMatchObject({ code: 0 });
  expect(traced.stderr).toContain('the application: taken\n');
});

describe('the end of a process', () => {
  it.each([
    ['is with code 1 where another was meant for an orderly end', 'set an exit code', 1],
    ['is what its exit listeners make of it', 'change the exit code in the end', 5],
    ['is heard of by its exit listeners, who may write to stdout', 'say goodbye', 1],
    ['comes although an exit listener throws', 'fail in the end', 1],
    ['is one in which others find no listeners of ours', 'count listeners', 1],
  ])('%s', async (_what, onCrash, code) => {
    const [plain, traced] = await plainAndTraced(FIRST, { crash: 'throw', onCrash });
    expect(how(traced)).toEqual(how(plain));
    expect(traced.code).toBe(code);
    if (onCrash === 'say goodbye') expect(traced.stdout).toMatch(/goodbye 1 1\n$/);
    if (onCrash === 'count listeners') expect(traced.stdout).toMatch(/monitor finds 0,0\nexit finds 0,0\n$/);
    expect(events(traced)).toHaveLength(1);
    expect(traced.stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('is as usual when an exit listener throws', async () => {
    const [plain, traced] = await plainAndTraced(FIRST, { crash: 'throw in the end' });
    expect(how(traced)).toEqual(how(plain));
    expect(events(traced)).toHaveLength(1);
    expect(traced.stderr).not.toContain(SECRET);
  });

  it('leaves the diagnostic report that Node.js was asked for', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-report-'));
    try {
      const flags = ['--report-uncaught-exception', `--report-directory=${folder}`];
      const ended = await crash(FIRST, { crash: 'throw', flags, env: ON }, true);
      expect(ended.code).toBe(1);
      expect(readdirSync(folder)).toHaveLength(1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('--unhandled-rejections', () => {
  it.each([
    { mode: 'throw', code: 1, lines: 1 },
    { mode: 'strict', code: 1, lines: 1 },
    { mode: 'warn', code: 0, lines: 0 },
    { mode: 'none', code: 0, lines: 0 },
  ])('works as in Node.js: $mode', async ({ mode, code, lines }) => {
    const flags = [`--unhandled-rejections=${mode}`];
    const [plain, traced] = await plainAndTraced(FIRST, { crash: 'reject', flags, lives: lines === 0 });
    expect(how(traced)).toEqual(how(plain));
    expect(traced.code).toBe(code);
    expect(events(traced)).toHaveLength(lines);
    // Node's own warning begins with the id of the process.
    const withoutPid = ({ stderr }: Ended) => stderr.replaceAll(/\(node:\d+\)/g, '');
    if (lines === 0) expect(withoutPid(traced)).toBe(withoutPid(plain));
    else expect(traced.stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('in strict mode does not reach a handler that would not have been reached otherwise', async () => {
    const way = { crash: 'reject', onCrash: 'handle rejections', flags: ['--unhandled-rejections=strict'] };
    const [plain, traced] = await plainAndTraced(FIRST, way);
    expect(plain.stderr).not.toContain('the application');
    expect(how(traced)).toEqual(how(plain));
    expect(traced.stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('the telemetry of a server that crashes', () => {
  let receiver: Awaited<ReturnType<typeof startOtlpReceiver>>;
  beforeAll(async () => {
    receiver = await startOtlpReceiver();
  });
  afterAll(() => receiver.close());

  const exportTo = (url: string) => ({
    ...ON,
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '3600000',
    OTEL_METRIC_EXPORT_INTERVAL: '3600000',
  });

  it.each(V1_AND_V2)('arrives, including the call that crashed ($name)', async (server) => {
    const before = { spans: receiver.spans.length, metrics: receiver.metrics.length };
    const ended = await crash(server, { crash: 'throw', env: exportTo(receiver.url) }, true);
    expect(ended.code).toBe(1);
    const names = receiver.spans.slice(before.spans).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['tools/call echo', 'tools/call crash']));
    expect(receiver.metrics.length).toBeGreaterThan(before.metrics);
  });

  it('delays its end for a limited time, in which nothing is sent to the client', async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => sockets.add(socket.on('error', () => {})));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = silent.address() as { port: number };
      const way = { crash: 'throw again and again', onCrash: 'say goodbye' };
      const plain = await crash(FIRST, way, false);
      const start = performance.now();
      const traced = await crash(FIRST, { ...way, env: exportTo(`http://127.0.0.1:${port}`) }, true);
      // An exporter waits for ten seconds. The start of the process may be slow on a busy machine.
      expect(performance.now() - start).toBeLessThan(9000);
      expect(sockets.size).toBeGreaterThan(0);
      expect(how(traced)).toEqual(how(plain));
      expect(events(traced)).toHaveLength(1);
    } finally {
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
  });
});

describe('a process that is not a stdio server', () => {
  it.each(['throw', 'reject'])('crashes as usual: %s', async (behaviour) => {
    const file = 'test/fixtures/safety-one-shot.mjs';
    const env = { SAFETY_ENDS_WITH: behaviour };
    const [plain, traced] = await Promise.all([
      run([file], { env }),
      run(['--import', 'mcp-trail/register', file], { env: { ...env, ...NO_EXPORT, ...ON } }),
    ]);
    expect(plain.code).toBe(1);
    expect(traced).toEqual(plain);
  });
});

describe('MCP_TRAIL_CRASH_REPORTS', () => {
  it.each(['ON', ' on '])('is on if it is "%s"', async (value) => {
    const ended = await crash(FIRST, { crash: 'throw', env: { MCP_TRAIL_CRASH_REPORTS: value } }, true);
    expect(events(ended)).toHaveLength(1);
  });

  it('reports the accepted values', async () => {
    const ended = await crash(FIRST, { crash: 'throw', env: { MCP_TRAIL_CRASH_REPORTS: 'perhaps' } }, true);
    expect(events(ended)).toEqual([]);
    expect(ended.stderr).toContain('MCP_TRAIL_CRASH_REPORTS is "perhaps"; accepted: off, on. Using off\n');
  });
});
