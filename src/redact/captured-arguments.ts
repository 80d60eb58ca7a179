/** Argument values that may be recorded: those that somebody named and described, and no others. */
import { isArray, ownValue } from '../lib/foreign.js';
import { namesOf } from './argument-names.js';
import { DEFAULT_CAPTURED_CHARS, MAX_CAPTURED_CHARS } from './limits.js';
import type { RedactionCounts } from './redaction-counts.js';
import type { Redactor } from './redactor.js';
import { newReading, type Reading } from './scrub.js';
import { isSensitiveKey } from './sensitive-names.js';

/** What one argument has to be like for its value to be recorded. */
export interface CaptureRule {
  /** `integer` is a safe one. `enum` is a text among `values`. `string` is any text, and needs `unsafeText`. */
  readonly type: 'number' | 'integer' | 'boolean' | 'enum' | 'string';
  /** All texts there are, of an `enum`: 1 to 64 of at most 128 characters. */
  readonly values?: readonly string[];
  /** Longest text recorded of a `string`, in UTF-16 units, 1 to 1024. A longer one is not recorded. @defaultValue 64 */
  readonly maxLength?: number;
  /** Smallest number recorded, itself included. */
  readonly min?: number;
  /** Largest number recorded, itself included. */
  readonly max?: number;
  /** Says that it is known: a text can hold anything, and the redactor knows only so much. */
  readonly unsafeText?: true;
}

/** A value that passes for a record. */
export type CapturedValue = string | number | boolean;

/**
 * The values of those arguments that have a rule, by their path as in `paths.ts`; undefined when there are none. Elements of
 * arrays are not recorded. Text passes the redactor and its hook, which is told `<field>.<path>`. A value that is there and
 * is not as its rule says, or that the redactor would change if it is a number, is left out, and the counts told so. So is what is beyond the
 * characters that may be read of the call, and
 * one whose name hides its value, such as `password`, whatever the rule says. Calls no getter, and never throws.
 */
export function captureArguments(
  args: unknown,
  rules: ReadonlyMap<string, CaptureRule>,
  redactor: Redactor,
  counts: RedactionCounts,
  field = 'arguments',
  reading = newReading(),
): Record<string, CapturedValue> | undefined {
  const captured: [string, CapturedValue][] = [];
  for (const [path, rule] of rules) {
    const names = namesOf(path);
    const value = names.reduce<unknown>(memberOf, args);
    if (value === undefined) continue;
    const label = `${field}.${path}`;
    if (names.some(isSensitiveKey)) counts.drop(label, 'key_name');
    else if (!isAsRuled(value, rule) || reading.left <= 0) counts.drop(label, 'capture');
    else {
      const safe = safeValue(value, rule, redactor, counts, label, reading);
      if (safe !== undefined) captured.push([path, safe]);
    }
  }
  // Unlike an assignment, this makes `__proto__` a property like any other.
  return captured.length === 0 ? undefined : Object.fromEntries(captured);
}

function memberOf(container: unknown, name: string): unknown {
  return isArray(container) ? undefined : ownValue(container, name);
}

/** How a value of each type has to be. */
const CHECKS: Readonly<Record<CaptureRule['type'], (value: unknown, rule: CaptureRule) => boolean>> = {
  number: (value, rule) => Number.isFinite(value) && isInRange(value as number, rule),
  integer: (value, rule) => Number.isSafeInteger(value) && isInRange(value as number, rule),
  boolean: (value) => typeof value === 'boolean',
  enum: (value, { values }) => typeof value === 'string' && values?.includes(value) === true,
  string: (value, { unsafeText, maxLength = DEFAULT_CAPTURED_CHARS }) =>
    typeof value === 'string' && unsafeText === true && value.length <= Math.min(maxLength, MAX_CAPTURED_CHARS),
};

function isInRange(value: number, { min, max }: CaptureRule): boolean {
  return (min === undefined || value >= min) && (max === undefined || value <= max);
}

function isAsRuled(value: unknown, rule: CaptureRule): value is CapturedValue {
  return Object.hasOwn(CHECKS, rule.type) && CHECKS[rule.type](value, rule);
}

function safeValue(
  value: CapturedValue,
  { type }: CaptureRule,
  redactor: Redactor,
  counts: RedactionCounts,
  label: string,
  reading: Reading,
): CapturedValue | undefined {
  if (typeof value === 'string')
    return redactor.field(label, type === 'enum' ? 'name' : 'text', value, counts, { reading });
  if (typeof value === 'boolean') return value;
  // A number can be a card number, too, and what stands for one is no number.
  const text = String(value);
  if (redactor.name(label, text, counts) === text) return value;
  counts.dropped.add(label);
  return undefined;
}
