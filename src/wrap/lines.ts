/** Splits a stream of bytes into lines. A line that gets too long passes in pieces, as they come. */

export interface LineSink {
  /**
   * A line with its line feed; the last one of a stream may have none.
   *
   * @param onDone to be called when nobody reads the bytes any more: their place is used again
   */
  line(bytes: Buffer, onDone: () => void): void;
  /** A piece of a line that is too long. @param isFirst whether the line begins with it */
  piece(bytes: Buffer, isFirst: boolean, onDone: () => void): void;
  /** A line that was too long is over. */
  longLineEnded(): void;
}

const LINE_FEED = 0x0a;
const EMPTY: Buffer = Buffer.alloc(0);
const NOTHING = () => {};
/** Of a line that comes in several chunks. */
const SMALLEST = 65_536;

export class Lines {
  readonly #maxBytes: number;
  readonly #sink: LineSink;
  /** The beginning of a line that came in several chunks, in its first bytes. */
  #begun = EMPTY;
  #length = 0;
  /** For the next of them. */
  #spare = EMPTY;
  #isLong = false;

  /** @param maxBytes of a line, with its line feed */
  constructor(maxBytes: number, sink: LineSink) {
    this.#maxBytes = maxBytes;
    this.#sink = sink;
  }

  push(chunk: Buffer): void {
    for (let from = 0; from < chunk.length; ) {
      const feed = chunk.indexOf(LINE_FEED, from);
      const isWhole = feed >= 0;
      const to = isWhole ? feed + 1 : chunk.length;
      this.#add(chunk.subarray(from, to), isWhole);
      from = to;
    }
  }

  /** The stream is over: what has come of a line is the last one. */
  end(): void {
    if (this.#length > 0 || this.#isLong) this.#add(EMPTY, true);
  }

  /** @param isEnd whether the line ends with these bytes */
  #add(bytes: Buffer, isEnd: boolean): void {
    if (!this.#isLong && this.#length + bytes.length <= this.#maxBytes) {
      if (!isEnd) this.#keep(bytes);
      else if (this.#length === 0) this.#sink.line(bytes, NOTHING);
      else {
        this.#keep(bytes);
        this.#sink.line(...this.#take());
      }
      return;
    }
    if (!this.#isLong) {
      const [begun, onDone] = this.#take();
      if (begun.length > 0) this.#sink.piece(begun, true, onDone);
      this.#sink.piece(bytes, begun.length === 0, NOTHING);
      this.#isLong = true;
    } else if (bytes.length > 0) this.#sink.piece(bytes, false, NOTHING);
    if (!isEnd) return;
    this.#isLong = false;
    this.#sink.longLineEnded();
  }

  /** Copies: the chunks of a long line would take its size once more. */
  #keep(bytes: Buffer): void {
    const length = this.#length + bytes.length;
    if (length > this.#begun.length) {
      const larger = this.#place(length);
      this.#begun.copy(larger, 0, 0, this.#length);
      this.#begun = larger;
    }
    bytes.copy(this.#begun, this.#length);
    this.#length = length;
  }

  #place(length: number): Buffer {
    const spare = this.#spare;
    if (spare.length < length) {
      return Buffer.allocUnsafeSlow(Math.min(Math.max(4 * length, SMALLEST), Math.max(length, this.#maxBytes)));
    }
    this.#spare = EMPTY;
    return spare;
  }

  #take(): [bytes: Buffer, onDone: () => void] {
    const place = this.#begun;
    const bytes = place.subarray(0, this.#length);
    this.#begun = EMPTY;
    this.#length = 0;
    const onDone = () => {
      if (place.length > this.#spare.length) this.#spare = place;
    };
    return [bytes, onDone];
  }
}
