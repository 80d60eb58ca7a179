/** Which records somebody asked for. Pure. */
import { nearestOf } from '../../lib/nearest.js';
import { compileGlob, type Glob } from '../../policy/glob.js';
import { AUDIT_FIELDS, type AuditField, type AuditKey } from '../../semconv/audit-record.js';
import type { ReadRecord } from '../read-records.js';
import { visible } from '../text.js';
import { type QueryField, valuesOf, withoutPrefix } from './fields.js';
import { keyNeedle, type Needles, patternNeedle } from './prefilter.js';

/** One option: a record needs one of its values. */
export interface Filter {
  readonly matches: (record: ReadRecord) => boolean;
  /** Bytes of which one is in every line with such a record; undefined if there are no such bytes. */
  readonly needles: Needles | undefined;
  /** Only of fields that say who somebody is, or identify them. */
  readonly person?: Person;
}

/** Whom a filter means. */
export interface Person {
  readonly patterns: readonly string[];
  readonly passes: (id: string) => boolean;
  /** The same filter, which also matches these values. */
  readonly orOneOf: (values: ReadonlySet<string>) => Filter;
}

/** More values are looked for by what all pseudonyms and digests begin with. */
const MAX_NEEDLES = 100;
const PREFIXES = ['actor-', 'detail-', 'hmac-sha256:'];

/** The filter of an option with all its values, or the problem with one of them. */
export function filterOf(field: QueryField, patterns: readonly string[]): Filter | string {
  if (field.only === 'flag') return flag(field);
  const globs: Glob[] = [];
  const needles: (Buffer | undefined)[] = [];
  for (const given of patterns) {
    const pattern = field.prefix === undefined ? given : withoutPrefix(given, field.prefix);
    const glob = compileGlob(pattern, { whole: true });
    const problem = glob === undefined ? malformed(field, given) : unknown(field, pattern);
    if (glob === undefined || problem !== undefined) return problem as string;
    globs.push(glob);
    needles.push(patternNeedle(pattern));
  }
  const isAny = (text: string) => globs.some((glob) => glob(text));
  const filter = textFilter(field, isAny, needles);
  if (!field.keys.some(isPersonal)) return filter;
  const orOneOf = (values: ReadonlySet<string>) => {
    const also = values.size > MAX_NEEDLES ? PREFIXES : [...values];
    const isOne = (text: string) => isAny(text) || values.has(text);
    return textFilter(field, isOne, [...needles, ...also.map((text) => Buffer.from(text))]);
  };
  return { ...filter, person: { patterns, passes: isAny, orOneOf } };
}

function isPersonal(key: AuditKey): boolean {
  const { redaction, identifies }: AuditField = AUDIT_FIELDS[key];
  return redaction === 'identity' || identifies === true;
}

function textFilter(
  field: QueryField,
  passes: (text: string) => boolean,
  needles: readonly (Buffer | undefined)[],
): Filter {
  return {
    matches: (record) => field.keys.some((key) => someText(record, key, field.prefix, passes)),
    needles: needles.every((each) => each !== undefined) ? needles : undefined,
  };
}

function flag({ keys: [key] }: QueryField): Filter {
  return {
    matches: (record) => someText(record, key as AuditKey, undefined, (text) => text === 'true'),
    needles: [keyNeedle(key as AuditKey)],
  };
}

function malformed({ name }: QueryField, pattern: string): string {
  if (pattern === '') return `--${name} needs a value`;
  return `--${name} ${visible(pattern)}: braces list at least two choices, as in {a,b}, and are closed`;
}

/** A misspelt value would match nothing. A later version may have others: patterns are free. */
function unknown(field: QueryField, pattern: string): string | undefined {
  const values = valuesOf(field);
  if (values === undefined || values.includes(pattern) || /[*?{]/.test(pattern)) return undefined;
  const nearest = nearestOf(pattern.slice(0, 100), values);
  const hint = nearest === undefined ? '' : `. Did you mean ${nearest}?`;
  return `--${field.name} takes ${values.join(', ')}, or a pattern; not ${visible(pattern, 80)}${hint}`;
}

/** Whether a value of a field passes: of lists, one element is enough. Some backends keep all values as text. */
function someText(
  record: ReadRecord,
  key: AuditKey,
  prefix: string | undefined,
  passes: (text: string) => boolean,
): boolean {
  const value = Object.hasOwn(record, key) ? record[key] : undefined;
  if (Array.isArray(value)) return value.some((each) => typeof each === 'string' && passes(each));
  if (typeof value === 'string') return passes(prefix === undefined ? value : withoutPrefix(value, prefix));
  return (typeof value === 'number' || typeof value === 'boolean') && passes(String(value));
}
