/** Log records in a file, one line each: they survive the process, and the file rotates. */
import { dirname } from 'node:path';
import { DATA, isFolder, tooOpen, USED_ANYWAY } from '../lib/files.js';
import { fileExporterOptions } from '../options/exporters.js';
import { callHook } from '../report/guarded.js';
import { warnOperator } from '../report/report.js';
import { CoalescedSync } from './coalesced-sync.js';
import { exportRecords, Failures } from './exporter.js';
import { isOneLine } from './line.js';
import { resolvePath } from './path-template.js';
import { RotatingFile } from './rotating-file.js';
import type { ErrorHandler, ExportResultLike, LogRecordLike, WriteError } from './types.js';
import { writeError } from './write.js';

/** Options of {@link FileLogRecordExporter}. */
export interface FileLogRecordExporterOptions {
  /**
   * The file, relative to the working directory at construction. The first line creates it and its folders, with the modes
   * 0600 and 0700. An existing file keeps its mode; one line on stderr warns if anyone but its owner and readers in its
   * group can use it. A symbolic link is refused. `{pid}` and every name in `placeholders` are replaced:
   * `/var/log/mcp/{service}-{pid}.jsonl`.
   */
  readonly path: string;
  /**
   * Values for the placeholders in `path`. Characters other than `A-Za-z0-9._-`, and leading dots, become `_`; values are
   * cut to 128 characters.
   *
   * @defaultValue `{ pid: process.pid }`
   */
  readonly placeholders?: Readonly<Record<string, string | number>> | undefined;
  /**
   * Size at which the file rotates, in bytes: 1024 (1 KiB) to 1099511627776 (1 TiB). A longer line gets a file of its own.
   *
   * @defaultValue 67108864 (64 MiB)
   */
  readonly maxBytes?: number | undefined;
  /**
   * How many rotated files to keep, 1 to 10000. The oldest are deleted. Without it nothing is deleted, and a line on stderr
   * warns, once per folder, if the rotated files take up 10 GiB or more.
   *
   * @defaultValue unlimited
   */
  readonly maxFiles?: number | undefined;
  /**
   * Space on the file system to leave free for others, in bytes, 0 (off) to 1099511627776 (1 TiB); at most a tenth of the
   * file system. While less is free, writes fail with the code `reserve`. The space is looked at once a second, or sooner
   * after a sixteenth of the reserve was written, and with every line while it is too little.
   *
   * @defaultValue 268435456 (256 MiB)
   */
  readonly reserve?: number | undefined;
  /**
   * Receives the name of each file that `maxFiles` deleted, without its folder, after the deletion. Of several processes that
   * rotate the same file, the one that deleted it is told. Errors it throws are swallowed.
   *
   * @defaultValue nothing
   */
  readonly onDeleted?: ((name: string) => void) | undefined;
  /**
   * Receives the first failure of each kind (action and error code) at run time. The error names the path and the reason,
   * and contains nothing of the records.
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

const GIB = 2 ** 30;
/** Bound on folders that are remembered. */
const MAX_WARNED = 100;
const warned = new Set<string>();

/** Warns once per folder. */
function warnOfSize(folder: string, bytes: number): void {
  if (warned.has(folder) || warned.size >= MAX_WARNED) return;
  warned.add(folder);
  warnOperator(
    `the folder ${JSON.stringify(folder)} has ${Math.floor(bytes / GIB)} GiB of rotated files, which nothing deletes. ` +
      'Archive them, let a Collector ship them, or set fileMaxFiles (MCP_TRAIL_AUDIT_FILE_MAX_FILES; maxFiles of the ' +
      'exporter) to keep only the newest',
  );
}

/**
 * Appends log records to a file, one line of JSON each. An ordinary exporter for the LoggerProvider of the OpenTelemetry
 * SDK, 2.x (`sdk-logs` 0.2xx) or 3.x; it also works without an SDK, with `write`.
 *
 * Writes are synchronous: accepted records survive the death of the process, SIGKILL included, and a loss of power after
 * the next `forceFlush`. Several processes may write to the same path of a local file system; their lines do not mix. If
 * something else moves or deletes the file, the next line creates it again. After a crash in the middle of a line, the next
 * line starts on a new one; two processes that start then may leave an empty line.
 *
 * The file rotates when it is full, and with the first line of a new day (UTC): `audit.jsonl` becomes
 * `audit-2026-11-21T093000Z-1.jsonl`, named after the time of rotation, in the same folder.
 *
 * Nothing throws at run time. A failed write is reported and undone, and the next write starts afresh. If rotation fails,
 * the file keeps growing, and rotation is tried again after a minute.
 */
export class FileLogRecordExporter {
  readonly #file: RotatingFile;
  readonly #failures: Failures;
  readonly #where: string;
  #shutDown: Promise<void> | undefined;

