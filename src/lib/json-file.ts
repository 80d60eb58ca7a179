/** Files of JSON that operators write. */
import { readFileSync, statSync } from 'node:fs';
import { jsonErrorAt } from './json-error.js';

/** What a file says, or why it says nothing, as the rest of a sentence about it. */
export type ReadJson = { readonly value: unknown } | { readonly problem: string };

/** Reads a file of JSON in UTF-8. A problem says where it is, and quotes nothing of the file. Never throws. */
export function readJsonFile(path: string, maxBytes: number): ReadJson {
  let text: string;
  try {
    const found = statSync(path);
    // A pipe would be waited for, a device has no end.
    if (!found.isFile()) return { problem: 'is not a file' };
    if (found.size > maxBytes) return { problem: `has ${found.size} bytes; accepted: at most ${maxBytes}` };
    text = readFileSync(path, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    return { problem: `cannot be read (${codeOf(error)})` };
  }
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { problem: `is not JSON${positionIn(text)}` };
  }
}

function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'unknown error';
}

function positionIn(text: string): string {
  const at = jsonErrorAt(text);
  if (at === undefined) return '';
  const lines = text.slice(0, at).split('\n');
  return ` at line ${lines.length}, column ${(lines.at(-1) as string).length + 1}`;
}
