/** Variables that look like ours and are not: a misspelt one has no effect. */

import { AUDIT, DIGEST_KEY_ID, INSTRUMENTATION, REGISTER } from './table.js';

const PREFIX = /^MCP_TRAIL_/i;
const MAX_NAMES = 20;
const MAX_NAME = 80;

/** The names of all variables that are read. */
export function knownVariables(): readonly string[] {
  const options = [INSTRUMENTATION, AUDIT, REGISTER].flatMap<object>((table) => Object.values(table));
  return [...options, DIGEST_KEY_ID].flatMap((option: { readonly env?: string }) => option.env ?? []);
}

/** One sentence for each environment variable that has our prefix and is not known. */
export function unknownVariables(
  env: Readonly<Record<string, string | undefined>>,
  known = knownVariables(),
): readonly string[] {
  const unknown = Object.keys(env).filter((name) => PREFIX.test(name) && !known.includes(name));
  return unknown.slice(0, MAX_NAMES).map((name) => {
    const nearest = name.length > MAX_NAME ? undefined : nearestOf(name.toUpperCase(), known);
    const hint = nearest === undefined ? 'docs/options.md lists all of them' : `Did you mean ${nearest}?`;
    return `${name.slice(0, MAX_NAME)} is not a setting of mcp-trail and has no effect. ${hint}`;
  });
}

/** The name that needs the fewest changes, if those are less than a third of what follows the prefix. */
function nearestOf(name: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let fewest = Math.max(2, Math.floor((name.length - 'MCP_TRAIL_'.length) / 3)) + 1;
  for (const each of known) {
    const changes = distance(name, each);
    if (changes >= fewest) continue;
    fewest = changes;
    nearest = each;
  }
  return nearest;
}

/** The edit distance: letters to add, remove or replace. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
