/** The options of the exporters. A value that is not accepted is a programming error, so it throws. */

import { problemText, show } from './problem.js';
import { FILE_EXPORTER, type Option, REQUIRED, STDERR_EXPORTER } from './table.js';

type Table = Readonly<Record<string, Option<unknown>>>;

interface FileDefaults {
  readonly maxBytes: number;
  readonly maxFiles: number | undefined;
  readonly reserve: number;
  readonly now: () => number;
}

/** @throws TypeError or RangeError as {@link withDefaults} does */
export function fileExporterOptions<T extends object>(given: T): T & FileDefaults {
  return withDefaults('FileLogRecordExporter', FILE_EXPORTER, given) as T & FileDefaults;
}

/** @throws TypeError or RangeError as {@link withDefaults} does */
export function stderrExporterOptions<T extends object>(given: T): T {
  return withDefaults('StderrLogRecordExporter', STDERR_EXPORTER, given) as T;
}

/** @throws RangeError for a number out of range, TypeError for anything else; both name the option and what is accepted. */
function withDefaults(exporter: string, table: Table, given: object): object {
  if (typeof given !== 'object' || given === null) {
    throw new TypeError(`the options of ${exporter} are ${show(given)}; accepted: an object`);
  }
  const entries = Object.entries(table).map(([name, { kind, default: value }]) => {
    const found: unknown = (given as Record<string, unknown>)[name];
    if (found === undefined && value !== REQUIRED) return [name, value] as const;
    return [name, kind.read(found, name, refuse)] as const;
  });
  return Object.fromEntries(entries);
}

function refuse(path: string, found: unknown, accepts: string): never {
  const message = problemText(path, found, accepts);
  const isOutOfRange = typeof found === 'number' && accepts.includes('number');
  throw isOutOfRange ? new RangeError(message) : new TypeError(message);
}
