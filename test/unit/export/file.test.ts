import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FileLogRecordExporter, type FileLogRecordExporterOptions } from '../../../src/export/file.js';
import type { WriteError } from '../../../src/export/types.js';

const NOW = Date.UTC(2026, 10, 21, 9, 30);
const DAY = 86_400_000;

let folder: string;
let path: string;
let now: number;
let errors: WriteError[];
let exporters: FileLogRecordExporter[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-export-'));
  path = join(folder, 'audit.jsonl');
  now = NOW;
  errors = [];
  exporters = [];
});
afterEach(async () => {
  await Promise.all(exporters.map((exporter) => exporter.shutdown()));
  rmSync(folder, { recursive: true });
});

function make(options: Partial<FileLogRecordExporterOptions> = {}): FileLogRecordExporter {
  const exporter = new FileLogRecordExporter({
    path,
    now: () => now,
    onError: (error) => errors.push(error),
    ...options,
  });
  exporters.push(exporter);
  return exporter;
}

const content = (file = path) => readFileSync(file, 'utf8');
const rotated = () =>
  readdirSync(folder)
    .filter((name) => name.startsWith('audit-'))
    .sort();
const codes = () => errors.map(({ code }) => code);
/** A line of this many bytes, line feed included. */
const lineOf = (bytes: number, letter = 'x') => letter.repeat(bytes - 1);

describe('a refused option', () => {
  it.each([
    [{ path: '' }, TypeError, 'path is ""; accepted: the path of a file'],
    [{ path: '  ' }, TypeError, 'path is "  "; accepted: the path of a file'],
    [{ path: 7 }, TypeError, 'path is 7; accepted: the path of a file'],
    [{ path: undefined }, TypeError, 'path is missing; accepted: the path of a file'],
    [{ path: null }, TypeError, 'path is null; accepted: the path of a file'],
    [{ path: {} }, TypeError, 'path is an object; accepted: the path of a file'],
    [{ path: 'a\0b' }, TypeError, 'path is "a\\u0000b"; accepted: the path of a file'],
    [{ path: '{a}', placeholders: { a: {} } }, TypeError, 'placeholders.a is an object; accepted: a text or a number'],
    [{ maxBytes: '1' }, TypeError, 'maxBytes is "1"; accepted: a whole number from 1024 to 1099511627776'],
    [{ maxBytes: 1023 }, RangeError, 'maxBytes is 1023; accepted: a whole number from 1024 to 1099511627776'],
    [{ maxBytes: 2 ** 40 + 1 }, RangeError, 'maxBytes is 1099511627777; accepted'],
    [{ maxBytes: 2000.5 }, RangeError, 'maxBytes is 2000.5; accepted'],
    [{ maxBytes: Number.NaN }, RangeError, 'maxBytes is NaN; accepted'],
    [{ maxFiles: 0 }, RangeError, 'maxFiles is 0; accepted: a whole number from 1 to 10000'],
    [{ maxFiles: 10_001 }, RangeError, 'maxFiles is 10001; accepted'],
    [{ maxFiles: null }, TypeError, 'maxFiles is null; accepted'],
    [{ onError: 'console' }, TypeError, 'onError is "console"; accepted: a function'],
    [{ now: 0 }, TypeError, 'now is 0; accepted: a function'],
    [{ placeholders: 'a' }, TypeError, 'placeholders is "a"; accepted: an object'],
  ])('is a mistake that names it: %j', (options, type, message) => {
    const attempt = () => make(options as never);
    expect(attempt).toThrow(type);
    expect(attempt).toThrow(message);
  });

  it('throws without any options', () => {
    expect(() => new FileLogRecordExporter(undefined as never)).toThrow('accepted: an object');
  });

  it('throws if the path is a folder', () => {
    expect(() => make({ path: folder })).toThrow(TypeError);
    expect(() => make({ path: folder })).toThrow(`path is ${JSON.stringify(folder)}, a folder; accepted`);
  });

  it('throws nothing at the ends of the ranges', () => {
    make({ maxBytes: 1024, maxFiles: 1 });
    make({ maxBytes: 2 ** 40, maxFiles: 10_000 });
  });
});

