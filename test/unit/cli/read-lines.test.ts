import { describe, expect, it } from 'vitest';
import { type Line, readLines } from '../../../src/cli/read-lines.js';

async function* chunksOf(...chunks: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

async function linesOf(chunks: AsyncIterable<Uint8Array>, maxBytes = 1000): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const line of readLines(chunks, maxBytes)) lines.push(line);
  return lines;
}

describe('lines', () => {
  it('do not depend on how the bytes arrive', async () => {
    const bytes = Buffer.from('\ufeffone 天\r\n\n  \ntwo 😀\nthree');
    const expected = [
      { number: 1, text: 'one 天' },
      { number: 4, text: 'two 😀' },
      { number: 5, text: 'three' },
    ];
    expect(await linesOf(chunksOf(bytes))).toEqual(expected);
    expect(await linesOf(chunksOf(...Array.from(bytes, (byte) => Buffer.of(byte))))).toEqual(expected);
  });

  it('that are too long only have their number, and the next line is whole', async () => {
    const chunks = chunksOf('ok\n', 'x'.repeat(8), 'x'.repeat(8), '\n', '12345678\n', 'y'.repeat(9));
    expect(await linesOf(chunks, 8)).toEqual([
      { number: 1, text: 'ok' },
      { number: 2, text: undefined },
      { number: 3, text: '12345678' },
      { number: 4, text: undefined },
    ]);
  });

  it('do not exist in an empty input', async () => {
    expect(await linesOf(chunksOf())).toEqual([]);
    expect(await linesOf(chunksOf('\n\n'))).toEqual([]);
  });
});
