/** The names of a call's arguments, without their values; which of them a JSON Schema declares; their paths. */
import { arrayLength, isArray, memberNames, ownElements, ownKeys, ownValue } from '../lib/foreign.js';
import { cutChars } from '../lib/text.js';
import { MAX_NAME_CHARS } from './limits.js';
import type { RedactionCounts } from './redaction-counts.js';
import type { Redactor } from './redactor.js';
import { newReading, type Reading } from './scrub.js';

/** Names listed. */
const MAX_NAMES = 64;
/** Length of a listed name, in UTF-16 units. */
const MAX_LISTED_CHARS = 128;
/** Names, objects and elements visited. */
const MAX_VISITS = 4096;
/** Elements visited per array, so that a long list of numbers does not use up the visits. */
const MAX_ELEMENTS = 256;

/** The argument names of one call. */
export interface ArgumentNames {
  /** Paths of at most three names: sorted, unique, at most 64, each redacted and at most 128 characters. */
  readonly keys: string[];
  /**
   * Number of names that the schema does not declare, at most 4096, without the names below them. Undefined without a
   * schema.
   */
  readonly unknownCount: number | undefined;
  /**
   * Number of names, at least, that are neither listed nor counted as unknown: too many, too long, not visited, or refused
   * by the hook.
   */
  readonly dropped: number;
}

/** An object to visit, and the names that lead to it. */
interface Container {
  readonly value: object;
  readonly names: readonly string[];
  readonly path: string | undefined;
}

/**
 * Lists the names in `args`, breadth first, so that inner names never displace outer ones. With `declared`, lists only the
 * declared names and counts the others, because the caller chooses them; below a declared name without declared members,
 * everything is data, and neither listed nor counted.
 *
 * Names beyond the reading budget of the call are dropped. `field` is passed to the redactor's hook. Calls no getter, and
 * never throws.
 */
export function argumentNames(
  args: unknown,
  declared: ReadonlySet<string> | undefined,
  redactor: Redactor,
  counts: RedactionCounts,
  field = 'argument name',
  reading = newReading(),
): ArgumentNames {
  const { found, unknown, unseen } = collect(args, declared);
  const listed = [...found.keys()].sort().slice(0, MAX_NAMES);
  const keys = new Set<string>();
  let dropped = unseen + found.size - listed.length;
  for (const path of listed) {
    const key =
      reading.left > 0 ? shownPath(found.get(path) as readonly string[], redactor, counts, field, reading) : undefined;
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
  // The loop also visits containers that it appends. The same object at the same path has the same names again.
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
      // Elements other than objects have no names, so a long list of them hides none.
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

/** Appends the objects among the first elements of an array, with the array's own path. True if there are any. */
function addObjects({ value, names, path }: Container, count: number, containers: Container[]): boolean {
  const before = containers.length;
  for (let index = 0; index < count; index++) {
    const element = ownValue(value, String(index));
    if (typeof element === 'object' && element !== null) containers.push({ value: element, names, path });
  }
  return containers.length > before;
}

/** The path to list. Redacts each name alone: a secret with a dot in it is recognised only unescaped. */
function shownPath(
  names: readonly string[],
  redactor: Redactor,
  counts: RedactionCounts,
  field: string,
  reading: Reading,
): string | undefined {
  const shown = names.map((name) => escapedName(redactor.name(field, name, counts, { reading }))).join('.');
  return redactor.approved(field, 'name', cutChars(shown, MAX_LISTED_CHARS), counts);
}

/** Declared names with declared names below them. Cached, because a schema serves many calls. */
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

/** Subschemas and properties visited. A larger schema counts as unknown instead of half known. */
const MAX_PARTS = 8192;

/** Keywords whose value describes the same instance, or the elements of the same array. */
const SAME_INSTANCE = ['if', 'then', 'else', 'items', 'additionalItems'];
/** Keywords with a list of such schemas. */
const SAME_INSTANCE_LISTS = ['allOf', 'anyOf', 'oneOf', 'prefixItems', 'items'];
/** Every schema that restricts objects has one of these. */
const KEYWORDS = [
  ...['type', 'properties', '$ref', '$schema', '$defs', 'definitions', 'additionalProperties', 'patternProperties'],
  ...['required', 'allOf', 'anyOf', 'oneOf', 'if', 'title', 'description'],
];

/** A part of a schema to visit, and the path of the value it describes. */
interface Step {
  readonly schema: unknown;
  readonly path: string | undefined;
  readonly depth: number;
}

/**
 * Paths of the properties that a schema declares, down to three names: in `properties`, `items`, `prefixItems`, `allOf`,
 * `anyOf`, `oneOf`, `if`, `then`, `else`, and behind local `$ref`s.
 *
 * Empty if the schema declares no argument, like `{ type: 'object' }`; allowing further properties declares none. Below a
 * property whose members are not described, or described by an external `$ref`, everything is data. Undefined if the schema
 * is absent or not a schema, is itself an external `$ref`, or has more than 8192 parts.
 */
export function declaredNames(schema: unknown): ReadonlySet<string> | undefined {
  if (!isSchema(schema)) return undefined;
  const names = new Set<string>();
  const unclear = new Set<string | undefined>();
  const seen = new Map<string | undefined, Set<object>>();
  const steps: Step[] = [{ schema, path: undefined, depth: 0 }];
  let visits = 0;
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    const { path, depth } = step;
    if (typeof step.schema !== 'object' || step.schema === null || isSeen(seen, path, step.schema)) continue;
    const target = referenced(step.schema, schema);
    if (target === null) unclear.add(path);
    else if (target !== undefined) steps.push({ schema: target, path, depth });
    for (const part of partsOf(step.schema)) steps.push({ schema: part, path, depth });
    const properties = ownValue(step.schema, 'properties');
    for (const name of depth < MAX_PATH_DEPTH ? memberNames(properties) : []) {
      const member = memberPath(path, name);
      names.add(member);
      steps.push({ schema: ownValue(properties, name), path: member, depth: depth + 1 });
      if (steps.length > MAX_PARTS) return undefined;
    }
    visits += 1;
    if (visits + steps.length > MAX_PARTS) return undefined;
  }
  if (unclear.has(undefined)) return undefined;
  return unclear.size === 0 ? names : new Set([...names].filter((name) => !isWithin(name, unclear)));
}

function isSchema(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || isArray(value)) return false;
  const names = memberNames(value);
  // A revoked proxy has no names either.
  if (names.length === 0) return ownKeys(value)?.length === 0;
  return KEYWORDS.some((keyword) => ownValue(value, keyword) !== undefined);
}

