/** Splits bytes into lines, in constant memory. */
import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

export interface Line {
  /** Counted from 1. */
  readonly number: number;
  /** Without the line break; undefined for a line that is too long. */
  readonly text: string | undefined;
}

const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = 0xfeff;
const GZIP = [0x1f, 0x8b] as const;

/**
 * The bytes of a file, or of `input` for the name `-`, decompressed if they begin as gzip does. The file name does not count.
 *
 * @throws errors of the file system and of the decompression
 */
export async function* bytesOf(name: string, input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = (name === '-' ? input : createReadStream(name))[Symbol.asyncIterator]();
  const head = await headOf(chunks);
  const whole = joined(head, chunks);
  if (!GZIP.every((byte, place) => head[place] === byte)) return yield* whole;
  // No callback is needed: the loop throws the error.
  yield* pipeline(Readable.from(whole, { objectMode: false }), createGunzip(), () => {});
}

async function headOf(chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  let head: Uint8Array = Buffer.alloc(0);
  while (head.length < GZIP.length) {
    const next = await chunks.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  return head;
}

async function* joined(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

/** The lines of UTF-8 text; empty lines are counted and skipped. A line over `maxBytes` is never held in memory. */
export async function* readLines(chunks: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Line> {
  let number = 1;
  let parts: Uint8Array[] = [];
  let size = 0;
  const add = (part: Uint8Array) => {
    size += part.length;
    if (size <= maxBytes) parts.push(part);
    else parts = [];
  };
  const take = (): Line => {
    const line = { number, text: size <= maxBytes ? decoded(parts, number === 1) : undefined };
    parts = [];
    size = 0;
    number += 1;
    return line;
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, from)) {
      add(chunk.subarray(from, end));
      from = end + 1;
      const line = take();
      if (line.text !== '') yield line;
    }
    add(chunk.subarray(from));
  }
  if (size > 0) yield take();
}

function decoded(parts: readonly Uint8Array[], first: boolean): string {
  const text = Buffer.concat(parts).toString('utf8');
  const marked = first && text.charCodeAt(0) === BYTE_ORDER_MARK;
  return (marked ? text.slice(1) : text).trim();
}
