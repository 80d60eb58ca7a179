/** The path of a log file, with placeholders for what differs between processes. */
import { basename, resolve, sep } from 'node:path';
import { problemText, show } from '../options/problem.js';
import { DATA, isFolder, tooOpen } from '../lib/files.js';
import { fileExporterOptions } from '../options/exporters.js';
import { callHook } from '../report/guarded.js';
import { warnOperator } from '../report/report.js';
import { Failures, exportRecords, writeError } from './exporter.js';
import { isOneLine } from './line.js';
import { RotatingFile } from './rotating-file.js';
import type { ErrorHandler, ExportResultLike, LogRecordLike, WriteError } from './types.js';

const PLACEHOLDER = /\{([A-Za-z][A-Za-z0-9_.-]*)\}/g;
const MAX_VALUE_CHARS = 128;
const MAX_SHOWN_CHARS = 200;

/**
 * The absolute path that a template stands for: each `{name}` is replaced by its value. Braces around anything that is
 * no name stay as they are.
 *
 * @throws TypeError when a placeholder has no value, or the path can only be that of a folder
 */
export function resolvePath(template: string, placeholders: Readonly<Record<string, string | number>> = {}): string {
  const values: Record<string, string | number> = { pid: process.pid, ...placeholders };
  const path = template.replace(PLACEHOLDER, (_whole, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value !== undefined) return fileNamePart(String(value));
    throw new TypeError(
      `${problemText(`placeholders.${name}`, value, 'a text or a number')}. The path ${show(template, MAX_SHOWN_CHARS)} has it`,
    );
  });
  if (/[/\\.]$/.test(path) && endsAsFolder(path)) {
    throw new TypeError(`path is ${show(path, MAX_SHOWN_CHARS)}, a folder; accepted: the path of a file`);
  }
  return resolve(path);
}

/** A path that ends in a separator, `.` or `..`. */
function endsAsFolder(path: string): boolean {
  return path.endsWith('/') || path.endsWith(sep) || ['.', '..'].includes(basename(path));
}

/** A value as a part of a file's name: it leads nowhere, hides nothing, and is never empty. */
function fileNamePart(value: string): string {
  const safe = value.slice(0, MAX_VALUE_CHARS).replaceAll(/[^A-Za-z0-9._-]/g, '_');
  return safe.replace(/^\.+/, (dots) => '_'.repeat(dots.length)) || '_';
}

// Log records into a file, one line each, that survive the process and are put aside when there are many.

/** Options of {@link FileLogRecordExporter}. */
export interface FileLogRecordExporterOptions {
  /**
   * The file, relative to the working directory at the time the exporter is made. It and its folders are made when the
   * first line is written, with the modes 0600 and 0700; one that is there keeps its mode, and a line on stderr says once
   * where others than its owner and readers in its group can use it. It may not be a symbolic link. `{pid}` and every name in
   * `placeholders` stand for their values: `/var/log/mcp/{service}-{pid}.jsonl`.
   */
  readonly path: string;
  /**
   * Values for the placeholders in `path`. Characters other than `A-Za-z0-9._-` become `_`, as do dots at the
   * beginning; at most 128 characters are used.
   *
   * @defaultValue `{ pid: process.pid }`
   */
  readonly placeholders?: Readonly<Record<string, string | number>> | undefined;
  /**
   * How large the file may become, in bytes, before it is put aside: 1024 (1 KiB) to 1099511627776 (1 TiB). A line that
   * is larger gets a file of its own.
   *
   * @defaultValue 67108864 (64 MiB)
   */
  readonly maxBytes?: number | undefined;
  /**
   * How many files that were put aside are kept, the newest: 1 to 10000. Older ones are deleted.
   *
   * @defaultValue 30
   */
  readonly maxFiles?: number | undefined;
  /**
   * Hears of failures at run time: of each kind (what failed, and the code) once. The error says the path and the
   * reason, nothing of the records.
   *
   * @defaultValue one line on stderr
   */
  readonly onError?: ErrorHandler | undefined;
  /**
   * The clock: milliseconds since 1970.
   *
   * @defaultValue `Date.now`
   */
  readonly now?: (() => number) | undefined;
}

