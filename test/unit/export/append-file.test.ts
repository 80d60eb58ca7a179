/** What is left of a line that the system writes only in part. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppendFile } from '../../../src/export/append-file.js';

/** Writes the first bytes of what was to be written. */
type Write = (count?: number) => number;
/** What the next writes do instead. */
let instead: ((write: Write) => number)[] = [];

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  return {
    ...real,
    writeSync(fd: number, bytes: Uint8Array, from: number, length: number) {
      const write: Write = (count = length) => real.writeSync(fd, bytes, from, count);
      const next = instead.shift();
      return next === undefined ? write() : next(write);
    },
  };
});

let folder: string;
let path: string;
beforeEach(() => {
  instead = [];
  folder = fs.mkdtempSync(join(tmpdir(), 'mcp-trail-append-'));
  path = join(folder, 'audit.jsonl');
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

const full = () => {
  throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
};
const line = (text: string) => Buffer.from(`${text}\n`);
const content = () => fs.readFileSync(path, 'utf8');
const byAnother = (text: string) => fs.appendFileSync(path, line(text));

function opened(): AppendFile {
  const file = AppendFile.open(path);
  file.append(line('first'));
  return file;
}

describe('a line that is written in part', () => {
  it('is cut off', () => {
    const file = opened();
    instead = [(write) => write(4), full];
    expect(() => file.append(line('second'))).toThrow('no space');
    expect(content()).toBe('first\n');
    file.append(line('third'));
    expect(content()).toBe('first\nthird\n');
  });

  it('is cut off if another process has written in front of it', () => {
    const file = opened();
    const afterAnother = (write: Write) => {
      byAnother('of another');
      return write(4);
    };
    instead = [afterAnother, full];
    expect(() => file.append(line('second'))).toThrow('no space');
    expect(content()).toBe('first\nof another\n');
  });

  it('stays if another process has written behind it: nothing of that is lost, and the next line is one of its own', () => {
    const file = opened();
    const another = () => {
      byAnother('nd of another');
      return full();
    };
    instead = [(write) => write(4), another];
    expect(() => file.append(line('second'))).toThrow('no space');
    expect(content()).toBe('first\nsecond of another\n');
  });

  it('ends before the next line if it cannot be cut off', () => {
    const file = opened();
    const another = () => {
      fs.appendFileSync(path, 'torn, too');
      return full();
    };
    instead = [(write) => write(4), another];
    expect(() => file.append(line('second'))).toThrow('no space');
    file.append(line('third'));
    file.append(line('fourth'));
    expect(content()).toBe('first\nsecotorn, too\nthird\nfourth\n');
  });
});
