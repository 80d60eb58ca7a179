/** Recognises an MCP request among the first messages of a stream with one message in each line. */
import { RequestScanner, type Scanned } from './request-scanner.js';

/** An MCP client begins with `initialize` or `server/discover`; little comes before that. */
const MAX_MESSAGES = 8;
/** In bytes or characters. */
const MAX_SCANNED = 65_536;

const NEWLINE = 0x0a;

export class FirstMessages {
  #scanner = new RequestScanner();
  #left = MAX_MESSAGES;
  #scanned = 0;
  /** The message is none of those that are looked for; its line goes on. */
  #skips = false;

  /** Reads on. Call no more once the answer is not `more`. */
  scan(chunk: string | Uint8Array): Scanned {
    const length = Math.min(chunk.length, MAX_SCANNED - this.#scanned);
    this.#scanned += length;
    for (let from = 0; from < length; ) {
      const newline = typeof chunk === 'string' ? chunk.indexOf('\n', from) : chunk.indexOf(NEWLINE, from);
      const hasEnd = newline >= 0 && newline < length;
      const to = hasEnd ? newline + 1 : length;
      const scanned = this.#scan(chunk, from, to, hasEnd);
      if (scanned !== 'more') return scanned;
      from = to;
    }
    return this.#scanned < MAX_SCANNED ? 'more' : 'none';
  }

  #scan(chunk: string | Uint8Array, from: number, to: number, hasEnd: boolean): Scanned {
    if (!this.#skips) {
      // A message may have its line breaks where JSON allows them.
      const scanned = this.#scanner.scan(typeof chunk === 'string' ? chunk.slice(from, to) : chunk.subarray(from, to));
      if (scanned !== 'none') return scanned;
      this.#left -= 1;
      if (this.#left === 0) return 'none';
      this.#scanner = new RequestScanner();
    }
    this.#skips = !hasEnd;
    return 'more';
  }
}
