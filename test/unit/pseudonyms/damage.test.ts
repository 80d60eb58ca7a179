/** Lines that cannot be read, as one process found them: another may have written them since. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { keepAside, type Range } from '../../../src/pseudonyms/damage.js';
import { entryLine, tombstone } from '../../../src/pseudonyms/lines.js';

const PSEUDONYM = `actor-${'0'.repeat(24)}`;
const ENTRY = entryLine(PSEUDONYM, 'alice');
const DAMAGED = '{"v":1,"pseu';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-damage-'));
  path = join(folder, 'pseudonyms.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Writes the lines, and says where each is. */
function write(...lines: readonly string[]): Range[] {
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  let at = 0;
  return lines.map((line) => {
    const range = { at, length: Buffer.byteLength(line) };
    at += range.length + 1;
    return range;
  });
}

it('a line that an erasure was writing is whole when it is looked at again: nothing is changed or copied', () => {
  const lines = [tombstone(PSEUDONYM, ENTRY.length).toString(), ENTRY];
  const found = write(...lines);
  expect(keepAside(path, found, 1)).toBeUndefined();
  expect(readFileSync(path, 'utf8')).toBe(`${lines.join('\n')}\n`);
  expect(readdirSync(folder)).toEqual(['pseudonyms.jsonl']);
});

it('only what is still damaged is blanked, in a map that is kept aside as it was', () => {
  const found = write(ENTRY, DAMAGED, ENTRY);
  const aside = keepAside(path, found, 1) as string;
  expect(readFileSync(aside, 'utf8')).toBe(`${ENTRY}\n${DAMAGED}\n${ENTRY}\n`);
  expect(readFileSync(path, 'utf8')).toBe(`${ENTRY}\n${' '.repeat(DAMAGED.length)}\n${ENTRY}\n`);
});
