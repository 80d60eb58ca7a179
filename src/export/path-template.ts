/** The path of a file with placeholders: `/var/log/mcp/{service}-{pid}.jsonl`. */
import { basename, resolve, sep } from 'node:path';
import { problemText, show } from '../options/problem.js';

const PLACEHOLDER = /\{([A-Za-z][A-Za-z0-9_.-]*)\}/g;
const MAX_VALUE_CHARS = 128;
const MAX_SHOWN_CHARS = 200;

/**
 * The absolute path for a template, with each `{name}` replaced by its value. Braces around anything but a name stay.
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

/** A value as part of a file name: never empty, hidden, or a way out of the folder. */
function fileNamePart(value: string): string {
  const safe = value.slice(0, MAX_VALUE_CHARS).replaceAll(/[^A-Za-z0-9._-]/g, '_');
  return safe.replace(/^\.+/, (dots) => '_'.repeat(dots.length)) || '_';
}
