/** Reading objects that others made. */

/**
 * The named members of an object, each read once, into an object of our own. What throws when it is read is left out, as
 * is what is undefined. Of what is no object nothing is read. Never throws.
 */
export function membersOf<T extends object>(value: unknown, names: readonly (keyof T & string)[]): Partial<T> {
  const read: Record<string, unknown> = {};
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return read as Partial<T>;
  for (const name of names) {
    try {
      const member = (value as Record<string, unknown>)[name];
      if (member !== undefined) read[name] = member;
    } catch {
      // What was thrown may quote the value.
    }
  }
  return read as Partial<T>;
}
