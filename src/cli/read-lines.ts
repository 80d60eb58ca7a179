/** Splits bytes into lines, in constant memory. */

export interface Line {
  /** Counted from 1. */
  readonly number: number;
  /** Without the line break; undefined for a line that is too long. */
  readonly text: string | undefined;
}

const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = 0xfeff;

/** A line as bytes. */
export interface RawLine {
  /** Counted from 1. */
  readonly number: number;
  /** Without the line feed; undefined for a line that is too long. Valid until the next batch. */
  readonly bytes: Buffer | undefined;
  /** Of a line that is too long: whether `mark` was in it. */
  readonly marked: boolean;
}

/** The lines of UTF-8 text; empty lines are counted and skipped. A line over `maxBytes` is never held in memory. */
export async function* readLines(chunks: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Line> {
  for await (const batch of rawLines(chunks, maxBytes)) {
    for (const { number, bytes } of batch) {
      const text = bytes && textOfLine(bytes, number);
      if (text !== '') yield { number, text };
    }
  }
}

/** The lines in the order of the input, in batches: waiting for each of them would cost more than reading it. */
export async function* rawLines(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
  mark = '',
): AsyncGenerator<readonly RawLine[]> {
  const splitter = new LineSplitter(maxBytes, mark);
  for await (const chunk of chunks) {
    const batch = splitter.push(chunk);
    if (batch.length > 0) yield batch;
  }
  const last = splitter.end();
  if (last.length > 0) yield last;
}

/** Splits bytes as they arrive. */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #mark: string;
  #number = 1;
  /** The start of a line whose end has not arrived. */
  #parts: Uint8Array[] = [];
  #size = 0;
  #marked = false;

  constructor(maxBytes: number, mark = '') {
    this.#maxBytes = maxBytes;
    this.#mark = mark;
  }

  /** The lines that end in these bytes; empty ones are counted and left out. The bytes must not be changed afterwards. */
  push(chunk: Uint8Array): RawLine[] {
    const lines: RawLine[] = [];
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, from)) {
      if (end > from) this.#add(chunk.subarray(from, end));
      from = end + 1;
      if (this.#size > 0) lines.push(this.#take());
      else this.#number += 1;
    }
    if (from < chunk.length) this.#add(chunk.subarray(from));
    return lines;
  }

  /** The last line, if no line feed follows it. */
  end(): RawLine[] {
    return this.#size > 0 ? [this.#take()] : [];
  }

  #add(part: Uint8Array): void {
    this.#size += part.length;
    this.#parts.push(part);
    if (this.#size <= this.#maxBytes) return;
    // Where one part ends in the middle of a mark it is missed: a line with records has many of them.
    this.#marked ||=
      this.#mark !== '' &&
      this.#parts.some((each) => Buffer.from(each.buffer, each.byteOffset, each.length).includes(this.#mark));
    this.#parts = [];
  }

  #take(): RawLine {
    const bytes = this.#size > this.#maxBytes ? undefined : joinedBytes(this.#parts);
    const line = { number: this.#number, bytes, marked: this.#marked };
    this.#parts = [];
    this.#size = 0;
    this.#marked = false;
    this.#number += 1;
    return line;
  }
}

function joinedBytes(parts: readonly Uint8Array[]): Buffer {
  const [only] = parts;
  if (parts.length !== 1 || only === undefined) return Buffer.concat(parts);
  return Buffer.from(only.buffer, only.byteOffset, only.length);
}

/** A line as text, without a byte order mark and without space around it. */
export function textOfLine(bytes: Buffer, number: number): string {
  const text = bytes.toString('utf8');
  const marked = number === 1 && text.charCodeAt(0) === BYTE_ORDER_MARK;
  return (marked ? text.slice(1) : text).trim();
}
