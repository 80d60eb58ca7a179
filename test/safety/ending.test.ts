/** A process ends as without mcp-trail, and its last telemetry arrives before. */
import { describe, expect, it } from 'vitest';
import { Child, type Ended, run } from './child.js';
import { DeadEndpoints, exportTo, UsedReceiver } from './endings.js';
import { callEcho, HANDSHAKE, SERVERS, type ServerRow } from './stdio-servers.js';

interface Way {
  readonly name: string;
  readonly end: (child: Child) => void;
  /** The effect of a signal without a handler. */
  readonly outcome: { readonly code: number | null; readonly signal: NodeJS.Signals | null };
}

const END_OF_INPUT: Way = {
  name: 'the end of its input',
  end: (child) => child.endInput(),
  outcome: { code: 0, signal: null },
};

function bySignal(signal: NodeJS.Signals): Way {
  return { name: signal, end: (child) => child.kill(signal), outcome: { code: null, signal } };
}

const SIGTERM = bySignal('SIGTERM');
const WAYS: readonly Way[] = [END_OF_INPUT, SIGTERM, bySignal('SIGINT'), bySignal('SIGHUP')];

/** Starts a server, calls its tool, and ends it. */
async function serve(
  { file, preload }: ServerRow,
  { end }: Way,
  options: { readonly exportTo?: string; readonly onSigterm?: string },
): Promise<Ended & { readonly took: number }> {
  const { exportTo: url, onSigterm } = options;
  const child = new Child([...(url === undefined ? [] : preload), file], {
    ...(url !== undefined && exportTo(url)),
    ...(onSigterm !== undefined && { SAFETY_ON_SIGTERM: onSigterm }),
  });
  child.write(...HANDSHAKE, callEcho('only'));
  await child.printed('"id":"echo only"');
  const start = performance.now();
  end(child);
  const ended = await child.ended;
  return { ...ended, took: performance.now() - start };
}

function how({ code, signal }: Ended) {
  return { code, signal };
}

const receiver = new UsedReceiver();
const dead = new DeadEndpoints();

function arrived(name: string): number {
  return receiver.spans.filter((span) => span.name === name && span.kind === 'SERVER').length;
}

// The first server goes through all ways to end; the others show that they notice the end.
const SERVED = SERVERS.map((server, index) => ({ ...server, ways: index === 0 ? WAYS : [END_OF_INPUT, SIGTERM] }));

describe.each(SERVED)('a server on $name', ({ ways, ...server }) => {
  it.each(ways)('that ends by $name delivers its spans, metrics and logs', async (way) => {
    const before = { spans: arrived('tools/call echo'), logs: receiver.logs.length, metrics: receiver.metrics.length };
    const ended = await serve(server, way, { exportTo: receiver.url });
    expect(how(ended)).toEqual(way.outcome);
    expect(ended.stderr).toBe('');
    expect(arrived('tools/call echo')).toBe(before.spans + 1);
    expect(receiver.logs.length).toBe(before.logs + 1);
    expect(receiver.metrics.length).toBeGreaterThan(before.metrics);
  });
});

describe('an application’s handling of SIGTERM', () => {
  const server = SERVERS[0] as ServerRow;

  it.each(['nothing', 'exit', 'drain once', 'close and end'])('is its own: %s', async (onSigterm) => {
    const [plain, traced] = await Promise.all([
      serve(server, SIGTERM, { onSigterm }),
      serve(server, SIGTERM, { onSigterm, exportTo: receiver.url }),
    ]);
    expect(how(traced)).toEqual(how(plain));
    expect(traced.stderr).toBe(plain.stderr);
  });

  it('may be to ignore it', async () => {
    const before = arrived('tools/call echo');
    const child = new Child([...server.preload, server.file], {
      ...exportTo(receiver.url),
      SAFETY_ON_SIGTERM: 'ignore',
    });
    child.write(...HANDSHAKE, callEcho('before'));
    await child.printed('"id":"echo before"');
    child.kill('SIGTERM');
    await receiver.waitFor(() => arrived('tools/call echo') === before + 1, { what: 'the span before the signal' });
    child.write(callEcho('after'));
    await child.printed('"id":"echo after"');
    child.endInput();
    expect(how(await child.ended)).toEqual({ code: 0, signal: null });
    expect(arrived('tools/call echo')).toBe(before + 2);
  });
});

