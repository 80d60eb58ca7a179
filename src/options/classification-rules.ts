/** Whether rules are rules. Each member has a reader, which copies what is good and says what is not. */
import { compileFolder } from '../policy/file-path.js';
import { compileGlob } from '../policy/glob.js';
import { member, Problems } from './problem.js';
import { compileResource } from '../policy/resource.js';
import {
  type ArgumentPredicate,
  type ClassificationRule,
  MAX_ARGUMENT_DEPTH,
  MAX_LIST_ENTRIES,
  MAX_PATTERN_CHARS,
  MAX_RULE_ARGUMENTS,
  MAX_RULES,
  SENSITIVITIES,
  VERBS,
} from '../policy/rule.js';

type Report = (path: string, found: unknown, accepts: string) => void;

/** A copy of what was read, or undefined where something in it was reported. */
export type Reader<T> = (value: unknown, path: string, report: Report) => T | undefined;
type Readers<T> = { readonly [K in keyof T]-?: Reader<NonNullable<T[K]>> };

/** Whatever passes a test. */
function whatIs<T>(accepts: string, fits: (value: unknown) => boolean): Reader<T> {
  return (value, path, report) => {
    if (fits(value)) return value as T;
    report(path, value, accepts);
    return undefined;
  };
}

function oneOf<T extends string>(words: readonly T[]): Reader<T> {
  return whatIs(words.join(', '), (value) => words.some((word) => word === value));
}

function text(accepts: string, fits: (value: string) => boolean): Reader<string> {
  return whatIs(accepts, (value) => typeof value === 'string' && value.length <= MAX_PATTERN_CHARS && fits(value));
}

function listOf<T>(entry: Reader<T>): Reader<readonly T[]> {
  return (value, path, report) => {
    if (!Array.isArray(value) || value.length === 0 || value.length > MAX_LIST_ENTRIES) {
      report(path, value, `a list of 1 to ${MAX_LIST_ENTRIES}`);
      return undefined;
    }
    const copies = Array.from(value, (each, index) => entry(each, `${path}[${index}]`, report));
    return copies.includes(undefined) ? undefined : (copies as T[]);
  };
}

function oneOrMore<T>(entry: Reader<T>): Reader<T | readonly T[]> {
  const list = listOf(entry);
  return (value, path, report) => (Array.isArray(value) ? list : entry)(value, path, report);
}

function objectOf<T>(readers: Readers<T>): Reader<T> {
  const names = Object.keys(readers).join(', ');
  const known: Readonly<Record<string, Reader<unknown>>> = readers;
  const unknown = whatIs<never>(`the members ${names}`, () => false);
  return entriesOf(
    `an object with ${names}`,
    (name) => (Object.hasOwn(known, name) ? known[name] : undefined) ?? unknown,
  );
}

/** An object of which each member is read by the reader for its name. */
function entriesOf<T>(accepts: string, readerOf: (name: string) => Reader<unknown>): Reader<T> {
  return (value, path, report) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      report(path, value, accepts);
      return undefined;
    }
    const copies = Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .map(([name, each]) => [name, readerOf(name)(each, member(path, name), report)] as const);
    // Unlike an assignment, this makes `__proto__` a member like any other.
    return copies.some(([, copy]) => copy === undefined) ? undefined : (Object.fromEntries(copies) as T);
  };
}

/** Reads on where all is well so far; what does not fit is reported as a whole. */
function checked<T>(reader: Reader<T>, accepts: string, fits: (value: T) => boolean): Reader<T> {
  return (value, path, report) => {
    const copy = reader(value, path, report);
    if (copy === undefined || fits(copy)) return copy;
    report(path, value, accepts);
    return undefined;
  };
}

const LIMIT = `at most ${MAX_PATTERN_CHARS} characters`;
const flag = whatIs<boolean>('true, false', (value) => typeof value === 'boolean');
const finite = whatIs<number>('a number', (value) => Number.isFinite(value));
const scalar = whatIs<string | number | boolean>(
  `a text of ${LIMIT}, a number, true, false`,
  (value) => typeof value === 'boolean' || Number.isFinite(value) || isShort(value),
);
const glob = text(`a pattern of *, ? and {a,b}, ${LIMIT}`, (value) => compileGlob(value) !== undefined);
const resource = text(`a pattern of *, **, ? and {a,b}, ${LIMIT}`, (value) => compileResource(value) !== undefined);
const folder = text(`a path of ${LIMIT}`, (value) => compileFolder(value) !== undefined);
const id = text('1 to 64 of A-Z a-z 0-9 . _ -', (value) => /^[A-Za-z0-9._-]{1,64}$/.test(value));
export const readTag = text('1 to 64 of A-Z a-z 0-9 . _ : / -', (value) => /^[A-Za-z0-9._:/-]{1,64}$/.test(value));
export const readSensitivity = oneOf(SENSITIVITIES);

