/** Reading what others made without running what they put there. */

/** The value of a property of the object's own, when it is data: no getter is called, nothing inherited is seen. */
export function ownValue(source: unknown, key: string): unknown {
  if (typeof source !== 'object' || source === null) return undefined;
  try {
    return Object.getOwnPropertyDescriptor(source, key)?.value;
  } catch {
    // The trap of a proxy, or a revoked one.
    return undefined;
  }
}

/** `Array.isArray`, which throws for a revoked proxy: that is no array. */
export function isList(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

/** How many elements an array has. Proxies can say anything. */
export function lengthOf(list: readonly unknown[]): number {
  const length = ownValue(list, 'length');
  return typeof length === 'number' && length > 0 ? length : 0;
}

/** Names of the object's own enumerable members. None for what has no members worth a name: lists, binary data, boxed text. */
export function memberNames(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [];
  try {
    return Array.isArray(value) || value instanceof String ? [] : Object.keys(value);
  } catch {
    return [];
  }
}
