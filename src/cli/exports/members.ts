/** Records that an export has as members of an object, and their text. */
import { eachMember } from './beside.js';
import { type Members, parsed } from './json.js';
import { CONTAINER, envelopeKey, isCompared, isField, isRecordsAlone, typeOf } from './names.js';
import { isSame } from './same.js';

/** The members of a record by the names of its fields. */
export interface Collected {
  readonly record: Members;
  /** Names with more than one value. */
  readonly differ: readonly string[];
}

/**
 * The fields in an object, flat or nested, each with a value of its type. In an object that others add to, only members
 * with names of fields count.
 */
export function collect(found: Members, { mixed }: { readonly mixed: boolean }): Collected {
  const record: Record<string, unknown> = Object.create(null);
  const differ = new Set<string>();
  const add = (name: string, value: unknown): void => {
    if (value === null || value === undefined) return;
    const key = mixed ? (envelopeKey(name) ?? withoutContainer(name)) : name;
    if (mixed && !isField(key)) return;
    if (!Object.hasOwn(record, key)) record[key] = ofType(typeOf(key), value);
    else if (!isSame(record[key], value)) differ.add(key);
  };
  eachMember(found, '', add);
  return { record, differ: [...differ].sort() };
}

function withoutContainer(name: string): string {
  return name.startsWith(CONTAINER) ? name.slice(CONTAINER.length) : name;
}

/** The text of a record: RFC 8785. Strings are written as records have them, lone surrogates escaped. */
export function canonicalText(record: Members): string {
  const names = Object.keys(record).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(record[name])}`).join(',')}}`;
}

/** Whether a text is the canonical one of the object that it was parsed to. */
export function isCanonical(text: string, object: Members): boolean {
  const names = Object.keys(object);
  for (let index = 1; index < names.length; index++) {
    if ((names[index - 1] as string) >= (names[index] as string)) return false;
  }
  return JSON.stringify(object) === text;
}

/** Whether a text has a member twice, on any level: readers do not agree which of the two counts. */
export function hasDoubles(text: string, value: unknown): boolean {
  try {
    const again = JSON.stringify(value);
    return again !== text && colons(text) !== colons(again);
  } catch {
    // Nested deeper than there is a stack: nobody can say.
    return true;
  }
}

/**
 * Names of fields that members around a record give another value. They may lack some.
 *
 * @param isBody whether they are those of its body: others may have some from the resource
 */
export function differing(record: Members, members: Members, isBody: boolean): string[] {
  return Object.keys(members).filter(
    (key) =>
      (isBody || isCompared(key, true)) &&
      (Object.hasOwn(record, key) ? !isSame(record[key], members[key]) : isRecordsAlone(key)),
  );
}

const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a];

/** The number of members of valid JSON, on all levels. */
function colons(json: string): number {
  let count = 0;
  let quoted = false;
  for (let at = 0; at < json.length; at++) {
    const char = json.charCodeAt(at);
    if (char === QUOTE) quoted = !quoted;
    else if (quoted && char === BACKSLASH) at += 1;
    else if (!quoted && char === COLON) count += 1;
  }
  return count;
}

/** A value as records have it: backends keep some or all as text, and some make lists of single values, or the reverse. */
function ofType(type: ReturnType<typeof typeOf>, value: unknown): unknown {
  if (type === 'string[]') return listOf(value);
  const single = type !== undefined && Array.isArray(value) && value.length === 1 ? value[0] : value;
  switch (type) {
    case 'int':
      return typeof single === 'string' && /^-?\d{1,16}$/.test(single) ? Number(single) : single;
    case 'boolean':
      return single === 'true' ? true : single === 'false' ? false : single;
    case 'string':
      return typeof single === 'number' || typeof single === 'boolean' ? String(single) : single;
    default:
      return value;
  }
}

function listOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => ofType('string', each));
  const list = typeof value === 'string' && value.startsWith('[') ? parsed(value) : undefined;
  return Array.isArray(list) ? list : [ofType('string', value)];
}
