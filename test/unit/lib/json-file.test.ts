import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { jsonErrorAt, readJsonFile } from '../../../src/lib/json-file.js';

const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-json-'));
afterAll(() => rmSync(folder, { recursive: true }));

function read(text: string | Buffer, maxBytes = 1_000): unknown {
  const path = join(folder, 'file.json');
  writeFileSync(path, text);
  return readJsonFile(path, maxBytes);
}

describe('a file without a value is a problem', () => {
  it('if it does not exist', () => {
    expect(readJsonFile(join(folder, 'none.json'), 1_000)).toEqual({ problem: 'cannot be read (ENOENT)' });
    expect(readJsonFile('a\0b', 1_000)).toEqual({ problem: 'cannot be read (ERR_INVALID_ARG_VALUE)' });
  });

  it('if it is not a file', () => {
    expect(readJsonFile(folder, 1_000)).toEqual({ problem: 'is not a file' });
  });

  it('if it is a pipe, without waiting for it', () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(readJsonFile(pipe, 1_000)).toEqual({ problem: 'is not a file' });
  });

  it('if it is too large', () => {
    expect(read('[1, 2]', 5)).toEqual({ problem: 'has 6 bytes; accepted: at most 5' });
  });

  it('if it is not JSON, with the position and without the text', () => {
    const secret = `hunter${2}`;
    expect(read(`password = ${secret}`)).toEqual({ problem: 'is not JSON at line 1, column 1' });
    expect(read(`{\n  "a": 1,\n  "b": ${secret}\n}`)).toEqual({ problem: 'is not JSON at line 3, column 8' });
    expect(read('')).toEqual({ problem: 'is not JSON at line 1, column 1' });
  });
});

it('a JSON file is read with or without a byte order mark', () => {
  expect(read('{"a": ["ü"]}')).toEqual({ value: { a: ['ü'] } });
  expect(read('\ufeff{"a": 1}')).toEqual({ value: { a: 1 } });
  expect(read('null')).toEqual({ value: null });
});

//

describe('a text stops being JSON', () => {
  test.each<[string, number]>([
    ['', 0],
    ['  ', 2],
    ['hello', 0],
    ['{"a": x}', 6],
    ['{"a": 1,}', 8],
    ['{"a" 1}', 5],
    ['{"a": 1 "b": 2}', 8],
    ["{'a': 1}", 1],
    ['{a: 1}', 1],
    ['[1, 2', 5],
    ['[1, 2}', 5],
    ['[1,, 2]', 3],
    ['[,]', 1],
    ['{"a": [1, {"b": tru}]}', 16],
    ['{} {}', 3],
    ['[01]', 2],
    ['[1.]', 2],
    ['[+1]', 1],
    ['"a\nb"', 2],
    ['"a\\xb"', 2],
    ['"a\\u12"', 2],
    ['"abc', 4],
    ['// comment\n{}', 0],
    [']', 0],
    ['{]', 1],
    ['[}', 1],
  ])('%j at %d', (text, at) => {
    expect(jsonErrorAt(text)).toBe(at);
  });

  it('where JSON.parse stops, whatever is broken', () => {
    const sound = '{"a": [1, -2.5e+3, true, null], "b\\n\\u00e9": {"c": "text", "d": []}, "e": {}}';
    expect(jsonErrorAt(sound)).toBeUndefined();
    const broken = [...sound].flatMap((_, index) =>
      ['', 'x', '"', '{', '}', ']', ',', ':', '\\', '0', ' '].map(
        (char) => sound.slice(0, index) + char + sound.slice(index + 1),
      ),
    );
    // Within an escape or a number, JSON.parse names the first superfluous character; ours is the start of the token.
    const off = broken.filter((text) => Math.abs((jsonErrorAt(text) ?? -100) - said(text)) > 5);
    expect(off).toEqual([]);
  });

  it('in time linear in the text', () => {
    expect(jsonErrorAt('['.repeat(1_000_000))).toBe(1_000_000);
    expect(jsonErrorAt(`"${'\\n'.repeat(1_000_000)}`)).toBe(2_000_001);
  });
});

/** The position in the message of `JSON.parse`, or ours if it has none. -100 for valid JSON. */
function said(text: string): number {
  try {
    JSON.parse(text);
    return -100;
  } catch (error) {
    return Number(/position (\d+)/.exec((error as Error).message)?.[1] ?? jsonErrorAt(text) ?? Number.MAX_SAFE_INTEGER);
  }
}
