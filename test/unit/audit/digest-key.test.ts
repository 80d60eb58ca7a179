import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { digestKey } from '../../../src/audit/digest-key.js';

let folder: string;
let file: string;
let said: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-key-'));
  file = join(folder, 'digest.key');
  said = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => said.push(String(line)) > 0);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const digest = () => digestKey(undefined, () => folder, {}).digester.digest('session-1');

describe('the key in the state directory', () => {
  it('is created on first use, readable by its owner only, and reused afterwards', () => {
    const first = digest();
    expect(digest()).toBe(first);
    expect(readdirSync(folder)).toEqual(['digest.key']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(said).toEqual([]);
  });

  const BROKEN: readonly [what: string, text: string, reason: RegExp][] = [
    ['is empty', '', /too short: 0 bytes/],
    ['is white space', ' \n', /too short: 0 bytes/],
    ['is too short', 'abcdef', /too short: 3 bytes/],
    ['is neither hex nor base64', 'a key, honestly', /neither hex nor base64/],
    ['is not text', '\0\u{1f511}\0', /neither hex nor base64/],
    ['is far too long', 'ab'.repeat(100_000), /too long/],
  ];

  it.each(BROKEN)('that %s is reported, left alone and not used', (_what, text, reason) => {
    writeFileSync(file, text, { mode: 0o600 });
    const one = digest();
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(file);
    expect(said[0]).toMatch(reason);
    expect(said[0]).toMatch(/left as it is/);
    expect(said[0]).not.toContain(text.slice(0, 20) || '\0');
    expect(one).toMatch(/^hmac-sha256:process:/);
    // All callers in this process get one key.
    expect(digest()).toBe(one);
  });

  it('that is a folder is reported and left alone', () => {
    mkdirSync(file);
    digest();
    expect(said.join()).toMatch(/digest\.key .*\(EISDIR\).*Digests use a key of this process/);
    expect(statSync(file).isDirectory()).toBe(true);
  });

  it('that is a pipe does not block', () => {
    execFileSync('mkfifo', [file]);
    digest();
    expect(said.join()).toMatch(/digest\.key .*not a regular file/);
    expect(existsSync(file)).toBe(true);
  });

  it('that others can read is used and reported', () => {
    writeFileSync(file, 'ab'.repeat(32));
    chmodSync(file, 0o644);
    expect(digest()).not.toMatch(/:process:/);
    digest();
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/digest\.key has the mode 0644.*chmod 600/);
  });
});
