/** Lists and objects of values: read member by member, and copied. */

import { type Kind, oneOf, type Refuse, separated, valueThat } from './kinds.js';
import { memberPath } from './problem.js';

const READABLE = 'data that can be read';

/** A kind whose refused values are left out of the list or object around them, which is still read. */
export function skippable<T>(kind: Kind<T>, consequence: string): Kind<T> {
  const read = (value: unknown, path: string, refuse: Refuse) => {
    const refuseThis: Refuse = (at, found, accepts, deeper) => refuse(at, found, accepts, deeper ?? consequence);
    try {
      return kind.read(value, path, refuseThis);
    } catch {
      // A getter or a proxy of the application's.
      refuseThis(path, value, READABLE);
      return undefined;
    }
  };
  return { ...kind, read, skipped: consequence };
}

/** Refuses values that are well-formed but make no sense. */
export function checked<T>(kind: Kind<T>, accepts: string, fits: (value: T) => boolean): Kind<T> {
  const read = (value: unknown, path: string, refuse: Refuse) => {
    const copy = kind.read(value, path, refuse);
    if (copy === undefined || fits(copy)) return copy;
    refuse(path, value, accepts);
    return undefined;
  };
  return { ...kind, read };
}

interface Limits {
  readonly min?: number;
  readonly max?: number;
  /** The consequence of more than `max` entries: only the first are read. If absent, the whole list is refused. */
  readonly beyond?: string;
  readonly accepts?: string;
}

export function listOf<T>(
  entry: Kind<T>,
  { min = 0, max, beyond, accepts = range(min, max), acceptsText }: Limits & { readonly acceptsText?: string } = {},
): Kind<readonly T[]> {
  const read = (value: unknown, path: string, refuse: Refuse) => {
    const isLong = Array.isArray(value) && max !== undefined && value.length > max;
    if (!Array.isArray(value) || value.length < min || (isLong && beyond === undefined)) {
      refuse(path, value, accepts);
      return undefined;
    }
    if (isLong) refuse(path, value, `at most ${max}`, beyond);
    // Holes are read too, and reading stops at the bound, whatever the length.
    const given: readonly unknown[] = isLong ? value.slice(0, max) : value;
    const copies = Array.from(given, (each, index) => entry.read(each, `${path}[${index}]`, refuse));
    if (entry.skipped !== undefined) return copies.filter((copy) => copy !== undefined);
    return copies.includes(undefined) ? undefined : (copies as T[]);
  };
  return {
    accepts,
    ...(acceptsText !== undefined && { acceptsText }),
    read,
    parse: separated,
    schema: {
      type: 'array',
      ...(entry.schema !== undefined && { items: entry.schema }),
      ...(min > 0 && { minItems: min }),
      ...(max !== undefined && { maxItems: max }),
    },
  };
}

function range(min: number, max: number | undefined): string {
  if (max === undefined) return 'a list';
  return min === 0 ? `a list of up to ${max}` : `a list of ${min} to ${max}`;
}

export function oneOrMore<T>(entry: Kind<T>, max: number): Kind<T | readonly T[]> {
  const list = listOf(entry, { min: 1, max });
  return {
    accepts: `${entry.accepts}, or ${list.accepts}`,
    read: (value, path, refuse) => (Array.isArray(value) ? list : entry).read(value, path, refuse),
    schema: { anyOf: [entry.schema, list.schema] },
  };
}

type Members<T> = { readonly [K in keyof T]-?: Kind<NonNullable<T[K]>> };

