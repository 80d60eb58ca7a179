import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readJsonFile } from '../../../src/lib/json-file.js';

const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-json-'));
afterAll(() => rmSync(folder, { recursive: true }));

function read(text: string | Buffer, maxBytes = 1_000): unknown {
  const path = join(folder, 'file.json');
  writeFileSync(path, text);
  return readJsonFile(path, maxBytes);
}

describe('a file that says nothing is a problem', () => {
  it('where it is not there', () => {
    expect(readJsonFile(join(folder, 'none.json'), 1_000)).toEqual({ problem: 'cannot be read (ENOENT)' });
    expect(readJsonFile('a\0b', 1_000)).toEqual({ problem: 'cannot be read (ERR_INVALID_ARG_VALUE)' });
  });

  it('where it is none', () => {
    expect(readJsonFile(folder, 1_000)).toEqual({ problem: 'is not a file' });
  });

  it.skipIf(process.platform === 'win32')('where it is a pipe, which is not waited for', () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(readJsonFile(pipe, 1_000)).toEqual({ problem: 'is not a file' });
  });

  it('where it is too large', () => {
    expect(read('[1, 2]', 5)).toEqual({ problem: 'has 6 bytes; accepted: at most 5' });
  });

  it('where it is not JSON: it is said where, and not what', () => {
    const secret = `hunter${2}`;
    expect(read(`password = ${secret}`)).toEqual({ problem: 'is not JSON at line 1, column 1' });
    expect(read(`{\n  "a": 1,\n  "b": ${secret}\n}`)).toEqual({ problem: 'is not JSON at line 3, column 8' });
    expect(read('')).toEqual({ problem: 'is not JSON at line 1, column 1' });
  });
});

it('a file of JSON is read, with or without a byte order mark', () => {
  expect(read('{"a": ["ü"]}')).toEqual({ value: { a: ['ü'] } });
  expect(read('\ufeff{"a": 1}')).toEqual({ value: { a: 1 } });
  expect(read('null')).toEqual({ value: null });
});
