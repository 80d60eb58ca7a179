import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { crashReporter } from '../../../src/lifecycle/crash-reports.js';
import { deferred } from '../../support/deferred.js';

class Exited extends Error {}

/** The used part of a process: it emits an exception as Node.js does, and can end once. */
class FakeProcess extends EventEmitter {
  _exiting = false;
  exitCode: number | undefined;
  ended: number | undefined;
  captures = false;
  report: { reportOnUncaughtException: boolean; writeReport: (error?: Error) => void } | undefined;

  hasUncaughtExceptionCaptureCallback = () => this.captures;
  nextTick = (run: () => void) => void process.nextTick(run);

  exit = (code?: number) => {
    if (code !== undefined) this.exitCode = code;
    if (!this._exiting) {
      this._exiting = true;
      this.emit('exit', this.exitCode);
    }
    this.ended ??= this.exitCode;
    throw new Exited();
  };

  /** Whether it was handled. */
  raise(thrown: unknown, origin = 'uncaughtException'): boolean {
    this.emit('uncaughtExceptionMonitor', thrown, origin);
    return this.captures || this.emit('uncaughtException', thrown, origin);
  }
}

function setUp(finish: () => Promise<unknown> = async () => {}) {
  const fake = new FakeProcess();
  const written: string[] = [];
  const handling = {
    lineFor: vi.fn((thrown: unknown, origin: string) => `${String(thrown)} by ${origin}`),
    write: vi.fn((line: string) => void written.push(line)),
    finish: vi.fn(finish),
  };
  const onServer = crashReporter(fake as never, handling as never);
  const input = new PassThrough();
  const output = new PassThrough();
  return { fake, written, handling, onServer, input, output, serve: () => onServer({ input, output }) };
}

const ticks = () => new Promise((resolve) => setImmediate(resolve));
// `exit` of the fake process throws, as that of a real one does not return.
process.on('unhandledRejection', (reason) => {
  if (!(reason instanceof Exited)) throw reason;
});

describe('a crash', () => {
  it('is not reported before there is a server', () => {
    const { fake, written } = setUp();
    expect(fake.raise('one')).toBe(false);
    expect(written).toEqual([]);
    expect(fake.eventNames()).toEqual([]);
  });

  it('is reported once, for any number of servers', async () => {
    const { fake, written, onServer } = setUp();
    for (let index = 0; index < 100; index++) onServer({ input: new PassThrough(), output: undefined });
    expect(fake.raise('one')).toBe(true);
    expect(written).toEqual(['one by uncaughtException']);
    await ticks();
    expect(fake.ended).toBe(1);
  });

  it('has no listener for exceptions before it, because others count them', () => {
    const { fake, serve } = setUp();
    serve();
    expect(fake.listenerCount('uncaughtExceptionMonitor')).toBe(1);
    expect(fake.listenerCount('uncaughtException')).toBe(0);
  });

  it('waits for the flush, while the server neither reads nor writes', async () => {
    const finished = deferred<void>();
    const { fake, serve, input, output } = setUp(() => finished.promise);
    const goodbye = vi.fn(() => output.write('goodbye'));
    fake.on('exit', goodbye);
    serve();
    input.resume();
    fake.raise('one');
    await ticks();
    expect(fake.ended).toBeUndefined();
    expect(input.isPaused()).toBe(true);
    expect(output.write('an answer')).toBe(false);
    finished.resolve();
    await ticks();
    expect(fake.ended).toBe(1);
    expect(goodbye).toHaveBeenCalledWith(1);
    expect(String(output.read())).toBe('goodbye');
  });

  it('causes no further line and calls no handler of the application during the flush', async () => {
    const { fake, written, serve } = setUp(() => new Promise(() => {}));
    const handler = vi.fn();
    fake.on('unhandledRejection', handler);
    serve();
    fake.raise('one');
    expect(fake.raise('two')).toBe(true);
    expect(fake.emit('unhandledRejection', 'three')).toBe(true);
    expect(written).toEqual(['one by uncaughtException']);
    expect(handler).not.toHaveBeenCalled();
  });

  it.each([
    ['cannot be described', { lineFor: () => { throw new Error('broken'); } }], // biome-ignore format: one line each
    ['cannot be written', { write: () => { throw new Error('broken'); } }], // biome-ignore format: one line each
    ['leaves what cannot be finished', { finish: () => { throw new Error('broken'); } }], // biome-ignore format: one line each
    ['leaves what fails to finish', { finish: () => Promise.reject(new Error('broken')) }],
  ])('ends the process also when it %s', async (_what, broken) => {
    const { fake, serve, handling } = setUp();
    Object.assign(handling, broken);
    serve();
    fake.raise('one');
    await ticks();
    expect(fake.ended).toBe(1);
  });

  it('ends the process at once if it is exiting, with its exit code', () => {
    const { fake, serve, handling } = setUp();
    serve();
    fake._exiting = true;
    fake.exitCode = 3;
    expect(() => fake.raise('one')).toThrow(Exited);
    expect(fake.ended).toBe(3);
    expect(handling.finish).not.toHaveBeenCalled();
  });

  it('writes the diagnostic report if it is enabled', async () => {
    const { fake, serve } = setUp();
    const writeReport = vi.fn();
    fake.report = { reportOnUncaughtException: true, writeReport };
    serve();
    const error = new Error('one');
    fake.raise(error);
    expect(writeReport).toHaveBeenCalledExactlyOnceWith(error);
  });
});

describe('an exception that the application handles', () => {
  it.each([
    ['a listener from before', (fake: FakeProcess) => fake.on('uncaughtException', () => {}), 'before'],
    ['a listener from later', (fake: FakeProcess) => fake.on('uncaughtException', () => {}), 'after'],
    ['a capture callback', (fake: FakeProcess) => { fake.captures = true; }, 'after'], // biome-ignore format: one line each
  ] as const)('is reported, and nothing else happens: %s', async (_what, take, when) => {
    const { fake, written, serve, handling } = setUp();
    if (when === 'before') take(fake);
    serve();
    if (when === 'after') take(fake);
    fake.raise('one');
    fake.raise('two');
    await ticks();
    expect(written).toEqual(['one by uncaughtException', 'two by uncaughtException']);
    expect(handling.finish).not.toHaveBeenCalled();
    expect(fake.ended).toBeUndefined();
  });

  it('leaves no listener behind if it was handled in an unknown way', async () => {
    const { fake, serve } = setUp();
    serve();
    fake.emit('uncaughtExceptionMonitor', 'one', 'uncaughtException');
    await ticks();
    expect(fake.listenerCount('uncaughtException')).toBe(0);
    expect(fake.ended).toBeUndefined();
  });

  it('is reported a hundred times, and an uncaught one after that is reported, too', () => {
    const { fake, written, serve } = setUp();
    const take = () => {};
    fake.on('uncaughtException', take);
    serve();
    for (let index = 0; index < 1000; index++) fake.raise(index);
    expect(written).toHaveLength(100);
    fake.removeListener('uncaughtException', take);
    fake.raise('the last');
    expect(written.at(-1)).toBe('the last by uncaughtException');
  });
});
