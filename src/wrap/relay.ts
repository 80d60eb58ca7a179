/**
 * One direction of the relay: bytes pass as they came, in their order, as fast as the receiver takes them. Where there is an
 * inspector, it sees each line before it passes and may put bytes in its place.
 */
import type { Readable, Writable } from 'node:stream';
import { Lines } from './lines.js';
import { notePassed } from './memory.js';

/** Sees what passes in one direction. Its functions must not throw. */
export interface Inspector {
  /** A line, with its line feed if it has one. Returns what passes instead, in parts. */
  line(bytes: Buffer): readonly Buffer[];
  /** A piece of a line that is too long to be inspected as a whole; it passes as it is. */
  piece(bytes: Buffer, isFirst: boolean): void;
  /** A line that was too long has passed. */
  longLineEnded(): void;
}

export interface RelayOptions {
  readonly from: Readable;
  readonly to: Writable;
  readonly inspector: Inspector | undefined;
  /** Longer lines pass in pieces. */
  readonly maxLineBytes: number;
  /** No more comes: the sender has ended its stream, or has gone. Called once, before the receiver is told. */
  readonly onEnd?: () => void;
  /** The receiver has taken everything, or takes nothing more. Called once. */
  readonly onDone?: () => void;
}

export function relay({ from, to, inspector, maxLineBytes, onEnd, onDone }: RelayOptions): void {
  const write = (parts: readonly Buffer[], onDone: () => void): void => {
    to.cork();
    for (const [index, part] of parts.entries()) to.write(part, index === parts.length - 1 ? onDone : undefined);
    to.uncork();
  };
  const lines =
    inspector &&
    new Lines(maxLineBytes, {
      line: (bytes, onDone) => write(inspector.line(bytes), onDone),
      piece: (bytes, isFirst, onDone) => {
        inspector.piece(bytes, isFirst);
        write([bytes], onDone);
      },
      longLineEnded: () => inspector.longLineEnded(),
    });
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    lines?.end();
    onEnd?.();
    to.end();
  };
  let isDone = false;
  const done = (): void => {
    if (isDone) return;
    isDone = true;
    isOver = true;
    // The sender finds out as it would without a relay: nobody reads any more.
    from.destroy();
    onDone?.();
  };
  from.on('data', (chunk: Buffer) => {
    if (isOver) return;
    if (lines === undefined) to.write(chunk);
    else lines.push(chunk);
    notePassed(chunk.length);
    if (to.writableNeedDrain) from.pause();
  });
  to.on('drain', () => from.resume());
  for (const event of ['end', 'close', 'error']) from.on(event, end);
  for (const event of ['finish', 'close', 'error']) to.on(event, done);
}
