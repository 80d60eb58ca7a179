/** Reading the options of the exporters: what is not accepted is a mistake in the program, and is thrown. */

/**
 * A whole number within bounds, or its default where none was given.
 *
 * @throws TypeError when it is no number, RangeError when it is out of bounds; both say what is accepted.
 */
export function wholeNumber(option: string, value: unknown, min: number, max: number, fallback: number): number {
  if (value === undefined) return fallback;
  const message = `${option} is ${show(value)}; accepted: a whole number from ${min} to ${max}`;
  if (typeof value !== 'number') throw new TypeError(message);
  if (!Number.isSafeInteger(value) || value < min || value > max) throw new RangeError(message);
  return value;
}

/** A function, or undefined where none was given. */
export function optionalFunction<T>(option: string, value: T | undefined): T | undefined {
  if (value === undefined || typeof value === 'function') return value;
  throw new TypeError(`${option} is ${show(value)}; accepted: a function`);
}

/** The options themselves. */
export function optionsObject<T extends object>(of: string, value: T): T {
  if (typeof value === 'object' && value !== null) return value;
  throw new TypeError(`the options of ${of} are ${show(value)}; accepted: an object`);
}

/** A value as messages show it: short, on one line, and without looking into it. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 200 ? `${value.slice(0, 200)}…` : value);
  if (typeof value === 'number' || typeof value === 'boolean' || value == null) return String(value);
  return `of type ${typeof value}`;
}
