/** What an exporter does with the records that an SDK hands to it, whatever the lines are written to. */
import { callHook } from '../report/guarded.js';
import { recordLine } from './line.js';
import type { ExportResultLike, LogRecordLike, WriteError } from './types.js';

/** Writes one line; undefined when it was written. */
type SendLine = (line: string) => WriteError | undefined;

/** Writes the line of each record, and says once how that went. One that fails does not keep the others back. */
export function exportRecords(
  records: Iterable<LogRecordLike>,
  send: SendLine,
  resultCallback: (result: ExportResultLike) => void,
): void {
  let failure: Error | undefined;
  try {
    for (const record of records) {
      const error = send(recordLine(record));
      failure ??= error;
    }
  } catch (error) {
    // What was handed over is no list of records.
    failure ??= error instanceof Error ? error : new Error('the log records cannot be read');
  }
  callHook('resultCallback', resultCallback, failure === undefined ? { code: 0 } : { code: 1, error: failure });
}
