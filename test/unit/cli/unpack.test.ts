import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { unpacked } from '../../../src/cli/unpack.js';

async function* chunksOf(...chunks: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

function unexpected(): never {
  throw new Error('nothing is encrypted');
}

async function textOfInput(...chunks: (string | Uint8Array)[]): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of unpacked(chunksOf(...chunks), unexpected)) parts.push(part);
  return Buffer.concat(parts).toString();
}

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
