/** What `wrap` passes on is what came, byte for byte, but for the trace context of requests and notifications. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Lines } from '../../src/wrap/lines.js';
import { type Inspector, relay } from '../../src/wrap/relay.js';
import { withEntries } from '../../src/wrap/splice.js';
import { UsedReceiver } from '../safety/endings.js';
import { Wrapped } from './wrapped.js';

const COUNT = 10_000;
const MAX_LINE = 64;

const id = fc.oneof(fc.integer(), fc.string({ maxLength: 8 }), fc.constant(null));
const method = fc.constantFrom(
  'tools/call',
  'tools/list',
  'notifications/progress',
  'notifications/message',
  'ping',
  'x',
);
const params = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.record({ _meta: fc.jsonValue({ maxDepth: 1 }), name: fc.string() }),
);
const message = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ jsonrpc: fc.constant('2.0'), id, method, params }, { requiredKeys: ['method'] }),
  },
  fc.record({ id, result: fc.jsonValue({ maxDepth: 3 }), jsonrpc: fc.constant('2.0') }),
  fc.record({ id, error: fc.record({ code: fc.integer(), message: fc.string() }) }),
  fc.jsonValue({ maxDepth: 2 }),
);
const json = fc.tuple(message, fc.constantFrom(0, 1, 2)).map(([value, spaces]) => {
  const text = JSON.stringify(value, undefined, spaces).replaceAll('\n', ' ');
  // Integers that no number holds, which a relay that parses would change.
  return Buffer.from(text.replace(/"id":( ?)(\d+)/, '"id":$1$29007199254740993'));
});
const noise = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0x0a)));
const cutOff = json.map((bytes) => bytes.subarray(0, bytes.length >> 1));
const line = fc
  .tuple(fc.oneof({ weight: 8, arbitrary: json }, noise, cutOff), fc.constantFrom('\n', '\n', '\r\n'))
  .map(([bytes, end]) => Buffer.concat([bytes, Buffer.from(end)]));

const lines = fc.sample(line, { numRuns: COUNT, seed: 20_261_130 });
const all = Buffer.concat(lines);

const folder = mkdtempSync(join(tmpdir(), 'wrap-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string) => join(folder, name);

const receiver = new UsedReceiver();
const tracing = () => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  OTEL_METRICS_EXPORTER: 'none',
  OTEL_LOG_LEVEL: 'none',
});

/** Lines with their line feeds. */
function linesOf(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  const sink = { line: (each: Buffer) => found.push(each), piece: () => {}, longLineEnded: () => {} };
  const reader = new Lines(Number.POSITIVE_INFINITY, sink);
  reader.push(bytes);
  reader.end();
  return found;
}

/** Checks the lines that have arrived, and returns how many of them have a trace context that was put there. */
function countSpliced(arrived: readonly Buffer[]): number {
  expect(arrived.length).toBe(lines.length);
  let spliced = 0;
  for (const [index, bytes] of arrived.entries()) {
    const original = lines[index] as Buffer;
    if (bytes.equals(original)) continue;
    const { traceparent, tracestate } = JSON.parse(bytes.toString()).params._meta;
    const mark = { tracestate: `mcptrail=w:${traceparent.split('-')[2]}` };
    const expected = Buffer.concat(withEntries(original, { traceparent, ...(tracestate && mark) }) ?? []);
    expect(bytes.toString('latin1')).toBe(expected.toString('latin1'));
    spliced += 1;
  }
  return spliced;
}

/** How many lines are requests and notifications that can carry a context. */
const carriers = lines.filter((bytes) => {
  try {
    const value = JSON.parse(bytes.toString());
    if (typeof value.method !== 'string' || value.id === null) return false;
    if (value.method === 'notifications/progress' && value.id === undefined) return false;
    return withEntries(bytes, { k: 'v' }) !== undefined;
  } catch {
    return false;
  }
}).length;

describe('the bytes of 10,000 generated messages', () => {
  it('reach the server', async () => {
    const wrapped = new Wrapped('', { command: ['/bin/sh', '-c', 'cat > "$0"', file('in')], env: tracing() });
    wrapped.process.stdin.end(all);
    expect(await wrapped.ended).toMatchObject({ code: 0, stdout: '' });
    expect(countSpliced(linesOf(readFileSync(file('in'))))).toBe(carriers);
    expect(carriers).toBeGreaterThan(COUNT / 10);
  });

  it('reach the host', async () => {
    writeFileSync(file('out'), all);
    const wrapped = new Wrapped('', { command: ['/bin/cat', file('out')], env: tracing() });
    const arrived = buffer(wrapped.process.stdout.setEncoding('latin1'));
    expect(await wrapped.ended).toMatchObject({ code: 0 });
    expect(countSpliced(linesOf(Buffer.from((await arrived).toString(), 'latin1')))).toBe(carriers);
  });
});

describe('a relay', () => {
  const silent: Inspector = { line: (bytes) => [bytes], piece() {}, longLineEnded() {} };

  it('passes bytes in whatever pieces they come, also lines that are too long, and the last without a line feed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 8 }),
        fc.array(fc.nat(200), { maxLength: 12 }),
        noise,
        async (some, cuts, rest) => {
          const whole = Buffer.concat([...some, rest]);
          const [from, to] = [new PassThrough(), new PassThrough()];
          relay({ from, to, inspector: silent, maxLineBytes: MAX_LINE });
          const arrived = buffer(to);
          let at = 0;
          for (const cut of [...cuts].sort((a, b) => a - b)) {
            from.write(whole.subarray(at, Math.max(at, cut)));
            at = Math.max(at, cut);
          }
          from.end(whole.subarray(at));
          expect((await arrived).equals(whole)).toBe(true);
        },
      ),
    );
  });

  it('shows each line once, or its pieces and its end', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), fc.integer({ min: 1, max: 50 }), (some, size) => {
        const seen: string[] = [];
        let pieces: Buffer[] = [];
        const reader = new Lines(MAX_LINE, {
          line: (bytes) => seen.push(bytes.toString('latin1')),
          piece: (bytes, isFirst) => {
            expect(isFirst).toBe(pieces.length === 0);
            pieces.push(bytes);
          },
          longLineEnded: () => {
            const long = Buffer.concat(pieces.splice(0));
            expect(long.length).toBeGreaterThan(MAX_LINE);
            seen.push(long.toString('latin1'));
          },
        });
        const whole = Buffer.concat(some);
        for (let at = 0; at < whole.length; at += size) reader.push(whole.subarray(at, at + size));
        reader.end();
        pieces = [];
        expect(seen).toEqual(some.map((bytes) => bytes.toString('latin1')));
      }),
    );
  });

  it('takes no more than the receiver does', async () => {
    const from = new PassThrough();
    const taken: (() => void)[] = [];
    const to = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => void taken.push(done) });
    relay({ from, to, inspector: silent, maxLineBytes: MAX_LINE });
    from.write('a\n');
    await new Promise((resolve) => setImmediate(resolve));
    expect(from.isPaused()).toBe(true);
    taken.shift()?.();
    expect(from.isPaused()).toBe(false);
  });
});
