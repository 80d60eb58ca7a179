/**
 * The fields of a record in the making. Every operation makes and copies several records: an array in the order of
 * canonical JSON is much faster than an object with as many properties.
 */
import { AUDIT_FIELDS, type AuditField, type AuditFields, type AuditKey } from '../semconv/audit-record.js';

/** Value of a log attribute. */
export type AttributeValue = string | number | boolean | readonly string[];

/** Values for fields, by key. An undefined value leaves its field out. */
export type FieldValues = { readonly [K in AuditKey]?: AuditFields[K] | undefined };

/** All defined keys, sorted by UTF-16 code units as RFC 8785 requires. */
const KEYS = (Object.keys(AUDIT_FIELDS) as AuditKey[]).sort();
const RANKS: ReadonlyMap<string, number> = new Map(KEYS.map((key, rank) => [key, rank]));
const PREFIXES = KEYS.map((key) => `${JSON.stringify(key)}:`);
/** Names of fields that are not complete: more can be added to them, one after the other. */
const TRUNCATED = RANKS.get('mcp_audit.truncated') as number;
const IN_ATTRIBUTES = KEYS.map((key) => (AUDIT_FIELDS[key] as AuditField).bodyOnly !== true);

/** The last value of each field that was short, and its member: of two records, most fields are the same. */
const LAST: (AttributeValue | undefined)[] = new Array(KEYS.length).fill(undefined);
const MEMBERS: string[] = new Array(KEYS.length).fill('');
const MAX_KEPT_CHARS = 256;

/** Characters that JSON escapes, and surrogates. Ranges are faster than Unicode properties. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/;

export class RecordFields {
  readonly #values: (AttributeValue | undefined)[];
  /** Configured response headers, which the definition does not list. Usually empty. */
  #others: ReadonlyMap<string, readonly string[]> | undefined;

  constructor(from?: RecordFields) {
    if (from === undefined) this.#values = new Array(KEYS.length).fill(undefined);
    else {
      this.#values = from.#values.slice();
      this.#others = from.#others;
    }
  }

  get<K extends AuditKey>(key: K): AuditFields[K] {
    return this.#values[RANKS.get(key) as number] as AuditFields[K];
  }

  /** Sets a field; undefined removes it. Names of cut fields are added to those it has. */
  set<K extends AuditKey>(key: K, value: AuditFields[K] | undefined): void {
    const rank = RANKS.get(key) as number;
    const had = rank === TRUNCATED ? this.#values[rank] : undefined;
    const whole = had === undefined || value === undefined ? value : [...new Set([had, value].flat())].sort();
    this.#values[rank] = whole as AttributeValue | undefined;
  }

  /** Sets all defined values. */
  add(values: FieldValues): this {
    for (const key in values) {
      const value = values[key as AuditKey];
      if (value !== undefined) this.set(key as AuditKey, value as never);
    }
    return this;
  }

  /** Sets a field that the definition may not list. */
  setOpen(key: string, value: readonly string[]): void {
    if (RANKS.has(key)) this.set(key as AuditKey, value as never);
    else this.#others = new Map(this.#others).set(key, value);
  }

  /** Removes a field; returns whether it existed. */
  drop(key: string): boolean {
    const rank = RANKS.get(key);
    if (rank === undefined) {
      const others = new Map(this.#others);
      const dropped = others.delete(key);
      this.#others = others;
      return dropped;
    }
    if (this.#values[rank] === undefined) return false;
    this.#values[rank] = undefined;
    return true;
  }

  /** A copy of the fields whose key matches. */
  pick(pattern: RegExp): RecordFields {
    const picked = new RecordFields();
    for (const [rank, key] of KEYS.entries()) if (pattern.test(key)) picked.#values[rank] = this.#values[rank];
    return picked;
  }

  /** A copy of the fields whose key does not match. */
  without(pattern: RegExp): RecordFields {
    const rest = new RecordFields(this);
    for (const [rank, key] of KEYS.entries()) if (pattern.test(key)) rest.#values[rank] = undefined;
    return rest;
  }

  /** Keys that the definition does not list. */
  openKeys(): string[] {
    return [...(this.#others?.keys() ?? [])];
  }

  /** Canonical JSON. @see https://www.rfc-editor.org/rfc/rfc8785 */
  toText(): string {
    if (this.#others !== undefined && this.#others.size > 0) return this.#openText();
    const values = this.#values;
    let json = '';
    for (let rank = 0; rank < values.length; rank++) {
      const value = values[rank];
      if (value !== undefined) json += `${json === '' ? '{' : ','}${member(rank, value)}`;
    }
    return json === '' ? '{}' : `${json}}`;
  }

  #openText(): string {
    const members = [...this.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([key, value]) => `${JSON.stringify(key)}:${scalar(value)}`).join(',')}}`;
  }

  *entries(): Generator<[string, AttributeValue]> {
    for (const [rank, key] of KEYS.entries()) {
      const value = this.#values[rank];
      if (value !== undefined) yield [key, value];
    }
    yield* this.#others ?? [];
  }

  /** Adds all fields except those that log records have members for. */
  addAttributesTo(attributes: Record<string, string | number | boolean | string[]>): void {
    const values = this.#values;
    for (let rank = 0; rank < values.length; rank++) {
      const value = values[rank];
      if (value !== undefined && IN_ATTRIBUTES[rank]) attributes[KEYS[rank] as string] = value as string;
    }
    for (const [key, value] of this.#others ?? []) attributes[key] = [...value];
  }
}

function member(rank: number, value: AttributeValue): string {
  if (value === LAST[rank]) return MEMBERS[rank] as string;
  const text = `${PREFIXES[rank]}${scalar(value)}`;
  if (typeof value !== 'object' && text.length <= MAX_KEPT_CHARS) {
    LAST[rank] = value;
    MEMBERS[rank] = text;
  }
  return text;
}

/** Most strings need no escaping, and testing is faster than `JSON.stringify`. */
function scalar(value: AttributeValue): string {
  return typeof value === 'string' && !ESCAPED.test(value) ? `"${value}"` : JSON.stringify(value);
}
