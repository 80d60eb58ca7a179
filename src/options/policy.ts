/** The policy document: what each member accepts, and reading it from a file or from code. */

import { readJsonFile } from '../lib/json-file.js';
import { compileFolder } from '../policy/file-path.js';
import { compileGlob } from '../policy/glob.js';
import { compileResource } from '../policy/resource.js';
import {
  type ArgumentPredicate,
  type ClassificationRule,
  MAX_ARGUMENT_DEPTH,
  MAX_LIST_ENTRIES,
  MAX_PATTERN_CHARS,
  MAX_RULE_ARGUMENTS,
  MAX_RULES,
  type Policy,
  type PolicyDocument,
  SENSITIVITIES,
  VERBS,
} from '../policy/rule.js';
import { captureTools } from './capture-rules.js';
import { checked, listOf, objectOf, oneOrMore, recordOf, skippable } from './containers.js';
import { exactly, finiteNumber, flag, type Kind, oneOf, type Refuse, text, valueThat } from './kinds.js';
import { Problems } from './problem.js';

const LIMIT = `at most ${MAX_PATTERN_CHARS} characters`;
const IGNORED = 'It is ignored';
const NO_RULES = 'There are no rules';
const MAX_FILE_BYTES = 4 * 1024 * 1024;

const pattern = (accepts: string, compile: (text: string) => unknown) =>
  text(MAX_PATTERN_CHARS, `${accepts}, ${LIMIT}`, (value) => value !== '' && compile(value) !== undefined);

const glob = pattern('a pattern of *, ? and {a,b}', compileGlob);
const resource = pattern('a pattern of *, **, ? and {a,b}', compileResource);
const folder = text(MAX_PATTERN_CHARS, `a path of ${LIMIT}`, (value) => compileFolder(value) !== undefined);
const tag = text(64, '1 to 64 of A-Z a-z 0-9 . _ : / -', /^[A-Za-z0-9._:/-]+$/);
const sensitivity = oneOf(...SENSITIVITIES);

const scalar = valueThat<string | number | boolean>(
  `a text of ${LIMIT}, a number, true, false`,
  (value) =>
    typeof value === 'boolean' ||
    Number.isFinite(value) ||
    (typeof value === 'string' && value.length <= MAX_PATTERN_CHARS),
  { schema: { anyOf: [{ type: 'string', maxLength: MAX_PATTERN_CHARS }, { type: 'number' }, { type: 'boolean' }] } },
);

const some = <T>(entry: Kind<T>) => oneOrMore(entry, MAX_LIST_ENTRIES);
const list = <T>(entry: Kind<T>) => listOf(entry, { min: 1, max: MAX_LIST_ENTRIES });

const predicateMembers = objectOf<ArgumentPredicate>({
  equals: scalar,
  in: list(scalar),
  glob: some(glob),
  underPath: some(folder),
  min: finiteNumber,
  max: finiteNumber,
  present: flag,
});

const predicate = checked(
  { ...predicateMembers, schema: { ...predicateMembers.schema, minProperties: 1 } },
  'at least one condition; present: false by itself; min up to max',
  (given) => {
    const conditions = Object.keys(given).length;
    const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = given;
    return conditions > 0 && (given.present !== false || conditions === 1) && min <= max;
  },
);

const argumentName = text(
  MAX_PATTERN_CHARS,
  `names of ${LIMIT} and ${MAX_ARGUMENT_DEPTH} parts, with dots between`,
  new RegExp(`^[^.]+(?:\\.[^.]+){0,${MAX_ARGUMENT_DEPTH - 1}}$`, 's'),
);

const CONDITIONS = ['tool', 'resource', 'prompt', 'server', 'method', 'arguments'] as const;
const EFFECTS = ['verb', 'sensitivity', 'sensitive', 'tags'] as const;

const ruleMembers = objectOf<ClassificationRule>(
  {
    id: text(64, '1 to 64 of A-Z a-z 0-9 . _ -', /^[A-Za-z0-9._-]+$/),
    tool: some(glob),
    resource: some(resource),
    prompt: some(glob),
    server: some(glob),
    method: some(glob),
    arguments: recordOf(argumentName, predicate, {
      min: 1,
      max: MAX_RULE_ARGUMENTS,
      accepts: `an object with 1 to ${MAX_RULE_ARGUMENTS} names of arguments`,
    }),
    verb: oneOf(...VERBS),
    sensitivity,
    sensitive: flag,
    tags: list(tag),
  },
  { required: ['id'] },
);

