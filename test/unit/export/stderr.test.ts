import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StderrLogRecordExporter, type StderrStream } from '../../../src/export/stderr.js';
import type { WriteError } from '../../../src/export/types.js';
import { answerOf, start } from './children.js';

let errors: WriteError[];
const onError = (error: WriteError) => errors.push(error);
beforeEach(() => {
  errors = [];
});

/** A descriptor behind which nothing ever queues. */
function plainStream(fd: number): StderrStream {
  const unexpected = () => {
    throw new Error('a line that should have gone to the descriptor went to the stream');
  };
  return { fd, writableLength: 0, write: unexpected, once: () => {}, removeListener: () => {}, listenerCount: () => 0 };
}

describe('a refused option', () => {
  it.each([
    [{ onError: 1 }, TypeError, 'onError is 1; accepted: a function'],
    [{ stream: 2 }, TypeError, 'stream is 2; accepted: a stream with a descriptor'],
    [{ stream: null }, TypeError, 'stream is null; accepted'],
    [{ stream: {} }, TypeError, 'stream is an object; accepted'],
    [{ stream: plainStream(1) }, RangeError, 'stream.fd is 1; accepted: a whole number from 2'],
    [{ stream: plainStream(0) }, RangeError, 'stream.fd is 0; accepted'],
    [{ stream: plainStream(2.5) }, RangeError, 'stream.fd is 2.5; accepted'],
    [{ stream: plainStream('2' as never) }, TypeError, 'stream.fd is "2"; accepted'],
    [null, TypeError, 'accepted: an object'],
  ])('is a mistake that names it: %j', (options, type, message) => {
    const attempt = () => new StderrLogRecordExporter(options as never);
    expect(attempt).toThrow(type);
    expect(attempt).toThrow(message);
  });
});

describe('a descriptor that refuses', () => {
  it('makes a write and an export fail, and is reported once, without the line', () => {
    const fd = openSync('/dev/full', 'w');
    const exporter = new StderrLogRecordExporter({ stream: plainStream(fd), onError });
    const secret = ['s3', 'cr3t'].join('');
    const result = vi.fn();
    const lost = vi.fn();
    expect(exporter.write(secret, lost)).toBe(false);
    expect(lost.mock.calls).toEqual([[expect.objectContaining({ code: 'ENOSPC' })]]);
    exporter.export([{ body: secret }, { body: 'b' }], result);
    closeSync(fd);
    expect(exporter.write('a')).toBe(false);
    expect(result.mock.calls).toEqual([[{ code: 1, error: expect.objectContaining({ code: 'ENOSPC' }) }]]);
    expect(errors.map(({ message }) => message)).toEqual([
      'cannot write to stderr: ENOSPC: no space left on device',
      'cannot write to stderr: EBADF: bad file descriptor',
    ]);
  });

  it('gets the next line on a new one after it took part of a line', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-export-'));
    const path = join(folder, 'stderr.txt');
    const code = `
      const fd = fs.openSync(args.path, 'a');
      const stream = { fd, writableLength: 0, write() {}, once() {}, removeListener() {}, listenerCount: () => 0 };
      const exporter = new StderrLogRecordExporter({ stream, onError() {} });
      const accepted = [exporter.write('a'.repeat(3000)), exporter.write('b'.repeat(3000))];
      fs.truncateSync(args.path, 4000);
      accepted.push(exporter.write('c'), exporter.write('d'));
      console.log(JSON.stringify({ accepted }));
    `;
    const answer = await answerOf(start(code, { path }, 'ulimit -f 8'));
    expect(answer.accepted).toEqual([true, false, true, true]);
    expect(readFileSync(path, 'utf8')).toBe(`${'a'.repeat(3000)}\n${'b'.repeat(999)}\nc\nd\n`);
    rmSync(folder, { recursive: true });
  });

  it('refuses anything but one line', () => {
    const exporter = new StderrLogRecordExporter({ stream: plainStream(99), onError });
    expect([exporter.write('a\nb'), exporter.write({} as string)]).toEqual([false, false]);
    expect(errors).toHaveLength(1);
  });
});