/** An object with these members and no others. */
export function objectOf<T>(
  members: Members<T>,
  { required = [], unknown }: { readonly required?: readonly (keyof T & string)[]; readonly unknown?: string } = {},
): Kind<T> {
  const known: Readonly<Record<string, Kind<unknown>>> = members;
  const names = Object.keys(members).join(', ');
  const accepts = `an object with ${names}`;
  const notKnown = valueThat<never>(`the members ${names}`, () => false);
  const other = unknown === undefined ? notKnown : skippable(notKnown, unknown);
  const kindOf = (name: string) => (Object.hasOwn(known, name) ? known[name] : undefined) ?? other;
  const read = (value: unknown, path: string, refuse: Refuse) => {
    const given = membersOf(value);
    if (given === undefined) {
      refuse(path, value, accepts);
      return undefined;
    }
    const missing = required.filter((name) => !given.some(([each]) => each === name));
    for (const name of missing) refuse(memberPath(path, name), undefined, members[name].accepts);
    const copy = readMembers(given, path, refuse, kindOf);
    const isWhole = copy !== undefined && required.every((name) => Object.hasOwn(copy, name));
    return isWhole ? (copy as T) : undefined;
  };
  const properties = Object.fromEntries(Object.entries(known).map(([name, { schema = {} }]) => [name, schema]));
  const schema = { type: 'object', properties, additionalProperties: false };
  return { accepts, read, schema: required.length === 0 ? schema : { ...schema, required } };
}

/** An object with arbitrary member names, whose values are all of one kind. */
export function recordOf<T>(
  names: Kind<string>,
  member: Kind<T>,
  { min = 0, max, beyond, accepts = 'an object' }: Limits = {},
): Kind<Readonly<Record<string, T>>> {
  const kindOf = (name: string): Kind<unknown> => {
    let refused: Kind<never> | undefined;
    names.read(name, '', (_path, _found, accepted) => {
      refused = valueThat<never>(accepted, () => false);
      if (member.skipped !== undefined) refused = skippable(refused, member.skipped);
    });
    return refused ?? member;
  };
  const read = (value: unknown, path: string, refuse: Refuse) => {
    const given = membersOf(value);
    const isLong = given !== undefined && max !== undefined && given.length > max;
    if (given === undefined || given.length < min || (isLong && beyond === undefined)) {
      refuse(path, value, accepts);
      return undefined;
    }
    if (isLong) refuse(path, value, `at most ${max}`, beyond);
    return readMembers(given.slice(0, max), path, refuse, kindOf) as Readonly<Record<string, T>> | undefined;
  };
  return {
    accepts,
    read,
    schema: {
      type: 'object',
      propertyNames: names.schema,
      additionalProperties: member.schema,
      ...(min > 0 && { minProperties: min }),
      ...(max !== undefined && { maxProperties: max }),
    },
  };
}

/** An object of one of several kinds, told apart by its member `type`. */
export function variants<T extends { readonly type: string }>(
  kinds: {
    readonly [K in T['type']]: Kind<T>;
  },
): Kind<T> {
  const known: Readonly<Record<string, Kind<T>>> = kinds;
  const type = oneOf(...Object.keys(known));
  const accepts = `an object with a type (${type.accepts})`;
  const read = (value: unknown, path: string, refuse: Refuse) => {
    const given = membersOf(value);
    if (given === undefined) {
      refuse(path, value, accepts);
      return undefined;
    }
    const name = type.read(Object.fromEntries(given)['type'], memberPath(path, 'type'), refuse);
    return name === undefined ? undefined : known[name]?.read(value, path, refuse);
  };
  return { accepts, read, schema: { anyOf: Object.values(known).map(({ schema }) => schema) } };
}

type Entries = readonly (readonly [string, unknown])[];

/** The members that are not undefined; undefined if the value is not an object. */
function membersOf(value: unknown): Entries | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.entries(value).filter(([, each]) => each !== undefined);
}

function readMembers(given: Entries, path: string, refuse: Refuse, kindOf: (name: string) => Kind<unknown>) {
  const copies: [string, unknown][] = [];
  let isRefused = false;
  for (const [name, value] of given) {
    const kind = kindOf(name);
    const copy = kind.read(value, memberPath(path, name), refuse);
    if (copy !== undefined) copies.push([name, copy]);
    else if (kind.skipped === undefined) isRefused = true;
  }
  // Unlike an assignment, this makes `__proto__` a member like any other.
  return isRefused ? undefined : Object.fromEntries(copies);
}