  /**
   * Does not open the file.
   *
   * @throws TypeError or RangeError that names the option, its value, and what is accepted
   */
  constructor(options: FileLogRecordExporterOptions) {
    const { path, placeholders, maxBytes, maxFiles, reserve, onDeleted, onError, now } = fileExporterOptions(options);
    const file = resolvePath(path, placeholders);
    this.#where = JSON.stringify(file);
    if (isFolder(file)) throw new TypeError(`path is ${this.#where}, a folder; accepted: the path of a file`);
    this.#failures = new Failures(onError ?? (({ message }) => warnOperator(message)));
    this.#file = new RotatingFile({
      path: file,
      maxBytes,
      maxFiles,
      reserve,
      now,
      onContinued: (mode) => {
        const open = tooOpen(mode, DATA);
        if (open !== undefined) warnOperator(`the file ${this.#where} ${open}. ${USED_ANYWAY}`);
      },
      onDeleted: (name) => onDeleted !== undefined && callHook('onDeleted', onDeleted, name),
      onMuch: (bytes) => warnOfSize(dirname(file), bytes),
      onRotationError: (doing, error) => this.#failures.report(doing, this.#where, error),
    });
  }

  /** Writes a record per line. Calls back before it returns: with code 1 and the first error if any record failed. */
  export(records: readonly LogRecordLike[], resultCallback: (result: ExportResultLike) => void): void {
    exportRecords(records, (line) => this.#send(line), resultCallback);
  }

  /**
   * Appends a finished line: without a line feed at its end, or a line break in it.
   *
   * @param onLost receives the reason if the line was not written, before this returns; errors it throws are swallowed
   * @returns true once the operating system has the line; false if it was not written
   */
  write(line: string, onLost?: ErrorHandler): boolean {
    const error = this.#send(line);
    if (error !== undefined && onLost !== undefined) callHook('onLost', onLost, error);
    return error === undefined;
  }

  /** Syncs the file to disk. A failure goes to `onError`, not to the caller. */
  async forceFlush(): Promise<void> {
    try {
      await this.#file.sync();
    } catch (error) {
      this.#failures.report('sync', this.#where, error);
    }
  }

  /**
   * From now on, resolves once all lines so far are on disk, with whether that worked; a failure also goes to `onError`. The
   * lines of one moment share a sync.
   *
   * @internal
   */
  keepOnDisk(): () => Promise<boolean> {
    this.#file.keepOnDisk();
    const syncs = new CoalescedSync(async () => {
      try {
        await this.#file.sync();
        return true;
      } catch (error) {
        this.#failures.report('sync', this.#where, error);
        return false;
      }
    });
    return () => syncs.wait();
  }

  /**
   * Syncs what is left, before the process ends.
   *
   * @internal
   */
  syncNow(): void {
    this.#file.syncNow();
  }

  /**
   * Closes the file until the next line.
   *
   * @internal
   */
  release(): void {
    this.#file.close();
  }

  /** Flushes and closes the file. Later records are not written. */
  shutdown(): Promise<void> {
    this.#shutDown ??= this.forceFlush().then(() => this.#file.close());
    return this.#shutDown;
  }

  #send(line: string): WriteError | undefined {
    if (this.#shutDown !== undefined) return writeError(`cannot write to ${this.#where}: it is shut down`);
    try {
      if (typeof line !== 'string' || !isOneLine(line)) throw writeError('the text is not one line');
      this.#file.append(Buffer.from(`${line}\n`));
      return undefined;
    } catch (error) {
      return this.#failures.report('write to', this.#where, error);
    }
  }
}
