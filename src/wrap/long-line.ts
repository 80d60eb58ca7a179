/** Reads of a message that is too long to be inspected the members at its top, which show what it is. */
import type { RequestId } from '../protocol/jsonrpc.js';
import { BACKSLASH, CLOSE_ARRAY, CLOSE_OBJECT, COLON, COMMA, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from './json-bytes.js';

export interface LongMessage {
  readonly method: string | undefined;
  readonly id: RequestId | undefined;
  readonly isError: boolean;
}

/** Outside of strings, this and what is below is white space. */
const SPACE = 0x20;

/** Others are not kept: a line may have any number of them. */
const WANTED: ReadonlySet<string> = new Set(['method', 'id', 'error']);

/** Longer values tell nothing. */
const MAX_TEXT = 256;

/** Reads the pieces of one line, once, and keeps nothing else. */
export class LongLine {
  #depth = 0;
  #inString = false;
  #isEscaped = false;
  #isKey = false;
  /** The string or literal that is read, as Latin-1, if it is at the top. */
  #text = '';
  #key = '';
  readonly #values = new Map<string, unknown>();

  push(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += 1) {
      if (this.#inString && this.#depth > 1 && !this.#isEscaped) at = skipText(bytes, at);
      if (at < bytes.length) this.#read(bytes[at] as number);
    }
  }

  /** What was found. */
  end(): LongMessage {
    const [method, id] = [this.#values.get('method'), this.#values.get('id')];
    return {
      // Also with one that is too long to be read, the message is no answer.
      method: typeof method === 'string' ? method : method === undefined && this.#values.has('method') ? '' : undefined,
      id: typeof id === 'string' || typeof id === 'number' ? id : undefined,
      isError: this.#values.has('error'),
    };
  }

  #read(code: number): void {
    if (this.#inString) this.#readString(code);
    else if (code === QUOTE) {
      this.#inString = true;
      this.#append(code);
    } else if (code === OPEN_OBJECT || code === OPEN_ARRAY) this.#open(code);
    else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) this.#close();
    else if (code === COLON) this.#endKey();
    else if (code === COMMA) this.#endValue();
    else if (code > SPACE) this.#append(code);
  }

  #readString(code: number): void {
    this.#append(code);
    if (this.#isEscaped) this.#isEscaped = false;
    else if (code === BACKSLASH) this.#isEscaped = true;
    else if (code === QUOTE) this.#inString = false;
  }

  #append(code: number): void {
    if (this.#depth === 1 && this.#text.length <= MAX_TEXT) this.#text += String.fromCharCode(code);
  }

  #open(code: number): void {
    this.#depth += 1;
    if (this.#depth === 1) this.#isKey = code === OPEN_OBJECT;
    if (this.#depth === 2) this.#text = 'null';
  }

  #close(): void {
    if (this.#depth === 1) this.#endValue();
    this.#depth -= 1;
  }

  #endKey(): void {
    if (this.#depth !== 1 || !this.#isKey) return;
    this.#key = String(this.#take());
    this.#isKey = false;
  }

  #endValue(): void {
    if (this.#depth !== 1) return;
    const value = this.#take();
    if (!this.#isKey && WANTED.has(this.#key)) this.#values.set(this.#key, value);
    this.#isKey = true;
  }

  #take(): unknown {
    const text = this.#text;
    this.#text = '';
    if (text.length > MAX_TEXT) return undefined;
    try {
      return JSON.parse(Buffer.from(text, 'latin1').toString());
    } catch {
      return undefined;
    }
  }
}

/** The next byte that can end a string, or escape what follows. */
function skipText(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== QUOTE && bytes[at] !== BACKSLASH) at += 1;
  return at;
}
