/** Folders that are made, and systems that make none. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder } from '../../../src/lib/files.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a folder that is made', () => {
  it('is for its owner alone, as those above it are', () => {
    makeFolder(join(folder, 'a', 'b', 'c'));
    expect(['a', 'a/b', 'a/b/c'].map((each) => statSync(join(folder, each)).mode & 0o777)).toEqual([
      0o700, 0o700, 0o700,
    ]);
  });

  it('may be there, also behind a link, and keeps its mode', () => {
    const path = join(folder, 'there');
    mkdirSync(path, 0o755);
    symlinkSync(path, join(folder, 'link'));
    for (const each of [path, join(folder, 'link'), `${path}/`, '/', '.']) makeFolder(each);
    makeFolder(join(folder, 'link', 'deep'));
    expect(statSync(path).mode & 0o777).toBe(0o755);
    expect(statSync(join(path, 'deep')).isDirectory()).toBe(true);
  });

  it('is refused below a file', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => makeFolder(join(folder, 'file'))).toThrow(/EEXIST/);
    expect(() => makeFolder(join(folder, 'file', 'a', 'b'))).toThrow(/ENOTDIR/);
  });
});

it('a file below /proc is refused instead of tried without an end', () => {
  const esm = fileURLToPath(new URL('../../../dist/esm/index.js', import.meta.url));
  const script = `
    import { FileLogRecordExporter } from ${JSON.stringify(esm)};
    const onError = ({ message }) => process.stdout.write(message);
    new FileLogRecordExporter({ path: '/proc/mcp-trail/audit.jsonl', onError }).write('{}');`;
  const { signal, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    timeout: 20_000,
    encoding: 'utf8',
  });
  expect(signal).toBeNull();
  expect(stdout).toContain('cannot write to');
});
