/** The names of the arguments of a call: what was asked for, without what was said. */
import { arrayLength, isArray, memberNames, ownValue } from '../lib/foreign.js';
import { cutChars } from '../lib/text.js';
import { containerOf, escapedName, MAX_PATH_DEPTH, memberPath } from './paths.js';
import type { Redactor } from './redactor.js';
import { newReading, type Reading } from './scrub.js';
import type { Tally } from './tally.js';

/** Names listed. */
const MAX_NAMES = 64;
/** Length of a listed name, in UTF-16 units. */
const MAX_LISTED_CHARS = 128;
/** Names, objects and elements looked at. */
const MAX_VISITS = 4096;
/** Elements looked at in one array, so that a long list of numbers does not use up the visits. */
const MAX_ELEMENTS = 256;

/** What the arguments of a call are called. */
export interface ArgumentNames {
  /** Paths as in `paths.ts`, of at most three names: sorted, unique, at most 64, each redacted and at most 128 characters. */
  readonly keys: string[];
  /** How many names the schema does not declare, at most 4096; what is below one of them is not counted. Undefined without a schema. */
  readonly unknownCount: number | undefined;
  /** How many names, at least, are neither listed nor counted as unknown: too many, too long, not looked at, or refused by the hook. */
  readonly dropped: number;
}

/** An object whose names are to be read, and the names that lead to it. */
interface Container {
  readonly value: object;
  readonly names: readonly string[];
  readonly path: string | undefined;
}

/**
 * Lists the names in `args`, breadth first, so that the outer ones are never lost to the inner ones. With the names that a
 * schema declares only those are listed, and any other is counted: whoever calls chooses them. Where nothing is declared
 * below a declared name, what is below it is data and neither listed nor counted.
 *
 * Calls no getter, and never throws. `field` is what the hook of the redactor is told. Names beyond what may be read of the
 * call are dropped.
 */
export function argumentNames(
  args: unknown,
  declared: ReadonlySet<string> | undefined,
  redactor: Redactor,
  tally: Tally,
  field = 'argument name',
  reading = newReading(),
): ArgumentNames {
  const { found, unknown, unseen } = collect(args, declared);
  const listed = [...found.keys()].sort().slice(0, MAX_NAMES);
  const keys = new Set<string>();
  let dropped = unseen + found.size - listed.length;
  for (const path of listed) {
    const key =
      reading.left > 0 ? shownPath(found.get(path) as readonly string[], redactor, tally, field, reading) : undefined;
    if (key === undefined) dropped += 1;
    else keys.add(key);
  }
  return { keys: [...keys].sort(), unknownCount: declared && Math.min(unknown.size, MAX_VISITS), dropped };
}

function collect(args: unknown, declared: ReadonlySet<string> | undefined) {
  const found = new Map<string, readonly string[]>();
  const unknown = new Set<string>();
  const containers: Container[] = [];
  const paths = new Map<object, string | undefined>();
  const inner = declared === undefined ? undefined : containersIn(declared);
  let visits = 0;
  let unseen = 0;
  if (typeof args === 'object' && args !== null) containers.push({ value: args, names: [], path: undefined });
  // What is pushed on the way is read, too; the same object at the same path has the same names again.
  for (const container of containers) {
    if (paths.has(container.value) && paths.get(container.value) === container.path) continue;
    paths.set(container.value, container.path);
    visits += 1;
    if (visits > MAX_VISITS) {
      unseen += 1;
      continue;
    }
    if (isArray(container.value)) {
      const length = arrayLength(container.value) ?? 0;
      const looked = Math.min(length, MAX_ELEMENTS, MAX_VISITS - visits);
      visits += looked;
      // Elements that are no objects have no names: a long list of them hides none.
      if (addObjects(container, looked, containers)) unseen += length - looked;
      continue;
    }
    const names = memberNames(container.value);
    for (const [index, name] of names.entries()) {
      visits += 1;
      if (visits > MAX_VISITS) {
        unseen += names.length - index;
        break;
      }
      const path = memberPath(container.path, name);
      if (declared !== undefined && !declared.has(path)) {
        unknown.add(path);
        continue;
      }
      const all = [...container.names, name];
      found.set(path, all);
      if (all.length === MAX_PATH_DEPTH || (inner !== undefined && !inner.has(path))) continue;
      const value = ownValue(container.value, name);
      if (typeof value === 'object' && value !== null) containers.push({ value, names: all, path });
    }
  }
  return { found, unknown, unseen };
}

/** Adds the objects among the first elements of an array, under the array's own path, and says whether there are any. */
function addObjects({ value, names, path }: Container, count: number, containers: Container[]): boolean {
  const before = containers.length;
  for (let index = 0; index < count; index++) {
    const element = ownValue(value, String(index));
    if (typeof element === 'object' && element !== null) containers.push({ value: element, names, path });
  }
  return containers.length > before;
}

/** The path as it may be shown. Each name is redacted alone: a secret with a dot in it is known only without the backslash. */
function shownPath(
  names: readonly string[],
  redactor: Redactor,
  tally: Tally,
  field: string,
  reading: Reading,
): string | undefined {
  const shown = names.map((name) => escapedName(redactor.name(field, name, tally, { reading }))).join('.');
  return redactor.approved(field, 'name', cutChars(shown, MAX_LISTED_CHARS), tally);
}

/** Declared names that have declared names below them. Schemas are read once, calls are many. */
const containersOf = new WeakMap<ReadonlySet<string>, ReadonlySet<string>>();

function containersIn(declared: ReadonlySet<string>): ReadonlySet<string> {
  const known = containersOf.get(declared);
  if (known !== undefined) return known;
  const containers = new Set<string>();
  for (const path of declared) {
    const container = containerOf(path);
    if (container !== undefined) containers.add(container);
  }
  containersOf.set(declared, containers);
  return containers;
}
