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
