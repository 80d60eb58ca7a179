/** How a wrapped server ends, and `wrap` with it: as without `wrap`, soon enough for a host, and with nobody left behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { endWhenQuiet } from '../../src/wrap/quiet.js';
import { Child } from '../safety/child.js';
import { gone, isAlive, UNOBSERVED, Wrapped, wrapWords } from './wrapped.js';

/** What hangs takes longer. A host kills after four seconds; a busy machine needs more to do what takes three on its own. */
const LIMIT_MS = 15_000;

interface Row {
  readonly how: string;
  readonly ways: string;
  /** What the host does once the server has started. */
  readonly host: (wrapped: Wrapped) => unknown;
  readonly code?: number;
  readonly signal?: NodeJS.Signals;
  /** The least that it takes, in milliseconds. */
  readonly atLeastMs?: number;
}

const endsInput = (wrapped: Wrapped) => wrapped.endInput();
const kills = (signal: NodeJS.Signals) => (wrapped: Wrapped) => wrapped.kill(signal);
const speaks = (wrapped: Wrapped) => wrapped.say({ method: 'notifications/initialized' });

/** The process id of a server that says hello, once `wrap` passes on what it writes: until then, nobody guards it. */
async function relayedServer(wrapped: Wrapped): Promise<number> {
  await wrapped.printed('hello');
  return wrapped.serverPid();
}

/** The process id that a line of stderr names. */
async function pidIn(child: Child, before: string): Promise<number> {
  for (;;) {
    const [, pid] = new RegExp(`^${before} (\\d+)\\n`, 'm').exec(child.stderr) ?? [];
    if (pid !== undefined) return Number(pid);
    await once(child.process.stderr, 'data');
  }
}

const ROWS: readonly Row[] = [
  { how: 'the input of a server ends', ways: '', host: endsInput, code: 0 },
  {
    how: 'the input of a server ends that does not care',
    ways: 'lingers',
    host: endsInput,
    signal: 'SIGTERM',
    atLeastMs: 1400,
  },
  {
    how: 'the input of a server ends that ignores SIGTERM, too',
    ways: 'stubborn',
    host: endsInput,
    signal: 'SIGKILL',
    atLeastMs: 2900,
  },
  { how: 'SIGTERM', ways: '', host: kills('SIGTERM'), signal: 'SIGTERM' },
  { how: 'SIGINT', ways: '', host: kills('SIGINT'), signal: 'SIGINT' },
  { how: 'SIGHUP', ways: '', host: kills('SIGHUP'), signal: 'SIGHUP' },
  {
    how: 'SIGTERM to a server that ignores it',
    ways: 'stubborn',
    host: kills('SIGTERM'),
    signal: 'SIGKILL',
    atLeastMs: 2900,
  },
  { how: 'SIGUSR2, of which the server ends', ways: '', host: kills('SIGUSR2'), signal: 'SIGUSR2' },
  {
    how: 'the input of a server ends that floods, and does not read',
    ways: 'flood',
    host: (wrapped) => {
      // What it writes is read, and not kept.
      wrapped.process.stdout.removeAllListeners('data').resume();
      wrapped.endInput();
    },
    signal: 'SIGTERM',
    atLeastMs: 1400,
  },
  { how: 'the server exits', ways: 'exit=7', host: speaks, code: 7 },
  { how: 'the server crashes', ways: 'kill=SIGSEGV', host: speaks, signal: 'SIGSEGV' },
  { how: 'the server is killed', ways: 'kill=SIGKILL', host: speaks, signal: 'SIGKILL' },
  {
    how: 'SIGTERM to a server that never reads, with much to read',
    ways: 'deaf',
    host: (wrapped) => {
      for (let n = 0; n < 200; n += 1) wrapped.write('x'.repeat(50_000));
      wrapped.endInput();
      wrapped.kill('SIGTERM');
    },
    signal: 'SIGTERM',
  },
  {
    how: 'SIGTERM to a server that floods a host that does not read',
    ways: 'flood',
    host: (wrapped) => {
      wrapped.process.stdout.pause();
      wrapped.kill('SIGTERM');
    },
    signal: 'SIGTERM',
  },
  {
    how: 'the host closes its end of the output of a server that floods',
    ways: 'flood',
    host: (wrapped) => wrapped.process.stdout.destroy(),
    code: 9,
  },
  { how: 'a server that has closed its input has nothing more to do', ways: 'closed', host: () => {}, code: 0 },
  { how: 'the input of a server ends that has closed its output', ways: 'mute', host: endsInput, code: 0 },
  {
    how: 'the server exits, and leaves a process that holds its output',
    ways: 'offspring,exit=3',
    host: speaks,
    code: 3,
  },
  {
    how: 'SIGTERM, after the exit of a server whose output the host does not take',
    ways: 'heir,exit=3',
    host: async (wrapped) => {
      wrapped.process.stdout.pause();
      speaks(wrapped);
      await gone(await wrapped.serverPid());
      wrapped.kill('SIGTERM');
    },
    code: 3,
  },
];

