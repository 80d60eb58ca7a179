/** Decides which argument values are recorded: those that a capture rule names and describes. */
import { isArray, ownValue } from '../lib/foreign.js';
import { namesOf } from './argument-names.js';
import { DEFAULT_CAPTURED_CHARS, MAX_CAPTURED_CHARS } from './limits.js';
import type { RedactionCounts } from './redaction-counts.js';
import type { Redactor } from './redactor.js';
import { newReading, type Reading } from './scrub.js';
import { isSensitiveKey } from './sensitive-names.js';

/** What one argument must look like for its value to be recorded. */
export interface CaptureRule {
  /** `integer` means a safe integer, `enum` a text among `values`. `string` is any text, and needs `unsafeText`. */
  readonly type: 'number' | 'integer' | 'boolean' | 'enum' | 'string';
  /** All texts of an `enum`: 1 to 64, each at most 128 characters. */
  readonly values?: readonly string[];
  /**
   * Longest text of a `string` that is recorded, in UTF-16 units, 1 to 1024. Longer ones are not recorded. @defaultValue 64
   */
  readonly maxLength?: number;
  /** Smallest number that is recorded. */
  readonly min?: number;
  /** Largest number that is recorded. */
  readonly max?: number;
  /** Acknowledges that a text can contain anything, and that the redactor does not recognise everything. */
  readonly unsafeText?: true;
}

/** A value that may be recorded. */
export type CapturedValue = string | number | boolean;

/**
 * The values of the arguments that have a rule, by path (see {@link memberPath}); undefined if there are none. Elements of
 * arrays are not recorded. Text passes the redactor and its hook, with the field `<field>.<path>`.
 *
 * Leaves out, and counts, a value that breaks its rule, a number that the redactor would change, values beyond the reading
 * budget of the call, and, whatever the rule, values under a sensitive name such as `password`. Calls no getter, and never
 * throws.
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
  // Unlike an assignment, this makes `__proto__` an ordinary property.
  return captured.length === 0 ? undefined : Object.fromEntries(captured);
}

function memberOf(container: unknown, name: string): unknown {
  return isArray(container) ? undefined : ownValue(container, name);
}

/** The check for each type. */
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
  // A number can be a card number, and its replacement is not a number.
  const text = String(value);
  if (redactor.name(label, text, counts) === text) return value;
  counts.dropped.add(label);
  return undefined;
}
