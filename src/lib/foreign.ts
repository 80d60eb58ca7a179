/** Reading what somebody else made, without running any of their code. */

/**
 * The value of an object's own property; undefined where there is none. `null` for a getter, which is not called, and where
 * a proxy refuses to say.
 */
export function ownValue(object: object, key: string): unknown {
  try {
    const property = Object.getOwnPropertyDescriptor(object, key);
    if (property === undefined) return undefined;
    return 'value' in property ? property.value : null;
  } catch {
    return null;
  }
}

/** Names of an object's own enumerable properties; undefined where a proxy refuses to say. */
export function ownKeys(object: object): string[] | undefined {
  try {
    return Object.keys(object);
  } catch {
    return undefined;
  }
}

/** How many elements an array has; undefined for what is no array, and for a proxy that refuses to say. */
export function arrayLength(value: unknown): number | undefined {
  try {
    return Array.isArray(value) ? value.length : undefined;
  } catch {
    return undefined;
  }
}

// Reading objects that others made.

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
