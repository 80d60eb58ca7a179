/** Which arguments a JSON Schema declares, by path. What is not among them was chosen by whoever called. */
import { isArray, memberNames, ownElements, ownKeys, ownValue } from '../lib/foreign.js';
import { MAX_PATH_DEPTH, memberPath } from './paths.js';

/** Subschemas and properties looked at. A schema with more is not understood, rather than half understood. */
const MAX_VISITS = 8192;

/** Keywords whose value describes the same instance, or the elements of the same array. */
const SAME_INSTANCE = ['if', 'then', 'else', 'items', 'additionalItems'];
/** The same, with a list of schemas. */
const SAME_INSTANCE_LISTS = ['allOf', 'anyOf', 'oneOf', 'prefixItems', 'items'];
/** One of these is in every schema that says anything about objects. */
const KEYWORDS = [
  ...['type', 'properties', '$ref', '$schema', '$defs', 'definitions', 'additionalProperties', 'patternProperties'],
  ...['required', 'allOf', 'anyOf', 'oneOf', 'if', 'title', 'description'],
];

/** The part of a schema that is yet to be read, and the path of the value it describes. */
interface Step {
  readonly schema: unknown;
  readonly path: string | undefined;
  readonly depth: number;
}

/**
 * Paths of the properties that a schema declares, down to three names, in the form of `paths.ts`: of `properties`, `items`,
 * `prefixItems`, `allOf`, `anyOf`, `oneOf`, `if`, `then`, `else`, and of what local `$ref`s lead to.
 *
 * An empty set says that no argument is declared, as `{ type: 'object' }` does. Allowing further properties declares none.
 * A property about whose members nothing is said is declared alone: what is below it is data. The same holds for one
 * described by a `$ref` that leads elsewhere. Undefined when it cannot be known: the schema is absent or none, its own
 * `$ref` leads elsewhere, or it has more than 8192 parts.
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
      if (steps.length > MAX_VISITS) return undefined;
    }
    visits += 1;
    if (visits + steps.length > MAX_VISITS) return undefined;
  }
  if (unclear.has(undefined)) return undefined;
  return unclear.size === 0 ? names : new Set([...names].filter((name) => !isWithin(name, unclear)));
}

function isSchema(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || isArray(value)) return false;
  const names = memberNames(value);
  // A revoked proxy has no names, either.
  if (names.length === 0) return ownKeys(value)?.length === 0;
  return KEYWORDS.some((keyword) => ownValue(value, keyword) !== undefined);
}

/** A schema can describe itself, and be reached on many ways; once per path is enough. */
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
    parts.push(...(ownElements(ownValue(schema, keyword), MAX_VISITS + 1) ?? []));
  }
  return parts;
}

/** What the schema refers to; undefined when it does not refer to anything, null when that is not in this schema. */
function referenced(schema: object, root: object): unknown {
  const dynamic = ownValue(schema, '$dynamicRef') ?? ownValue(schema, '$recursiveRef');
  const reference = ownValue(schema, '$ref');
  if (reference === undefined) return dynamic === undefined ? undefined : null;
  return typeof reference === 'string' ? (atPointer(root, reference) ?? null) : null;
}

/** What a JSON Pointer in a fragment leads to. https://datatracker.ietf.org/doc/html/rfc6901#section-6 */
function atPointer(root: object, reference: string): unknown {
  if (reference === '#') return root;
  if (!reference.startsWith('#/') || reference.length > 1024) return undefined;
  let target: unknown = root;
  try {
    for (const token of decodeURIComponent(reference.slice(2)).split('/')) {
      target = ownValue(target, token.replaceAll('~1', '/').replaceAll('~0', '~'));
    }
  } catch {
    // Not the percent-encoding of anything.
    return undefined;
  }
  return target;
}

function isWithin(name: string, containers: ReadonlySet<string | undefined>): boolean {
  for (const container of containers) if (name.startsWith(`${container}.`)) return true;
  return false;
}