const oneRequired = (names: readonly string[]) => ({ anyOf: names.map((name) => ({ required: [name] })) });

const rule = checked(
  { ...ruleMembers, schema: { ...ruleMembers.schema, allOf: [oneRequired(CONDITIONS), oneRequired(EFFECTS)] } },
  `at least one of ${CONDITIONS.join(', ')} and at least one of ${EFFECTS.join(', ')}`,
  (given) => CONDITIONS.some((name) => given[name] !== undefined) && EFFECTS.some((name) => given[name] !== undefined),
);

const rulesOf = (each: Kind<ClassificationRule>) =>
  listOf(skippable(each, 'The rule is skipped'), {
    max: MAX_RULES,
    beyond: 'The rules after that are skipped',
    accepts: 'a list of rules',
  });

const rules: Kind<readonly ClassificationRule[]> = {
  ...rulesOf(rule),
  read: (value, path, refuse) => {
    const ids = new Set<string>();
    const readNew = (given: unknown, at: string, refuseRule: Refuse) => {
      const copy = rule.read(given, at, refuseRule);
      if (copy === undefined || !ids.has(copy.id)) {
        if (copy !== undefined) ids.add(copy.id);
        return copy;
      }
      refuseRule(`${at}.id`, copy.id, 'an id that no earlier rule has');
      return undefined;
    };
    return rulesOf({ ...rule, read: readNew }).read(value, path, refuse);
  },
};

const version = exactly(1 as const);

const members = objectOf<PolicyDocument>(
  {
    $schema: skippable(text(2048, 'the URI of a JSON Schema'), IGNORED),
    version,
    defaults: skippable(
      objectOf<NonNullable<PolicyDocument['defaults']>>(
        { sensitivity: skippable(sensitivity, IGNORED) },
        { unknown: IGNORED },
      ),
      IGNORED,
    ),
    rules: skippable(rules, NO_RULES),
    capture: skippable(
      objectOf<NonNullable<PolicyDocument['capture']>>(
        { tools: captureTools },
        { required: ['tools'], unknown: IGNORED },
      ),
      'Nothing is captured',
    ),
    tags: skippable(listOf(skippable(tag, IGNORED), { max: MAX_LIST_ENTRIES }), IGNORED),
  },
  { required: ['version'], unknown: IGNORED },
);

/** What a policy document holds. Exported for its JSON Schema. */
export const policyKind: Kind<PolicyDocument> = skippable(
  {
    ...members,
    accepts: 'an object',
    read: (value, path, refuse) => {
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
        // A document of another version cannot be checked any further.
        const { version: given } = value as Partial<PolicyDocument>;
        if (version.read(given, 'version', refuse) === undefined) return undefined;
        return members.read(value, path, refuse);
      }
      refuse(path, value, 'an object');
      return undefined;
    },
  },
  NO_RULES,
);

/** A policy, of which some parts may have been refused. */
export interface ParsedPolicy {
  /** What was accepted. */
  readonly policy: Policy;
  /** One sentence each: the place, what was found there, what is accepted, and the consequence. */
  readonly problems: string[];
}

/**
 * Reads a policy document and copies what it keeps. A rule that is not accepted is skipped, and the others apply. A document
 * that is not a policy of version 1 has no rules. `source` begins every problem. Never throws.
 */
export function parsePolicy(value: unknown, source: string): ParsedPolicy {
  const problems = new Problems(source);
  const read = policyKind.read(value, '', (path, found, accepts, consequence = IGNORED) =>
    problems.add(path, found, accepts, consequence),
  );
  return { policy: policyOf(read), problems: problems.texts };
}

/** Reads a policy from a file of UTF-8, up to 4 MiB. A file that cannot be read has no rules. Never throws. */
export function loadPolicyFile(path: string): ParsedPolicy {
  const read = readJsonFile(path, MAX_FILE_BYTES);
  if ('value' in read) return parsePolicy(read.value, path);
  const problems = new Problems(path);
  problems.say(`the policy ${read.problem}. ${NO_RULES}`);
  return { policy: policyOf(undefined), problems: problems.texts };
}

function policyOf({ defaults = {}, rules: read = [], tags = [], capture }: Partial<PolicyDocument> = {}): Policy {
  return { version: 1, defaults, rules: read, tags, ...(capture !== undefined && { capture }) };
}