describe('a write that fails', () => {
  it('is reported once, without the line', () => {
    const exporter = make({ path: '/dev/full' });
    const secret = ['s3', 'cr3t'].join('');
    expect([exporter.write(secret), exporter.write(secret)]).toEqual([false, false]);
    expect(codes()).toEqual(['ENOSPC']);
    expect(errors[0]?.message).toBe('cannot write to "/dev/full": ENOSPC: no space left on device');
    expect(errors.join()).not.toContain(secret);
  });

  it('passes the reason of each lost line to the caller, whatever its callback does', () => {
    const exporter = make({ path: '/dev/full' });
    const lost = vi.fn(() => {
      throw new Error('theirs');
    });
    expect([exporter.write('a', lost), exporter.write('b', lost), make({}).write('c', lost)]).toEqual([
      false,
      false,
      true,
    ]);
    expect(lost.mock.calls.map(([error]: any) => error.code)).toEqual(['ENOSPC', 'ENOSPC']);
  });

  it('makes the export fail with its error', () => {
    const result = vi.fn();
    make({ path: '/dev/full' }).export([{ body: 'a' }, { body: 'b' }], result);
    expect(result.mock.calls).toEqual([[{ code: 1, error: errors[0] }]]);
    expect(errors).toHaveLength(1);
  });

  it('is reported again if it is of another kind', () => {
    const exporter = make({ path: join(folder, 'sub/audit.jsonl') });
    mkdirSync(join(folder, 'sub/audit.jsonl'), { recursive: true });
    exporter.write('a');
    rmSync(join(folder, 'sub'), { recursive: true });
    writeFileSync(join(folder, 'sub'), 'a file');
    exporter.write('b');
    exporter.write('c');
    expect(codes()).toEqual(['EISDIR', 'ENOTDIR']);
  });

  it('does not prevent later writes', () => {
    const exporter = make();
    mkdirSync(path);
    expect(exporter.write('a')).toBe(false);
    rmSync(path, { recursive: true });
    expect(exporter.write('b')).toBe(true);
    expect(content()).toBe('b\n');
  });

  it('throws nothing, whatever onError does', async () => {
    const unhandled = vi.fn();
    process.once('unhandledRejection', unhandled);
    const onErrors: (() => unknown)[] = [
      () => {
        throw new Error('mine');
      },
      async () => {
        throw new Error('mine');
      },
    ];
    for (const onError of onErrors) {
      expect(make({ path: '/dev/full', onError: onError as () => void }).write('a')).toBe(false);
    }
    await new Promise((resolve) => setImmediate(resolve));
    process.removeListener('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('throws nothing, whatever the callback of an export does', () => {
    const result = vi.fn(() => {
      throw new Error('mine');
    });
    make().export([{ body: 'a' }], result);
    expect(result).toHaveBeenCalledTimes(1);
    expect(content()).toBe('{"body":"a"}\n');
  });

  it.each([[undefined], [7], [[null]]])('throws nothing, whatever is exported: %j', (records) => {
    const result = vi.fn();
    make().export(records as never, result);
    expect(result).toHaveBeenCalledTimes(1);
  });

  it('throws nothing, whatever the clock does', () => {
    const clocks = [
      () => Number.NaN,
      () => 'noon' as never,
      () => {
        throw new Error('mine');
      },
    ];
    expect(clocks.map((clock) => make({ now: clock }).write('a'))).toEqual([true, true, true]);
  });
});

describe('anything but one line', () => {
  it.each([['a\nb'], ['a\n'], ['a\rb'], [undefined], [{}]])('is not written: %j', (line) => {
    const exporter = make();
    expect(exporter.write(line as string)).toBe(false);
    expect(existsSync(path)).toBe(false);
    expect(errors[0]?.message).toContain('the text is not one line');
  });
});

describe('a path to anything but a file', () => {
  it('is refused if it is a symbolic link, also a dangling one', () => {
    const target = join(folder, 'target');
    symlinkSync(target, path);
    const exporter = make();
    expect(exporter.write('a')).toBe(false);
    expect(existsSync(target)).toBe(false);
    expect(codes()).toEqual(['ELOOP']);
    expect(errors[0]?.message).toMatch(/it is a symbolic link, and links are refused .*; give the path it leads to$/);
    writeFileSync(target, '');
    expect(exporter.write('a')).toBe(false);
    expect(content(target)).toBe('');
  });

  it('is refused if it becomes a symbolic link, even to the same file', () => {
    const exporter = make();
    exporter.write('a');
    renameSync(path, join(folder, 'moved'));
    symlinkSync(join(folder, 'moved'), path);
    expect(exporter.write('b')).toBe(false);
    expect(content(join(folder, 'moved'))).toBe('a\n');
  });

  it('is refused at once if it is a named pipe without a reader', () => {
    execFileSync('mkfifo', [path]);
    expect(make().write('a')).toBe(false);
    expect(errors[0]?.message).toMatch(/: it is neither a file nor a device$/);
  });

  it('may be below a symbolic link, because the operator owns the folders', () => {
    mkdirSync(join(folder, 'real'));
    symlinkSync(join(folder, 'real'), join(folder, 'link'));
    expect(make({ path: join(folder, 'link/audit.jsonl') }).write('a')).toBe(true);
    expect(content(join(folder, 'real/audit.jsonl'))).toBe('a\n');
  });
});

describe('a new file', () => {
  it('is created with the first line, readable by its owner alone, like its folders', () => {
    path = join(folder, 'a/b/audit.jsonl');
    const exporter = make();
    expect(existsSync(join(folder, 'a'))).toBe(false);
    expect(exporter.write('a')).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect([join(folder, 'a/b'), join(folder, 'a')].map((each) => statSync(each).mode & 0o777)).toEqual([0o700, 0o700]);
  });

  it('is named by the placeholders', () => {
    const exporter = make({ path: join(folder, '{service}-{pid}.jsonl'), placeholders: { service: 'a/b' } });
    exporter.write('a');
    expect(readdirSync(folder)).toEqual([`a_b-${process.pid}.jsonl`]);
  });
});

describe('an existing file', () => {
  it.each([
    [0o666, /can write to it/],
    [0o660, /can write to it/],
    [0o644, /can read it/],
    [0o640, undefined],
    [0o600, undefined],
  ])('with the mode %o keeps it, and what others can do with it is said once', (mode, said) => {
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      writeFileSync(path, 'before\n');
      chmodSync(path, mode);
      for (const line of ['one', 'two']) expect(make().write(line)).toBe(true);
      expect(statSync(path).mode & 0o777).toBe(mode);
      expect(content()).toBe('before\none\ntwo\n');
      const lines = written.mock.calls.map(([line]) => String(line));
      expect(lines).toEqual(said === undefined ? [] : [expect.stringMatching(said)]);
      if (said !== undefined) expect(lines[0]).toContain(`${path}" has the mode 0${mode.toString(8)}`);
      expect(errors).toEqual([]);
    } finally {
      written.mockRestore();
    }
  });

  it('is continued with its mode', () => {
    writeFileSync(path, 'a\n');
    chmodSync(path, 0o640);
    make({ now: Date.now }).write('b');
    expect(content()).toBe('a\nb\n');
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  it('gets a line break first if it ends in the middle of a line', () => {
    writeFileSync(path, 'a\n{"torn');
    const exporter = make({ now: Date.now });
    exporter.write('b');
    exporter.write('c');
    expect(content()).toBe('a\n{"torn\nb\nc\n');
  });

  it('is created again after something else moves it', () => {
    const exporter = make();
    exporter.write('a');
    renameSync(path, join(folder, 'moved'));
    exporter.write('b');
    expect([content(join(folder, 'moved')), content()]).toEqual(['a\n', 'b\n']);
  });

  it('is created again, with its folder, after something else deletes it', () => {
    path = join(folder, 'sub/audit.jsonl');
    const exporter = make();
    exporter.write('a');
    rmSync(join(folder, 'sub'), { recursive: true });
    expect(exporter.write('b')).toBe(true);
    expect(content()).toBe('b\n');
  });

  it('is continued after something else truncates it', () => {
    const exporter = make();
    exporter.write('a');
    writeFileSync(path, '');
    exporter.write('b');
    expect(content()).toBe('b\n');
  });
});

describe('a full file', () => {
  it('rotates to a name with the time, in the same folder', () => {
    const exporter = make({ maxBytes: 1024 });
    exporter.write(lineOf(1000, 'a'));
    exporter.write(lineOf(24, 'b'));
    expect(rotated()).toEqual([]);
    exporter.write('c');
    expect(rotated()).toEqual(['audit-2026-11-21T093000Z-1.jsonl']);
    expect(content()).toBe('c\n');
    expect(content(join(folder, 'audit-2026-11-21T093000Z-1.jsonl'))).toHaveLength(1024);
    expect(statSync(join(folder, 'audit-2026-11-21T093000Z-1.jsonl')).mode & 0o777).toBe(0o600);
  });

  it('counts bytes, and lines of other processes', () => {
    const exporter = make({ maxBytes: 1024 });
    exporter.write('é'.repeat(256));
    appendFileSync(path, `${lineOf(500)}\n`);
    exporter.write(lineOf(12));
    expect(rotated()).toHaveLength(1);
  });

  it('may contain a single longer line', () => {
    const exporter = make({ maxBytes: 1024 });
    for (const letter of ['a', 'b', 'c']) exporter.write(lineOf(5000, letter));
    expect(rotated().map((name) => content(join(folder, name))[0])).toEqual(['a', 'b']);
    expect(content()[0]).toBe('c');
  });

  it('does not rotate twice if another process was faster', () => {
    const [one, other] = [make({ maxBytes: 1024 }), make({ maxBytes: 1024 })];
    one.write(lineOf(1000, 'a'));
    other.write(lineOf(20, 'b'));
    one.write(lineOf(100, 'c'));
    other.write(lineOf(100, 'd'));
    expect(rotated()).toHaveLength(1);
    expect(content()).toBe(`${lineOf(100, 'c')}\n${lineOf(100, 'd')}\n`);
  });

  it('never takes the name of another file', () => {
    writeFileSync(join(folder, 'audit-2026-11-21T093000Z-1.jsonl'), 'precious');
    const exporter = make({ maxBytes: 1024 });
    exporter.write(lineOf(1024, 'a'));
    exporter.write('b');
    expect(rotated()).toEqual(['audit-2026-11-21T093000Z-1.jsonl', 'audit-2026-11-21T093000Z-2.jsonl']);
    expect(content(join(folder, 'audit-2026-11-21T093000Z-1.jsonl'))).toBe('precious');
  });

  it('keeps growing if it cannot rotate, which is reported once', () => {
    // A name close to the longest possible has no room for a time.
    path = join(folder, `${'n'.repeat(240)}.jsonl`);
    const exporter = make({ maxBytes: 1024 });
    for (const _ of [1, 2, 3]) {
      expect(exporter.write(lineOf(1024))).toBe(true);
      now += 60_000;
    }
    expect(content()).toHaveLength(3 * 1024);
    expect(errors.map(({ message }) => message)).toEqual([
      `cannot put aside ${JSON.stringify(path)}: ENAMETOOLONG: name too long`,
    ]);
  });
});

describe('a file of an earlier day', () => {
  it('rotates with the first line of the next day, in UTC', () => {
    now = Date.UTC(2026, 10, 21, 23, 59, 59, 999);
    const exporter = make();
    exporter.write('a');
    now += 1;
    exporter.write('b');
    expect(rotated()).toEqual(['audit-2026-11-22T000000Z-1.jsonl']);
    expect(content()).toBe('b\n');
  });

  it('rotates when a process starts the next day', () => {
    writeFileSync(path, 'a\n');
    utimesSync(path, NOW / 1000, NOW / 1000 - 86_400);
    make().write('b');
    expect(rotated()).toEqual(['audit-2026-11-21T093000Z-1.jsonl']);
  });

  it('does not rotate if it is empty, or if the clock was set back', () => {
    const exporter = make();
    writeFileSync(path, '');
    exporter.write('a');
    now -= 2 * DAY;
    exporter.write('b');
    expect(rotated()).toEqual([]);
    expect(content()).toBe('a\nb\n');
  });
});

describe('rotated files', () => {
  const fill = (exporter: FileLogRecordExporter, letters: string) => {
    for (const letter of letters) exporter.write(lineOf(1024, letter));
  };
  const kept = () => rotated().map((name) => content(join(folder, name))[0]);

  it('are kept up to the limit, the newest ones', () => {
    fill(make({ maxBytes: 1024, maxFiles: 3 }), 'abcdefghijklm');
    expect(rotated()).toEqual([
      'audit-2026-11-21T093000Z-10.jsonl',
      'audit-2026-11-21T093000Z-11.jsonl',
      'audit-2026-11-21T093000Z-12.jsonl',
    ]);
    expect(kept()).toEqual(['j', 'k', 'l']);
  });

  it('are all kept without a limit', () => {
    fill(make({ maxBytes: 1024 }), 'x'.repeat(41));
    expect(rotated()).toHaveLength(40);
  });

  describe('that take up much', () => {
    const stderr = () => vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    /** A file without blocks on the disk. */
    const sparse = (name: string, bytes: number) => {
      writeFileSync(join(folder, name), 'x');
      truncateSync(join(folder, name), bytes);
    };
    const HALF = 5 * 2 ** 30;
    afterEach(() => vi.restoreAllMocks());

    it('are reported once per folder, with their size and what can be done', () => {
      const written = stderr();
      sparse('audit-2020-01-01T000000Z-1.jsonl', HALF);
      sparse('audit-2020-01-02T000000Z-1.jsonl', HALF + 1);
      make().write('a');
      make().write('b');
      const said = written.mock.calls.map(([text]) => String(text));
      expect(said).toEqual([
        `mcp-trail: the folder ${JSON.stringify(folder)} has 10 GiB of rotated files, which nothing deletes. Archive them, ` +
          'let a Collector ship them, or set fileMaxFiles (MCP_TRAIL_AUDIT_FILE_MAX_FILES; maxFiles of the exporter) to ' +
          'keep only the newest\n',
      ]);
      expect(rotated()).toHaveLength(2);
    });

    it('are noticed when the file rotates an hour later, and not with every record', () => {
      const written = stderr();
      const exporter = make({ maxBytes: 1024 });
      fill(exporter, 'ab');
      sparse('audit-2020-01-01T000000Z-1.jsonl', 2 * HALF);
      fill(exporter, 'cd');
      expect(written).not.toHaveBeenCalled();
      now += 3_600_000;
      fill(exporter, 'e');
      expect(written).toHaveBeenCalledOnce();
    });

    it('are no news below 10 GiB, with a limit, or if they are files of another path', () => {
      const written = stderr();
      sparse('audit-2020-01-01T000000Z-1.jsonl', 2 * HALF - 1);
      sparse('other-2020-01-01T000000Z-1.jsonl', 2 * HALF);
      make().write('a');
      sparse('audit-2020-01-01T000000Z-1.jsonl', 2 * HALF);
      make({ maxFiles: 3 }).write('b');
      expect(written).not.toHaveBeenCalled();
    });
  });

  it('are named when they are deleted, after that', () => {
    const told: unknown[] = [];
    const onDeleted = (name: string) => {
      told.push([name, rotated().includes(name)]);
      throw new Error('of the application');
    };
    fill(make({ maxBytes: 1024, maxFiles: 2, onDeleted }), 'abcde');
    expect(told).toEqual([
      ['audit-2026-11-21T093000Z-1.jsonl', false],
      ['audit-2026-11-21T093000Z-2.jsonl', false],
    ]);
    expect(kept()).toEqual(['c', 'd']);
  });

  it('keep their order after the clock was set back', () => {
    const exporter = make({ maxBytes: 1024, maxFiles: 2 });
    now = NOW + DAY / 24;
    fill(exporter, 'abc');
    now = NOW;
    fill(exporter, 'de');
    expect(kept()).toEqual(['c', 'd']);
  });

  it('are the only files to be deleted: other names, empty files and folders stay', () => {
    const others = ['audit-old.jsonl', 'audit-2020-01-01T000000Z-1.jsonl.gz', 'b-2020-01-01T000000Z-1.jsonl'];
    for (const name of others) writeFileSync(join(folder, name), 'x');
    writeFileSync(join(folder, 'audit-2020-01-01T000000Z-1.jsonl'), '');
    mkdirSync(join(folder, 'audit-2020-01-01T000000Z-2.jsonl'));
    symlinkSync(join(folder, 'b-2020-01-01T000000Z-1.jsonl'), join(folder, 'audit-2020-01-01T000000Z-3.jsonl'));
    writeFileSync(join(folder, 'audit-2020-01-01T000000Z-4.jsonl'), 'of ours');
    const before = readdirSync(folder);
    fill(make({ maxBytes: 1024, maxFiles: 1 }), 'abc');
    expect(before.filter((name) => !readdirSync(folder).includes(name))).toEqual(['audit-2020-01-01T000000Z-4.jsonl']);
  });
});

describe('an exporter that is shut down', () => {
  it('writes nothing more, and has closed the file', async () => {
    const exporter = make();
    exporter.write('a');
    expect(openDescriptorsOf(path)).toBe(1);
    await Promise.all([exporter.shutdown(), exporter.shutdown()]);
    const result = vi.fn();
    exporter.export([{ body: 'b' }], result);
    expect(exporter.write('b')).toBe(false);
    expect(result.mock.calls[0]?.[0]).toMatchObject({
      code: 1,
      error: { message: expect.stringContaining('shut down') },
    });
    expect(content()).toBe('a\n');
    expect(openDescriptorsOf(path)).toBe(0);
    expect(errors).toEqual([]);
  });

  it('stops at the call, not when the promise settles', () => {
    const exporter = make();
    void exporter.shutdown();
    expect(exporter.write('a')).toBe(false);
  });

  it('need not have written anything', async () => {
    await expect(make().shutdown()).resolves.toBeUndefined();
    expect(existsSync(path)).toBe(false);
  });
});

describe('a flush', () => {
  it('resolves when the file is on disk, or when there is nothing to sync', async () => {
    const exporter = make();
    await expect(exporter.forceFlush()).resolves.toBeUndefined();
    exporter.write('a');
    await expect(exporter.forceFlush()).resolves.toBeUndefined();
    const device = make({ path: '/dev/null' });
    device.write('a');
    await expect(device.forceFlush()).resolves.toBeUndefined();
    expect(errors).toEqual([]);
  });
});

/** The number of this process's descriptors for a file. */
function openDescriptorsOf(file: string): number {
  const { ino } = lstatSync(file);
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return fstatSync(Number(fd)).ino === ino;
    } catch {
      return false;
    }
  }).length;
}