describe.each([
  ['observed', {}],
  ['unobserved', UNOBSERVED],
])('a wrapped server, %s', (_, env) => {
  it.each(ROWS)('$how', async ({ ways, host, code = null, signal = null, atLeastMs = 0 }) => {
    const wrapped = new Wrapped(ways, { env: { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none', ...env } });
    // Before anything else: some end by themselves.
    const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
      wrapped.process.once('exit', (exitCode, exitSignal) => resolve({ code: exitCode, signal: exitSignal }));
    });
    const server = await wrapped.serverPid();
    // Signals are handled from when everything is loaded, which the answer shows.
    if (ways === '' || ways === 'stubborn' || ways === 'lingers') await wrapped.ask(1, 'ping');
    const since = performance.now();
    await host(wrapped);
    expect(await ended).toEqual({ code, signal });
    const took = performance.now() - since;
    expect(took).toBeGreaterThanOrEqual(atLeastMs);
    expect(took).toBeLessThan(LIMIT_MS);
    expect(isAlive(server)).toBe(false);
    wrapped.process.stdout.resume();
    await wrapped.ended;
  });

  it.each(['', 'lingers', 'stubborn', 'deaf'])('a host that kills leaves no server behind: %s', async (ways) => {
    const wrapped = new Wrapped(`${ways},hello`, { env });
    const server = await relayedServer(wrapped);
    wrapped.kill('SIGKILL');
    await wrapped.ended;
    await gone(server);
  });

  it.each([
    ['SIGTERM', 'of the start', async () => {}],
    ['SIGKILL', 'after the start of the server', relayedServer],
  ] as const)('a host that sends %s at any moment %s leaves no server behind', async (signal, _when, begin) => {
    const moments = Array.from({ length: 8 }, (_, n) => n * 50);
    await Promise.all(
      moments.map(async (moment) => {
        const wrapped = new Wrapped('stubborn,hello', { env });
        await begin(wrapped);
        await new Promise((resolve) => setTimeout(resolve, moment));
        wrapped.kill(signal);
        const { stderr } = await wrapped.ended;
        await gone(Number(/^started (\d+)$/m.exec(stderr)?.[1] ?? 0));
      }),
    );
  });

  it('a host that has ended its input still gets the answers', async () => {
    const wrapped = new Wrapped('', { env });
    wrapped.say({ id: 1, method: 'tools/list' });
    wrapped.say({ id: 2, method: 'tools/call', params: { name: 'big', arguments: { bytes: 300_000 } } });
    wrapped.endInput();
    expect(await wrapped.ended).toMatchObject({ code: 0, signal: null });
    expect(wrapped.messages.map(({ id }) => id)).toEqual([1, 2]);
  });

  it.each(['', 'deaf', 'stubborn'])('a host that is killed leaves nobody behind: %s', async (ways) => {
    const host = new Child(['test/wrap/host.mjs', ...wrapWords(ways)], env);
    const [server = 0, wrapper = 0] = await Promise.all([pidIn(host, 'started'), pidIn(host, 'wrapped by')]);
    host.process.kill('SIGKILL');
    await gone(server);
    await gone(wrapper);
  });

  it('a host sees that a server has closed its output', async () => {
    const wrapped = new Wrapped('mute', { env });
    await new Promise((resolve) => wrapped.process.stdout.once('end', resolve));
    expect(wrapped.process.exitCode).toBeNull();
    wrapped.endInput();
    await wrapped.ended;
  });

  it('a host sees that a server has closed its input', async () => {
    const wrapped = new Wrapped('closed,lingers', { env });
    await wrapped.serverPid();
    let isOpen = true;
    wrapped.process.stdin.once('error', () => {
      isOpen = false;
    });
    while (isOpen) await new Promise((resolve) => wrapped.process.stdin.write('{}\n', resolve));
    expect(wrapped.process.exitCode).toBeNull();
    wrapped.kill('SIGTERM');
    await wrapped.ended;
  });
});

it('what a command leaves in its output is read, also by a process that was not run for a while', async () => {
  const command = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] });
  const seen: string[] = [];
  command.stdout.setEncoding('utf8').on('data', (text: string) => seen.push(text));
  command.stdin.write('first');
  await once(command.stdout, 'data');
  endWhenQuiet(command.stdout, process.stdout);
  command.stdin.write('last');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
  await once(command.stdout, 'close');
  expect(seen).toEqual(['first', 'last']);
  command.stdin.end();
});

describe('a command that cannot be started', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wrap-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['is not found', 'no-such-command', 127, 'ENOENT'],
    ['is no program', join(folder, 'text'), 126, 'EACCES'],
    ['is a folder', folder, 126, 'EACCES'],
  ])('%s', async (_, command, code, reason) => {
    writeFileSync(join(folder, 'text'), 'text');
    chmodSync(join(folder, 'text'), 0o644);
    const ended = await new Wrapped('', { command: [command] }).ended;
    expect(ended).toMatchObject({ code, signal: null, stdout: '' });
    expect(ended.stderr).toBe(`mcp-trail: cannot start ${JSON.stringify(command)}: ${reason}\n`);
  });
});
