/** One text for a JSON value, whatever the order of its members: the input of hashes and signatures. */
import { arrayLength, ownKeys, ownValue } from './foreign.js';

/** Containers within containers. */
const MAX_DEPTH = 64;
/** Length of the text in UTF-16 units, names of omitted members included. */
const MAX_LENGTH = 1_048_576;

const LONE_SURROGATE = /\p{Surrogate}/u;
const LONE_SURROGATES = /\p{Surrogate}/gu;

interface Budget {
  left: number;
}

/**
 * The canonical JSON of a value: members sorted by the UTF-16 units of their names, no white space, numbers and strings as
 * JavaScript writes them.
 *
 * Values outside RFC 8785 become the nearest thing within it: a lone surrogate U+FFFD; numbers that are not finite,
 * bigints, getters (never called) and unreadable values `null`. Members that are undefined, functions or symbols are
 * omitted, and `null` in arrays. Class instances are read as plain objects; `toJSON` is not called.
 *
 * @throws RangeError for more than 64 levels (and so for cycles), more than 1 Mi characters, and two names that differ in
 *   lone surrogates only. Throws nothing else, whatever the value.
 * @see https://www.rfc-editor.org/rfc/rfc8785
 */
export function canonicalJson(value: unknown): string {
  return write(value, { left: MAX_LENGTH }, 0) ?? 'null';
}

/** The text of one value; undefined for values without JSON. */
function write(value: unknown, budget: Budget, depth: number): string | undefined {
  switch (typeof value) {
    case 'string':
      return writeString(value, budget);
    case 'number':
      return spend(Number.isFinite(value) ? String(value) : 'null', budget);
    case 'boolean':
      return spend(String(value), budget);
    case 'bigint':
      return spend('null', budget);
    case 'object':
      return value === null ? spend('null', budget) : writeObject(value, budget, depth);
    default:
      return undefined;
  }
}

function spend(text: string, budget: Budget): string {
  take(text.length, budget);
  return text;
}

function take(amount: number, budget: Budget): void {
  budget.left -= amount;
  if (budget.left < 0) throw new RangeError(`canonical JSON is limited to ${MAX_LENGTH} characters`);
}

function writeString(value: string, budget: Budget): string {
  if (value.length > budget.left) take(value.length, budget);
  const text = JSON.stringify(value);
  // In well-formed text, `\\ud` can only come from a literal backslash.
  return spend(text.includes('\\ud') ? JSON.stringify(wellFormed(value)) : text, budget);
}

function wellFormed(text: string): string {
  return text.replace(LONE_SURROGATES, '\ufffd');
}

function writeObject(value: object, budget: Budget, depth: number): string {
  if (depth >= MAX_DEPTH) throw new RangeError(`canonical JSON is limited to ${MAX_DEPTH} levels`);
  const length = arrayLength(value);
  return length === undefined ? writeMembers(value, budget, depth + 1) : writeArray(value, length, budget, depth + 1);
}

function writeArray(value: object, length: number, budget: Budget, depth: number): string {
  take(length + 1, budget);
  let text = '[';
  for (let index = 0; index < length; index++) {
    if (index > 0) text += ',';
    text += write(ownValue(value, String(index), null), budget, depth) ?? spend('null', budget);
  }
  return `${text}]`;
}

function writeMembers(value: object, budget: Budget, depth: number): string {
  const keys = ownKeys(value);
  if (keys === undefined) return spend('null', budget);
  // Room for commas. Omitted members count, because looking at them costs time.
  take(keys.length + 2, budget);
  let text = '';
  for (const [name, key] of sorted(keys)) {
    const label = writeString(name, budget);
    const member = write(ownValue(value, key, null), budget, depth);
    if (member === undefined) continue;
    text += `${text === '' ? '' : ','}${label}:${member}`;
    take(1, budget);
  }
  return `{${text}}`;
}

/** Sorted names, each with its key. */
function sorted(keys: string[]): Iterable<readonly [string, string]> {
  if (!keys.some((key) => LONE_SURROGATE.test(key))) return keys.sort().map((key) => [key, key] as const);
  const byName = new Map(keys.map((key) => [wellFormed(key), key] as const));
  if (byName.size < keys.length) throw new RangeError('canonical JSON cannot tell two names apart');
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1));
}
