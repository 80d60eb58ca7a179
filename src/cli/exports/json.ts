/** What reading the JSON of others needs. */

/** The members of an object of any JSON, unchecked. Members of a record have the names of its fields. */
export type Members = Readonly<Record<string, unknown>>;

/** OTLP has ten levels from the document to the record, arrays and the text of the body included. */
export const MAX_DEPTH = 12;

/** The value that a text stands for; undefined for text that is not JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a value has members. A list has none. */
export function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a text begins as a list, an object or a string does, or with one other character, which may have been changed. */
export function mayBeJson(text: string): boolean {
  return /^[\s\S]?[{["]/.test(text.trimStart());
}