/** A schema can describe itself, and be reached in many ways: visit it once per path. */
function isSeen(seen: Map<string | undefined, Set<object>>, path: string | undefined, schema: object): boolean {
  const there = seen.get(path);
  if (there === undefined) seen.set(path, new Set([schema]));
  else if (there.has(schema)) return true;
  else there.add(schema);
  return false;
}

function partsOf(schema: object): unknown[] {
  const parts: unknown[] = SAME_INSTANCE.map((keyword) => ownValue(schema, keyword)).filter(
    (part) => part !== undefined,
  );
  for (const keyword of SAME_INSTANCE_LISTS) {
    parts.push(...(ownElements(ownValue(schema, keyword), MAX_PARTS + 1) ?? []));
  }
  return parts;
}

/** The target of the schema's reference; undefined without a reference, null if the target is not in this schema. */
function referenced(schema: object, root: object): unknown {
  const dynamic = ownValue(schema, '$dynamicRef') ?? ownValue(schema, '$recursiveRef');
  const reference = ownValue(schema, '$ref');
  if (reference === undefined) return dynamic === undefined ? undefined : null;
  return typeof reference === 'string' ? (atPointer(root, reference) ?? null) : null;
}

/** The target of a JSON Pointer in a fragment. https://datatracker.ietf.org/doc/html/rfc6901#section-6 */
function atPointer(root: object, reference: string): unknown {
  if (reference === '#') return root;
  if (!reference.startsWith('#/') || reference.length > 1024) return undefined;
  let target: unknown = root;
  try {
    for (const token of decodeURIComponent(reference.slice(2)).split('/')) {
      target = ownValue(target, token.replaceAll('~1', '/').replaceAll('~0', '~'));
    }
  } catch {
    // Malformed percent-encoding.
    return undefined;
  }
  return target;
}

function isWithin(name: string, containers: ReadonlySet<string | undefined>): boolean {
  for (const container of containers) if (name.startsWith(`${container}.`)) return true;
  return false;
}

/** Names in a path, at most. What lies deeper is data. */
const MAX_PATH_DEPTH = 3;

/** One name as part of a path. */
function escapedName(name: string): string {
  return /[\\.]/.test(name) ? name.replace(/[\\.]/g, '\\$&') : name;
}

/**
 * The path of a member: `filter.date.from`. Elements of an array have the array's path: `items[].id` is `items.id`. A dot
 * or backslash in a name is escaped: `a.b` becomes `a\.b`, so different names never share a path. Only 256 characters of a
 * name count. `container` is undefined for the outermost names.
 */
export function memberPath(container: string | undefined, name: string): string {
  const part = escapedName(name.slice(0, MAX_NAME_CHARS));
  return container === undefined ? part : `${container}.${part}`;
}

/** The path of a member's container; undefined for the outermost names. */
export function containerOf(path: string): string | undefined {
  for (let dot = path.lastIndexOf('.'); dot > -1; dot = path.lastIndexOf('.', dot - 1)) {
    let backslash = dot;
    while (path.charAt(backslash - 1) === '\\') backslash -= 1;
    if ((dot - backslash) % 2 === 0) return path.slice(0, dot);
    if (dot === 0) break;
  }
  return undefined;
}

/** The names of a path, outermost first. */
export function namesOf(path: string): string[] {
  const names = [''];
  for (let index = 0; index < path.length; index++) {
    const character = path.charAt(index);
    if (character === '.') names.push('');
    else {
      if (character === '\\' && index + 1 < path.length) index += 1;
      names[names.length - 1] += path.charAt(index);
    }
  }
  return names;
}