it('a server that stays after its input has ended is flushed', async () => {
  const server = SERVERS[0] as ServerRow;
  const before = arrived('tools/call echo');
  const env = { ...exportTo(receiver.url), SAFETY_STAYS: 'yes' };
  const child = new Child([...server.preload, server.file], env);
  child.write(...HANDSHAKE, callEcho('only'));
  await child.printed('"id":"echo only"');
  child.endInput();
  await receiver.waitFor(() => arrived('tools/call echo') === before + 1, { what: 'the span of the last call' });
  child.kill('SIGKILL');
  expect(how(await child.ended)).toEqual({ code: null, signal: 'SIGKILL' });
});

/** Two seconds, and what a busy machine needs to end four processes at once; an exporter's timeout is ten seconds. */
const IN_TIME_MS = 9000;

describe('a dead endpoint', () => {
  /** Only lines about losses. */
  const LOSSES = /^(mcp-trail: (spans|metrics|log records) (are lost|that this process has lost): .*\n)+$/;
  it('does not prevent a server from ending in any way', async () => {
    const cases = (['black hole', 'refused'] as const).flatMap((endpoint) =>
      [END_OF_INPUT, SIGTERM].map((way, index) => ({ endpoint, way, server: SERVERS[index * 2] as ServerRow })),
    );
    const results = await Promise.all(
      cases.map(async ({ endpoint, way, server }) => {
        const ended = await serve(server, way, { exportTo: dead.url(endpoint) });
        return { endpoint, way, ...how(ended), inTime: ended.took < IN_TIME_MS, saysSo: LOSSES.test(ended.stderr) };
      }),
    );
    const expected = cases.map(({ endpoint, way }) => ({ endpoint, way, ...way.outcome, inTime: true, saysSo: true }));
    expect(results).toEqual(expected);
    expect(dead.accepted).toBeGreaterThan(1);
  });

  // On its own, it takes tens of milliseconds of those two seconds after which the process would end anyway.
  it('does not delay the end after a second signal', { retry: 3 }, async () => {
    const server = SERVERS[0] as ServerRow;
    const child = new Child([...server.preload, server.file], exportTo(dead.url('black hole')));
    child.write(...HANDSHAKE, callEcho('only'));
    await child.printed('"id":"echo only"');
    const { accepted } = dead;
    const start = performance.now();
    child.kill('SIGINT');
    while (dead.accepted === accepted) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGINT');
    expect(how(await child.ended)).toEqual({ code: null, signal: 'SIGINT' });
    expect(performance.now() - start).toBeLessThan(1900);
  });
});

describe('a process that is not a server', () => {
  const CLIENT = 'test/fixtures/safety-one-shot.mjs';

  it.each([
    ['runs to its end', 'nothing', 0],
    ['has set its exit code', 'exit code', 3],
  ])('that %s delivers its spans', async (_what, behaviour, code) => {
    const before = receiver.spans.length;
    const env = { SAFETY_ENDS_WITH: behaviour, ...exportTo(receiver.url) };
    const ended = await run(['--import', 'mcp-trail/register', CLIENT], { env });
    expect(ended).toEqual({ code, signal: null, stdout: '[{"type":"text","text":"hi"}]\n', stderr: '' });
    const names = receiver.spans.slice(before).map((span) => `${span.kind} ${span.name}`);
    expect(names).toEqual(expect.arrayContaining(['CLIENT tools/call echo', 'SERVER tools/call echo']));
  });

  it.each([
    ['process.exit', 'exit', 5],
    ['process.exit in a beforeExit listener', 'exit before', 4],
    ['an exception nobody catches', 'throw', 1],
    ['a rejection nobody handles', 'reject', 1],
  ])('that ends by %s ends that way', async (_what, behaviour, code) => {
    const env = { SAFETY_ENDS_WITH: behaviour };
    const [plain, traced] = await Promise.all([
      run([CLIENT], { env }),
      run(['--import', 'mcp-trail/register', CLIENT], { env: { ...env, ...exportTo(receiver.url) } }),
    ]);
    expect(how(plain)).toEqual({ code, signal: null });
    expect(traced).toEqual(plain);
  });
});
