import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answerOf, start } from './children.js';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-export-'));
  path = join(folder, 'audit.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** All lines of all files, parsed: a torn one would throw. */
function lines(): any[] {
  return readdirSync(folder).flatMap((name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    if (text !== '' && !text.endsWith('\n')) throw new Error(`${name} ends in the middle of a line`);
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  });
}

describe('four processes that write to one path', () => {
  it('lose no line and tear none while they rotate it again and again', async () => {
    const code = `
      const exporter = new FileLogRecordExporter({ path: args.path, maxBytes: 16384, maxFiles: 10000 });
      let accepted = 0;
      for (let n = 0; n < 500; n++) {
        // Some are longer than a page of memory.
        const line = JSON.stringify({ writer: args.writer, n, fill: 'é'.repeat((n * 37) % 3000) });
        if (exporter.write(line)) accepted++;
      }
      console.log(JSON.stringify({ accepted }));
    `;
    const writers = [1, 2, 3, 4];
    const answers = await Promise.all(writers.map((writer) => answerOf(start(code, { path, writer }))));
    expect(answers).toEqual(writers.map(() => ({ accepted: 500, stderr: '' })));
    const found = lines().map(({ writer, n }) => `${writer}/${n}`);
    const expected = writers.flatMap((writer) => Array.from({ length: 500 }, (_, n) => `${writer}/${n}`));
    expect(found.sort()).toEqual(expected.sort());
    expect(readdirSync(folder).length).toBeGreaterThan(50);
  });

  it('keep the configured number of files, and write no line twice', async () => {
    const code = `
      const deleted = [];
      const onDeleted = (name) => deleted.push(name);
      const exporter = new FileLogRecordExporter({ path: args.path, maxBytes: 1024, maxFiles: 5, onDeleted });
      for (let n = 0; n < 200; n++) exporter.write(JSON.stringify({ writer: args.writer, n, fill: 'x'.repeat(300) }));
      console.log(JSON.stringify({ deleted }));
    `;
    const answers = await Promise.all([1, 2, 3, 4].map((writer) => answerOf(start(code, { path, writer }))));
    expect(answers.map(({ stderr }) => stderr).join('')).toBe('');
    // Only the process that deleted a file is told.
    const deleted = answers.flatMap((answer) => answer.deleted);
    expect(deleted.length).toBeGreaterThan(50);
    expect(new Set(deleted).size).toBe(deleted.length);
    const found = lines().map(({ writer, n }) => `${writer}/${n}`);
    expect(new Set(found).size).toBe(found.length);
    expect(readdirSync(folder).filter((name) => name !== 'audit.jsonl')).toHaveLength(5);
  });
});

describe('a process that is killed', () => {
  it('leaves every accepted line', async () => {
    const code = `
      const exporter = new FileLogRecordExporter({ path: args.path, maxBytes: 65536, maxFiles: 10000 });
      for (let n = 0; ; n++) {
        if (exporter.write(JSON.stringify({ n, fill: 'x'.repeat(2000) }))) fs.writeSync(1, n + ' ');
      }
    `;
    const child = start(code, { path });
    let acknowledged = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      acknowledged += text;
      if (acknowledged.length > 2_000) child.kill('SIGKILL');
    });
    await new Promise((resolve) => child.once('close', resolve));
    expect(child.signalCode).toBe('SIGKILL');
    // The last number may be cut.
    const last = acknowledged.split(' ').slice(0, -1).map(Number).length;
    expect(last).toBeGreaterThan(300);
    const found = new Set(lines().map(({ n }) => n));
    expect(Array.from({ length: last }, (_, n) => n).filter((n) => !found.has(n))).toEqual([]);
  });
});

describe('a disk that takes only part of a line', () => {
  // Files are limited to 4 KiB: the system writes the start of the line that exceeds it.
  const LIMIT = 'ulimit -f 8';

  it('loses that part, and the next line that fits is written', async () => {
    const code = `
      const codes = [];
      const exporter = new FileLogRecordExporter({ path: args.path, onError: (error) => codes.push(error.code) });
      const write = (n, length) => exporter.write(JSON.stringify({ n, fill: 'x'.repeat(length) }));
      const accepted = [write(1, 3000), write(2, 3000), write(3, 3000), write(4, 100)];
      console.log(JSON.stringify({ accepted, codes }));
    `;
    const answer = await answerOf(start(code, { path }, LIMIT));
    expect(answer).toEqual({ accepted: [true, false, false, true], codes: ['EFBIG'], stderr: '' });
    expect(lines().map(({ n }) => n)).toEqual([1, 4]);
  });
});

describe('a file that cannot be rotated', () => {
  it('keeps growing, and rotates a minute later', async () => {
    const code = `
      let now = Date.now();
      const codes = [];
      const onError = (error) => codes.push(error.message.split(' "')[0] + ': ' + error.code);
      const exporter = new FileLogRecordExporter({ path: args.path, maxBytes: 1024, now: () => now, onError });
      const write = (n) => exporter.write(JSON.stringify({ n, fill: 'x'.repeat(1000) }));
      const files = () => fs.readdirSync(args.folder).length;
      const accepted = [write(1)];
      // Rotating needs one descriptor more than writing.
      const taken = [];
      try {
        for (;;) taken.push(fs.openSync('/dev/null'));
      } catch {}
      accepted.push(write(2));
      for (const fd of taken) fs.closeSync(fd);
      accepted.push(write(3));
      const before = files();
      now += 60_000;
      accepted.push(write(4));
      console.log(JSON.stringify({ accepted, codes, before, after: files() }));
    `;
    const answer = await answerOf(start(code, { path, folder }, 'ulimit -n 64'));
    expect(answer).toEqual({
      accepted: [true, true, true, true],
      codes: ['cannot put aside: EMFILE'],
      before: 1,
      after: 2,
      stderr: '',
    });
    expect(readFileSync(path, 'utf8')).toContain('"n":4');
  });
});

describe('an exporter without onError', () => {
  it('tells the operator once, on stderr', async () => {
    const code = `
      const exporter = new FileLogRecordExporter({ path: '/dev/full' });
      const accepted = [exporter.write('a'), exporter.write('b')];
      console.log(JSON.stringify({ accepted }));
    `;
    expect(await answerOf(start(code))).toEqual({
      accepted: [false, false],
      stderr: 'mcp-trail: cannot write to "/dev/full": ENOSPC: no space left on device\n',
    });
  });
});
