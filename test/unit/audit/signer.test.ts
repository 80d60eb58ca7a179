/** Which key signs, as its file changes. */
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Signer } from '../../../src/audit/signer.js';
import { newSigningKey, privateJwk } from '../../../src/chain/keys.js';
import { newKeyFile, replaceKey } from '../../support/signing-key.js';

const NOW = Date.UTC(2026, 10, 21);
const SECONDS = NOW / 1000;
const VARIABLE = 'MCP_TRAIL_AUDIT_SIGNING_KEY_FILE';

let folder: string;
let stderr: string[];
const home = process.cwd();
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-signer-'));
  vi.useFakeTimers({ now: NOW });
  stderr = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => stderr.push(String(line)) > 0);
});
afterEach(() => {
  process.chdir(home);
  vi.useRealTimers();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

function signerOf(path: string): Signer {
  const signer = new Signer(path, VARIABLE);
  signer.load();
  return signer;
}

describe('a file that others can use', () => {
  it('is taken once they no longer can', () => {
    const { path } = newKeyFile(folder);
    const signer = signerOf(path);
    const next = replaceKey(path);
    chmodSync(path, 0o644);
    expect(signer.next()).toBeUndefined();
    expect(stderr).toEqual([expect.stringMatching(/has the mode 0644.*goes on signing\n$/)]);
    chmodSync(path, 0o600);
    expect(signer.next()?.id).toBe(next.id);
    expect(stderr).toHaveLength(1);
  });

  it('is reported once if it was not so at the start, and its key signs on', () => {
    const { path, key } = newKeyFile(folder);
    const signer = signerOf(path);
    chmodSync(path, 0o666);
    for (let n = 0; n < 3; n++) expect(signer.next()).toBeUndefined();
    expect(signer.key?.id).toBe(key.id);
    expect(stderr).toEqual([expect.stringMatching(/has the mode 0666.*goes on signing\n$/)]);
  });
});

it('another key is offered until it is used', () => {
  const { path, key } = newKeyFile(folder);
  const signer = signerOf(path);
  const other = replaceKey(path);
  for (let n = 0; n < 3; n++) expect(signer.next()?.id).toBe(other.id);
  expect(signer.key?.id).toBe(key.id);
  signer.use(other);
  expect(signer.next()).toBeUndefined();
  expect(signer.key?.id).toBe(other.id);
});

it('another key is forgotten when the file has the old one again', () => {
  const { path } = newKeyFile(folder);
  const signer = signerOf(path);
  renameSync(path, `${path}.old`);
  replaceKey(path);
  expect(signer.next()).toBeDefined();
  renameSync(`${path}.old`, path);
  expect(signer.next()).toBeUndefined();
});

describe('another key that is not valid', () => {
  it('yet is taken when it is, and the old one signs until then', () => {
    const { path } = newKeyFile(folder);
    const signer = signerOf(path);
    const other = replaceKey(path, { notBefore: SECONDS + 60 });
    for (let n = 0; n < 3; n++) expect(signer.next()).toBeUndefined();
    expect(stderr).toEqual([
      expect.stringMatching(/holds another key, which has expired or is not valid yet\. The key/),
    ]);
    vi.advanceTimersByTime(60_000);
    expect(signer.next()?.id).toBe(other.id);
    expect(stderr).toHaveLength(1);
  });

  it('any more is not taken', () => {
    const { path } = newKeyFile(folder);
    const signer = signerOf(path);
    replaceKey(path, { notAfter: SECONDS - 1 });
    for (let n = 0; n < 3; n++) expect(signer.next()).toBeUndefined();
    expect(stderr).toHaveLength(1);
  });

  it('is taken if the old one is not, either', () => {
    const { path } = newKeyFile(folder, { notAfter: SECONDS - 1 });
    const signer = signerOf(path);
    const other = replaceKey(path, { notBefore: SECONDS + 60 });
    expect(signer.next()?.id).toBe(other.id);
  });
});

it('a relative path is that of the working directory at the start', () => {
  const { path, key } = newKeyFile(folder);
  process.chdir(folder);
  const signer = signerOf(basename(path));
  mkdirSync('elsewhere');
  process.chdir('elsewhere');
  const other = replaceKey(path);
  expect(signer.key?.id).toBe(key.id);
  expect(signer.next()?.id).toBe(other.id);
  expect(stderr).toEqual([]);
});

describe('a file that appears later', () => {
  it('has the key that signs from then on', () => {
    const { path, key } = newKeyFile(folder);
    renameSync(path, `${path}.later`);
    const signer = signerOf(path);
    expect(signer.next()).toBeUndefined();
    expect(stderr).toEqual([expect.stringContaining('not signed until it holds a key')]);
    renameSync(`${path}.later`, path);
    expect(signer.next()).toBeUndefined();
    expect(signer.key?.id).toBe(key.id);
    expect(stderr).toHaveLength(1);
  });
});

describe('a path that cannot be read', () => {
  it('is named', () => {
    signerOf(join(folder, 'none.jwk'));
    expect(stderr[0]).toContain(`mcp-trail: ${VARIABLE} is ${JSON.stringify(join(folder, 'none.jwk'))}, which cannot`);
  });

  it('is not shown if it may be the key itself', () => {
    const text = privateJwk(newSigningKey({}))['d'] as string;
    signerOf(text);
    expect(stderr).toHaveLength(1);
    expect(stderr[0]).toContain(
      `${VARIABLE} (not shown, as it may be the key itself; accepted: the path of a file) cannot`,
    );
    expect(stderr[0]).not.toContain(text.slice(0, 6));
  });
});
