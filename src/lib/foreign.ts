/** Reads values that others made. Never throws. */

/**
 * The value of an object's own data property. `otherwise` for a getter, which is not called, and for a proxy that refuses;
 * undefined if there is no such property, or no object.
 */
export function ownValue(source: unknown, key: string, otherwise?: null): unknown {
  if ((typeof source !== 'object' && typeof source !== 'function') || source === null) return undefined;
  try {
    const property = Object.getOwnPropertyDescriptor(source, key);
    if (property === undefined) return undefined;
    return 'value' in property ? property.value : otherwise;
  } catch {
    // A proxy whose trap throws, or a revoked one.
    return otherwise;
  }
}

/** Names of an object's own enumerable properties; undefined if a proxy refuses. */
export function ownKeys(object: object): string[] | undefined {
  try {
    return Object.keys(object);
  } catch {
    return undefined;
  }
}

/** Names of an object's own enumerable properties; none for arrays, binary data, boxed strings and unreadable proxies. */
export function memberNames(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [];
  try {
    return Array.isArray(value) || value instanceof String ? [] : Object.keys(value);
  } catch {
    return [];
  }
}

/** `Array.isArray`, and false instead of an error for a revoked proxy. */
export function isArray(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

/** The length of an array, at least 0, even if a proxy says otherwise; undefined for anything else and for unreadable proxies. */
export function arrayLength(value: unknown): number | undefined {
  try {
    if (!Array.isArray(value)) return undefined;
    const { length } = value;
    return typeof length === 'number' && length > 0 ? length : 0;
  } catch {
    return undefined;
  }
}

/** The first `max` elements of an array, read with {@link ownValue}; undefined for anything else. */
export function ownElements(value: unknown, max: number): unknown[] | undefined {
  const length = arrayLength(value);
  if (length === undefined) return undefined;
  return Array.from({ length: Math.min(length, max) }, (_, index) => ownValue(value, String(index)));
}

/** A string that is not empty; undefined for anything else. */
export function nonEmpty(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * The named members of an object, each read once and getters called, as a new object. Leaves out members that are undefined
 * or throw. Empty if the value is not an object.
 */
export function membersOf<T extends object>(value: unknown, names: readonly (keyof T & string)[]): Partial<T> {
  const read: Record<string, unknown> = {};
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return read as Partial<T>;
  for (const name of names) {
    try {
      const member = (value as Record<string, unknown>)[name];
      if (member !== undefined) read[name] = member;
    } catch {
      // Not reported: the error may quote the value.
    }
  }
  return read as Partial<T>;
}
