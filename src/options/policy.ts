/** The policy as a document of JSON. */
import { readJsonFile } from '../lib/json-file.js';
import { readRules, readSensitivity, readTag } from './classification-rules.js';
import { member, Problems } from './problem.js';
import { MAX_LIST_ENTRIES, type Policy, type Sensitivity } from '../policy/rule.js';

const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MEMBERS = ['version', 'defaults', 'rules', 'capture', 'tags'];
const IGNORED = 'It is ignored';

/** A policy that may have been good in part only. */
export interface ParsedPolicy {
  /** What is good. */
  readonly policy: Policy;
  /** One sentence each: the place, what was found there (short), what is accepted, and what comes of it. */
  readonly problems: string[];
}

/**
 * Reads `{ "version": 1, "defaults": { "sensitivity": … }, "rules": […], "tags": […], "capture": … }`, of which only the
 * version has to be there. A rule that is not as it should be is skipped, the others apply. What is no policy of version 1
 * at all is one without rules. `where` is how problems begin. Copies what it returns but `capture`; never throws.
 */
export function parsePolicy(value: unknown, where: string): ParsedPolicy {
  const problems = new Problems(where);
  try {
    return { policy: readPolicy(value, problems), problems: problems.texts };
  } catch {
    problems.add('', value, 'data that can be read', 'There are no rules');
    return { policy: emptyPolicy(), problems: problems.texts };
  }
}

/** Reads a policy from a file of UTF-8, up to 4 MiB. Where that fails, the policy has no rules. Never throws. */
export function loadPolicyFile(path: string): ParsedPolicy {
  const read = readJsonFile(path, MAX_FILE_BYTES);
  if ('value' in read) return parsePolicy(read.value, path);
  const problems = new Problems(path);
  problems.say(`the policy ${read.problem}. There are no rules`);
  return { policy: emptyPolicy(), problems: problems.texts };
}

function emptyPolicy(): Policy {
  return { version: 1, defaults: {}, rules: [], tags: [] };
}

function readPolicy(value: unknown, problems: Problems): Policy {
  if (!isObject(value)) {
    problems.add('', value, 'an object', 'There are no rules');
    return emptyPolicy();
  }
  if (value['version'] !== 1) {
    problems.add('version', value['version'], '1', 'There are no rules');
    return emptyPolicy();
  }
  refuseOthers(value, '', MEMBERS, problems);
  const { defaults, rules, tags, capture } = value;
  return {
    version: 1,
    defaults: defaults === undefined ? {} : readDefaults(defaults, problems),
    rules: rules === undefined ? [] : readRules(rules, problems),
    tags: tags === undefined ? [] : readTags(tags, problems),
    ...(capture !== undefined && { capture }),
  };
}

function readDefaults(value: unknown, problems: Problems): { sensitivity?: Sensitivity } {
  if (!isObject(value)) {
    problems.add('defaults', value, 'an object', IGNORED);
    return {};
  }
  refuseOthers(value, 'defaults', ['sensitivity'], problems);
  const given = value['sensitivity'];
  const sensitivity =
    given === undefined ? undefined : readSensitivity(given, 'defaults.sensitivity', ignoring(problems));
  return sensitivity === undefined ? {} : { sensitivity };
}

function readTags(value: unknown, problems: Problems): string[] {
  if (!Array.isArray(value) || value.length > MAX_LIST_ENTRIES) {
    problems.add('tags', value, `a list of up to ${MAX_LIST_ENTRIES}`, IGNORED);
    return [];
  }
  return Array.from(value, (tag: unknown, index) => readTag(tag, `tags[${index}]`, ignoring(problems)) ?? []).flat();
}

function refuseOthers(value: object, path: string, known: readonly string[], problems: Problems): void {
  for (const [name, found] of Object.entries(value)) {
    if (!known.includes(name)) problems.add(member(path, name), found, `the members ${known.join(', ')}`, IGNORED);
  }
}

function ignoring(problems: Problems): (path: string, found: unknown, accepts: string) => void {
  return (path, found, accepts) => problems.add(path, found, accepts, IGNORED);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
