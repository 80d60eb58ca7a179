/** Which of several names somebody meant to write. Pure. */

/**
 * The name that needs the fewest changes, if those are less than a third of its letters.
 *
 * @param prefix how many letters in front all names have in common
 */
export function nearestOf(name: string, known: Iterable<string>, prefix = 0): string | undefined {
  let nearest: string | undefined;
  let fewest = Math.max(2, Math.floor((name.length - prefix) / 3)) + 1;
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
