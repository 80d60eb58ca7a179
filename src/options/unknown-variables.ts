/** Variables that look like ours and are none: a misspelt one would do nothing, and nobody would know. Pure. */

const PREFIX = /^MCP_TRAIL_/i;
const MAX_NAMES = 20;
const MAX_NAME = 80;

/** One sentence for each variable of the environment that begins as ours do and is not known. */
export function unknownVariables(
  env: Readonly<Record<string, string | undefined>>,
  known: readonly string[],
): readonly string[] {
  const unknown = Object.keys(env).filter((name) => PREFIX.test(name) && !known.includes(name));
  return unknown.slice(0, MAX_NAMES).map((name) => {
    const nearest = name.length > MAX_NAME ? undefined : nearestOf(name.toUpperCase(), known);
    const hint = nearest === undefined ? 'The README lists all there are' : `Is ${nearest} meant?`;
    return `${name.slice(0, MAX_NAME)} is no setting of mcp-trail, and has no effect. ${hint}`;
  });
}

/** The name that takes the fewest changes, where that is less than a third of what comes after the prefix. */
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

/** Letters to be added, taken out or replaced, to make one of the other. */
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