describe('a pipe without a reader', () => {
  let reader: ChildProcess & { stdin: Socket };
  /** Reads when told to, and then reports what it read. */
  const READER = `
    process.once('SIGUSR2', () => process.stdin.pipe(process.stdout));
    process.stderr.write('ready');
    setInterval(() => {}, 1000);
    process.stdin.on('end', () => process.stdout.write('', () => process.exit()));
    process.stdin.pause();
  `;

  beforeEach(async () => {
    reader = spawn(process.execPath, ['-e', READER], { env: { ...process.env, NODE_OPTIONS: '' } }) as never;
    await once(reader.stderr as NodeJS.ReadableStream, 'data');
    Object.assign(reader.stdin, { fd: (reader.stdin as never as { _handle: { fd: number } })._handle.fd });
  });
  afterEach(() => {
    reader.kill('SIGKILL');
  });

  async function everythingRead(): Promise<string> {
    let read = '';
    reader.stdout?.setEncoding('utf8').on('data', (text) => {
      read += text;
    });
    reader.kill('SIGUSR2');
    reader.stdin.end();
    await once(reader, 'close');
    return read;
  }

  const lineOf = (n: number) => JSON.stringify({ n, fill: 'x'.repeat(10_000) });

  it('gets whole lines in their order, among those of the application', async () => {
    const exporter = new StderrLogRecordExporter({ stream: reader.stdin as StderrStream, onError });
    const accepted: string[] = [];
    let refused = 0;
    for (let n = 0; n < 300; n++) {
      if (n % 50 === 0) {
        reader.stdin.write(`the application ${n}\n`);
        accepted.push(`the application ${n}`);
      }
      if (exporter.write(lineOf(n))) accepted.push(lineOf(n));
      else refused += 1;
    }
    expect(refused).toBeGreaterThan(100);
    expect(errors.map(({ code }) => code)).toEqual(['EAGAIN']);
    expect(reader.stdin.writableLength).toBeLessThan(1_048_576 + 20_000);
    expect((await everythingRead()).split('\n')).toEqual([...accepted, '']);
  });

  it('gets lines at once again after it was read', async () => {
    const exporter = new StderrLogRecordExporter({ stream: reader.stdin as StderrStream, onError });
    for (let n = 0; n < 50; n++) exporter.write(lineOf(n));
    expect(reader.stdin.writableLength).toBeGreaterThan(0);
    reader.kill('SIGUSR2');
    reader.stdout?.resume();
    await exporter.forceFlush();
    expect(reader.stdin.writableLength).toBe(0);
    // The pipe itself is full until the reader has come so far.
    await vi.waitFor(
      () => {
        expect(exporter.write('a')).toBe(true);
        expect(reader.stdin.writableLength).toBe(0);
      },
      { timeout: 30_000 },
    );
    expect(errors).toEqual([]);
  });

  it('does not delay the end for long', async () => {
    vi.useFakeTimers();
    const exporter = new StderrLogRecordExporter({ stream: reader.stdin as StderrStream, onError });
    for (let n = 0; n < 50; n++) exporter.write(lineOf(n));
    const ended = exporter.shutdown();
    await vi.advanceTimersByTimeAsync(2_000);
    vi.useRealTimers();
    await ended;
    expect(exporter.write('a')).toBe(false);
  });

  it('does not end the process if its reader goes away', async () => {
    const exporter = new StderrLogRecordExporter({ stream: reader.stdin as StderrStream, onError });
    for (let n = 0; n < 50; n++) exporter.write(lineOf(n));
    const told = vi.waitFor(() => expect(errors).toHaveLength(1), { timeout: 30_000 });
    reader.kill('SIGKILL');
    await told;
    expect(['EPIPE', 'ECONNRESET']).toContain(errors[0]?.code);
  });

  it('reports every queued line once if its reader goes away', async () => {
    const exporter = new StderrLogRecordExporter({ stream: reader.stdin as StderrStream, onError });
    const lost: (string | undefined)[] = [];
    let accepted = 0;
    for (let n = 0; n < 50; n++) if (exporter.write(lineOf(n), ({ code }) => lost.push(code))) accepted += 1;
    expect([accepted, lost]).toEqual([50, []]);
    reader.kill('SIGKILL');
    await vi.waitFor(() => expect(errors).toHaveLength(1), { timeout: 30_000 });
    await vi.waitFor(() => expect(reader.stdin.writableLength).toBe(0), { timeout: 30_000 });
    expect(lost.length).toBeGreaterThan(10);
    const closed = ['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED'];
    expect(lost.filter((code) => !closed.includes(String(code)))).toEqual([]);
  });
});

describe('the stderr of a process', () => {
  it('never blocks the process, even if the parent never reads it', async () => {
    const code = `
      const codes = [];
      const exporter = new StderrLogRecordExporter({ onError: (error) => codes.push(error.code) });
      let accepted = 0;
      for (let n = 0; n < 300; n++) if (exporter.write(JSON.stringify({ n, fill: 'x'.repeat(10000) }))) accepted++;
      fs.writeSync(1, JSON.stringify({ accepted, codes }));
      // It begins to read only when the parent has heard of it.
    `;
    const child = start(code);
    const [answer] = await once(child.stdout.setEncoding('utf8'), 'data');
    const { accepted, codes } = JSON.parse(answer);
    expect(codes).toEqual(['EAGAIN']);
    let read = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      read += text;
    });
    await once(child, 'close');
    const lines = read.split('\n').slice(0, -1);
    expect(lines.map((line) => JSON.parse(line).n)).toEqual(Array.from({ length: accepted }, (_, n) => n));
  });

  it('has every line when the process is killed, while the pipe has room', async () => {
    const code = `
      const exporter = new StderrLogRecordExporter();
      for (let n = 0; n < 20; n++) exporter.write(JSON.stringify({ n }));
      process.kill(process.pid, 'SIGKILL');
    `;
    const child = start(code);
    let read = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      read += text;
    });
    await once(child, 'close');
    expect(read).toBe(Array.from({ length: 20 }, (_, n) => `{"n":${n}}\n`).join(''));
  });

  it('gets nothing else, and standard output nothing at all', async () => {
    const code = `
      const exporter = new StderrLogRecordExporter();
      const results = [];
      exporter.export([{ body: 'a' }, { eventName: 'mcp_audit.request', body: '{"z":1,"a":2}' }], (r) => results.push(r));
      await exporter.shutdown();
      console.log(JSON.stringify({ results }));
    `;
    expect(await answerOf(start(code))).toEqual({
      results: [{ code: 0 }],
      stderr: '{"body":"a"}\n{"z":1,"a":2}\n',
    });
  });
});
