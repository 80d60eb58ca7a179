/** The path of a log file, with placeholders for what differs between processes. */
import { basename, resolve, sep } from 'node:path';
import { optionsObject, show } from '../options/exporters.js';

const PLACEHOLDER = /\{([A-Za-z][A-Za-z0-9_.-]*)\}/g;
const MAX_VALUE_CHARS = 128;

/**
 * The absolute path that a template stands for: each `{name}` is replaced by its value. Braces around anything that is
 * no name stay as they are.
 *
 * @throws TypeError when the path is none, names a placeholder without a value, or is that of a folder by its form.
 */
export function resolvePath(template: unknown, placeholders: Readonly<Record<string, unknown>> = {}): string {
  if (typeof template !== 'string' || template.trim() === '' || template.includes('\0')) {
    throw new TypeError(`path is ${show(template)}; accepted: the path of a file`);
  }
  const values: Record<string, unknown> = { pid: process.pid, ...optionsObject('placeholders', placeholders) };
  const path = template.replace(PLACEHOLDER, (_whole, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (typeof value === 'string' || typeof value === 'number') return fileNamePart(String(value));
    throw new TypeError(
      `path is ${show(template)}, and placeholders has ${show(value)} for ${name}; accepted: a string or a number`,
    );
  });
  if (/[/\\.]$/.test(path) && endsAsFolder(path)) {
    throw new TypeError(`path is ${show(path)}, a folder; accepted: the path of a file`);
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
