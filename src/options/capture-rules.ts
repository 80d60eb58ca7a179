/** The rules by which argument values are captured, read from what somebody wrote; says what is wrong with them in words. */

import { isArray, memberNames, ownElements, ownValue } from '../lib/foreign.js';
import { cutChars } from '../lib/text.js';
import type { CaptureRule } from '../redact/capture.js';
import { isSensitiveKey } from '../redact/keys.js';
import { MAX_CAPTURED_CHARS } from '../redact/limits.js';
import { namesOf } from '../redact/paths.js';
import { scrub } from '../redact/scrub.js';

/** Arguments with a rule, per tool. */
const MAX_RULES = 64;
/** Names in the path of an argument. */
const MAX_NAMES = 8;
const MAX_PATH_CHARS = 256;
/** Texts of an `enum`, and their length. */
const MAX_VALUES = 64;
const MAX_VALUE_CHARS = 128;

/** How one member of a rule has to be. */
interface Check {
  readonly accepts: string;
  readonly passes: (value: unknown) => boolean;
}

const aNumber: Check = { accepts: 'a number', passes: (value) => Number.isFinite(value) };

type Member = Exclude<keyof CaptureRule, 'type'>;

const MEMBERS: Readonly<Record<Member, Check>> = {
  values: { accepts: `a list of 1 to ${MAX_VALUES} texts of at most ${MAX_VALUE_CHARS} characters`, passes: areValues },
  maxLength: {
    accepts: `a whole number from 1 to ${MAX_CAPTURED_CHARS}`,
    passes: (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_CAPTURED_CHARS,
  },
  min: aNumber,
  max: aNumber,
  unsafeText: { accepts: 'true', passes: (value) => value === true },
};

/** The members of each type, and which of them it cannot do without. */
const TYPES: Readonly<Record<CaptureRule['type'], { readonly members: readonly Member[]; readonly needs?: Member }>> = {
  number: { members: ['min', 'max'] },
  integer: { members: ['min', 'max'] },
  boolean: { members: [] },
  enum: { members: ['values'], needs: 'values' },
  string: { members: ['maxLength', 'unsafeText'], needs: 'unsafeText' },
};

const ACCEPTED_TYPES = Object.keys(TYPES).join(', ');

/** The rules that can be used, and what is wrong with the others: nothing is captured by those. */
export interface ParsedCaptureRules {
  readonly rules: ReadonlyMap<string, CaptureRule>;
  /** One sentence each, that begins with the path of what it is about. */
  readonly errors: readonly string[];
}

/**
 * Reads an object of argument path → {@link CaptureRule}. `where` is how messages name it, such as `capture.tools.search`.
 * Never throws. Copies what it keeps.
 */
export function parseCaptureRules(value: unknown, where: string): ParsedCaptureRules {
  const rules = new Map<string, CaptureRule>();
  const errors: string[] = [];
  if (!isRecord(value)) {
    errors.push(`${where} is ${shown(value)}; accepted: an object with one rule for each path of an argument`);
    return { rules, errors };
  }
  const paths = memberNames(value);
  if (paths.length > MAX_RULES) errors.push(`${where} has ${paths.length} rules; accepted: at most ${MAX_RULES}`);
  for (const path of paths.slice(0, MAX_RULES)) {
    const at = `${where}.${named(path)}`;
    const found = pathErrors(path, at);
    const rule = found.length === 0 ? parseRule(ownValue(value, path), at, found) : undefined;
    if (rule !== undefined) rules.set(path, rule);
    errors.push(...found);
  }
  return { rules, errors };
}

function pathErrors(path: string, at: string): string[] {
  const names = path.length > MAX_PATH_CHARS ? [] : namesOf(path);
  if (names.length === 0 || names.length > MAX_NAMES) {
    return [`${at} is too long; accepted: paths of at most ${MAX_NAMES} names and ${MAX_PATH_CHARS} characters`];
  }
  return names.some(isSensitiveKey) ? [`${at} names a secret; its value is never captured`] : [];
}

/** One rule, or undefined when something was added to the errors. */
function parseRule(value: unknown, at: string, errors: string[]): CaptureRule | undefined {
  if (!isRecord(value)) {
    errors.push(`${at} is ${shown(value)}; accepted: an object with a type (${ACCEPTED_TYPES})`);
    return undefined;
  }
  const type = ownValue(value, 'type');
  if (typeof type !== 'string' || !Object.hasOwn(TYPES, type)) {
    errors.push(`${at}.type is ${shown(type)}; accepted: ${ACCEPTED_TYPES}`);
    return undefined;
  }
  const { members, needs } = TYPES[type as CaptureRule['type']];
  const rule: Record<string, unknown> = { type };
  for (const name of memberNames(value).slice(0, MAX_RULES)) {
    if (name === 'type') continue;
    const member = ownValue(value, name);
    if (member === undefined) continue;
    const known = members.find((each) => each === name);
    if (known === undefined) {
      const accepted = ['type', ...members].join(', ');
      errors.push(`${at}.${named(name)} does not belong to the type ${type}; accepted: ${accepted}`);
    } else if (MEMBERS[known].passes(member)) rule[known] = isArray(member) ? [...member] : member;
    else errors.push(`${at}.${known} is ${shown(member)}; accepted: ${MEMBERS[known].accepts}`);
  }
  if (needs !== undefined && ownValue(value, needs) === undefined) {
    errors.push(`${at}.${needs} is missing; accepted: ${MEMBERS[needs].accepts}`);
  }
  const { min, max } = rule as { min?: number; max?: number };
  if (min !== undefined && max !== undefined && min > max) {
    errors.push(`${at}.min is ${min}; accepted: a number up to max, which is ${max}`);
  }
  return errors.length === 0 ? (rule as unknown as CaptureRule) : undefined;
}

function areValues(value: unknown): boolean {
  const values = ownElements(value, MAX_VALUES + 1) ?? [];
  return (
    values.length >= 1 &&
    values.length <= MAX_VALUES &&
    values.every((each) => typeof each === 'string' && each.length <= MAX_VALUE_CHARS)
  );
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !isArray(value);
}

/** What was given, as far as a message may repeat it. */
function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return JSON.stringify(cutChars(scrub(value, 40), 40, value.length > 40));
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  return isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function named(name: string): string {
  return cutChars(scrub(name, 64), 64, name.length > 64);
}
