import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bytesOf, type Line, readLines } from '../../../src/cli/read-lines.js';

async function* chunksOf(...chunks: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

async function linesOf(chunks: AsyncIterable<Uint8Array>, maxBytes = 1000): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const line of readLines(chunks, maxBytes)) lines.push(line);
  return lines;
}

async function textOfInput(...chunks: (string | Uint8Array)[]): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of bytesOf('-', chunksOf(...chunks))) parts.push(part);
  return Buffer.concat(parts).toString();
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

describe('an input', () => {
  it('is decompressed if it begins like gzip, even byte by byte and with several members', async () => {
    const packed = Buffer.concat([gzipSync('one\n'), gzipSync('two\n')]);
    expect(await textOfInput(packed)).toBe('one\ntwo\n');
    expect(await textOfInput(...Array.from(packed, (byte) => Buffer.of(byte)))).toBe('one\ntwo\n');
  });

  it('is otherwise unchanged', async () => {
    expect(await textOfInput('o', 'ne\n')).toBe('one\n');
    expect(await textOfInput('x')).toBe('x');
    expect(await textOfInput()).toBe('');
  });

  it('fails if truncated or damaged, instead of ending early', async () => {
    const packed = gzipSync('one\n'.repeat(1000));
    await expect(textOfInput(packed.subarray(0, packed.length - 9))).rejects.toThrow('unexpected end of file');
    const broken = Buffer.concat([packed.subarray(0, 12), Buffer.alloc(40, 0xff)]);
    await expect(textOfInput(broken)).rejects.toMatchObject({ code: 'Z_DATA_ERROR' });
  });
});