/**
 * Appends log records to a file, one line of JSON each. It is an ordinary exporter for the LoggerProvider of the
 * OpenTelemetry SDK, 2.x (`sdk-logs` 0.2xx) or 3.x, and can be written to without one.
 *
 * Writing is synchronous: what was accepted survives the death of the process, SIGKILL included. A loss of power it
 * survives from the next `forceFlush` on. Several processes may write to one path of a local file system; their lines
 * do not mix. A file that something else moved or deleted is made again. After a crash in the middle of a line, the
 * next line begins on a new one; two processes that start then may leave an empty line.
 *
 * The file is put aside when it is full, and with the first line of a new day (UTC): `audit.jsonl` becomes
 * `audit-2026-11-21T093000Z-1.jsonl`, of the time at which it was closed, in the same folder.
 *
 * Nothing throws at run time. A write that fails is reported, a part of a line is taken back, and the next write tries
 * again from the beginning. Where putting aside fails, the file goes on growing, and it is tried again after a minute.
 */
export class FileLogRecordExporter {
  readonly #file: RotatingFile;
  readonly #failures: Failures;
  readonly #where: string;
  #shutDown: Promise<void> | undefined;

  /** @throws TypeError or RangeError naming the option, what it is, and what is accepted. The file is not opened. */
  constructor(options: FileLogRecordExporterOptions) {
    const { path, placeholders, maxBytes, maxFiles, onError, now } = fileExporterOptions(options);
    const file = resolvePath(path, placeholders);
    this.#where = JSON.stringify(file);
    if (isFolder(file)) throw new TypeError(`path is ${this.#where}, a folder; accepted: the path of a file`);
    this.#failures = new Failures(onError ?? (({ message }) => warnOperator(message)));
    this.#file = new RotatingFile({
      path: file,
      maxBytes,
      maxFiles,
      now,
      onContinued: (mode) => {
        const open = tooOpen(mode, DATA);
        if (open !== undefined) warnOperator(`the file ${this.#where} ${open}`);
      },
      onRotationError: (doing, error) => this.#failures.tell(doing, this.#where, error),
    });
  }

  /** Writes a record per line. Calls back before it returns: with 1 and the first error when any of them failed. */
  export(records: readonly LogRecordLike[], resultCallback: (result: ExportResultLike) => void): void {
    exportRecords(records, (line) => this.#send(line), resultCallback);
  }

  /**
   * Appends a finished line, without a line feed at its end, and none within.
   *
   * @param onLost called, before this returns, with the reason for which the line was not written. What it throws is
   * swallowed.
   * @returns true once the line is the operating system's; false when it was not written.
   */
  write(line: string, onLost?: ErrorHandler): boolean {
    const error = this.#send(line);
    if (error !== undefined && onLost !== undefined) callHook('onLost', onLost, error);
    return error === undefined;
  }

  /** Has the present file put onto the disk. A failure of that goes to `onError`, not to the caller. */
  async forceFlush(): Promise<void> {
    try {
      await this.#file.sync();
    } catch (error) {
      this.#failures.tell('sync', this.#where, error);
    }
  }

  /** Flushes and closes the file. What comes after is not written. */
  shutdown(): Promise<void> {
    this.#shutDown ??= this.forceFlush().then(() => this.#file.close());
    return this.#shutDown;
  }

  #send(line: string): WriteError | undefined {
    if (this.#shutDown !== undefined) return writeError(`cannot write to ${this.#where}: it is shut down`);
    try {
      if (typeof line !== 'string' || !isOneLine(line)) throw writeError('what was given is not one line');
      this.#file.append(Buffer.from(`${line}\n`));
      return undefined;
    } catch (error) {
      return this.#failures.tell('write to', this.#where, error);
    }
  }
}