function isShort(value: unknown): boolean {
  return typeof value === 'string' && value.length <= MAX_PATTERN_CHARS;
}

const readPredicate = checked(
  objectOf<ArgumentPredicate>({
    equals: scalar,
    in: listOf(scalar),
    glob: oneOrMore(glob),
    underPath: oneOrMore(folder),
    min: finite,
    max: finite,
    present: flag,
  }),
  'at least one condition; present: false by itself; min up to max',
  (given) => {
    const conditions = Object.keys(given).length;
    const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = given;
    return conditions > 0 && (given.present !== false || conditions === 1) && min <= max;
  },
);

const noArgument = whatIs<never>(`names of ${LIMIT} and ${MAX_ARGUMENT_DEPTH} parts, with dots between`, () => false);

const readArguments = checked(
  entriesOf<Readonly<Record<string, ArgumentPredicate>>>('an object with names of arguments', (name) =>
    isArgumentName(name) ? readPredicate : noArgument,
  ),
  `1 to ${MAX_RULE_ARGUMENTS} names of arguments`,
  (given) => {
    const count = Object.keys(given).length;
    return count > 0 && count <= MAX_RULE_ARGUMENTS;
  },
);

function isArgumentName(name: string): boolean {
  const parts = name.split('.');
  return name.length <= MAX_PATTERN_CHARS && parts.length <= MAX_ARGUMENT_DEPTH && !parts.includes('');
}

const CONDITIONS = ['tool', 'resource', 'prompt', 'server', 'method', 'arguments'] as const;
const EFFECTS = ['verb', 'sensitivity', 'sensitive', 'tags'] as const;

const readRule = checked(
  objectOf<ClassificationRule>({
    id,
    tool: oneOrMore(glob),
    resource: oneOrMore(resource),
    prompt: oneOrMore(glob),
    server: oneOrMore(glob),
    method: oneOrMore(glob),
    arguments: readArguments,
    verb: oneOf(VERBS),
    sensitivity: readSensitivity,
    sensitive: flag,
    tags: listOf(readTag),
  }),
  `id, at least one of ${CONDITIONS.join(', ')} and at least one of ${EFFECTS.join(', ')}`,
  (rule) =>
    rule.id !== undefined &&
    CONDITIONS.some((name) => rule[name] !== undefined) &&
    EFFECTS.some((name) => rule[name] !== undefined),
);

/** The rules that are good, copied, and what is wrong with the others. A list that is none has no rules. Never throws. */
export function checkRules(value: unknown, where: string): { rules: ClassificationRule[]; problems: string[] } {
  const problems = new Problems(where);
  try {
    return { rules: readRules(value, problems), problems: problems.texts };
  } catch {
    problems.add('rules', value, 'data that can be read', 'There are no rules');
    return { rules: [], problems: problems.texts };
  }
}

/** As {@link checkRules}, for a document with other problems. */
export function readRules(value: unknown, problems: Problems): ClassificationRule[] {
  if (!Array.isArray(value)) {
    problems.add('rules', value, 'a list of rules', 'There are no rules');
    return [];
  }
  if (value.length > MAX_RULES) {
    problems.add('rules', value, `at most ${MAX_RULES} rules`, 'The rules after that are skipped');
  }
  const report: Report = (path, found, accepts) => problems.add(path, found, accepts, 'The rule is skipped');
  const ids = new Set<string>();
  return Array.from(value.slice(0, MAX_RULES), (given: unknown, index) => {
    const path = `rules[${index}]`;
    const rule = readSafely(given, path, report);
    if (rule === undefined) return [];
    if (ids.has(rule.id)) {
      report(`${path}.id`, rule.id, 'an id that no rule before has');
      return [];
    }
    ids.add(rule.id);
    return [rule];
  }).flat();
}

/** A document that was written in code may have code in it. */
function readSafely(value: unknown, path: string, report: Report): ClassificationRule | undefined {
  try {
    return readRule(value, path, report);
  } catch {
    report(path, value, 'data that can be read');
    return undefined;
  }
}
