/**
 * The fields of a record in the making. An object of so many properties is slow to make and slower to copy, and every
 * operation makes several: here they are an array, in the order in which canonical JSON has them.
 */
import { AUDIT_FIELDS, type AuditField, type AuditFields, type AuditKey } from '../semconv/audit-record.js';

/** What an attribute of a log record can be. */
export type AttributeValue = string | number | boolean | readonly string[];

/** Values for fields, by key. An undefined value leaves its field out. */
export type FieldValues = { readonly [K in AuditKey]?: AuditFields[K] | undefined };

/** All keys of the definition, sorted by UTF-16 code units: the order of RFC 8785. */
const KEYS = (Object.keys(AUDIT_FIELDS) as AuditKey[]).sort();
const RANKS: ReadonlyMap<string, number> = new Map(KEYS.map((key, rank) => [key, rank]));
const PREFIXES = KEYS.map((key) => `${JSON.stringify(key)}:`);
const IN_ATTRIBUTES = KEYS.map((key) => (AUDIT_FIELDS[key] as AuditField).bodyOnly !== true);

/** What JSON escapes, and all that needs two code units: a set of ranges is tested faster than properties of Unicode. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/;

export class RecordFields {
  readonly #values: (AttributeValue | undefined)[];
  /** Beyond the definition: headers that the configuration names. Nearly always empty. */
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

  /** Sets a field; undefined takes it away. */
  set<K extends AuditKey>(key: K, value: AuditFields[K] | undefined): void {
    this.#values[RANKS.get(key) as number] = value as AttributeValue | undefined;
  }

  /** Sets all fields that have a value. */
  add(values: FieldValues): this {
    for (const key in values) {
      const value = values[key as AuditKey];
      if (value !== undefined) this.set(key as AuditKey, value as never);
    }
    return this;
  }

  /** Sets a field that need not be one of the definition. */
  setOpen(key: string, value: readonly string[]): void {
    if (RANKS.has(key)) this.set(key as AuditKey, value as never);
    else this.#others = new Map(this.#others).set(key, value);
  }

  /** Takes a field away; false where it was not there. */
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

  /** A copy of those whose key matches. */
  pick(pattern: RegExp): RecordFields {
    const picked = new RecordFields();
    for (const [rank, key] of KEYS.entries()) if (pattern.test(key)) picked.#values[rank] = this.#values[rank];
    return picked;
  }

  /** A copy of those whose key does not match. */
  without(pattern: RegExp): RecordFields {
    const rest = new RecordFields(this);
    for (const [rank, key] of KEYS.entries()) if (pattern.test(key)) rest.#values[rank] = undefined;
    return rest;
  }

  /** Keys beyond the definition. */
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
      if (value !== undefined) json += `${json === '' ? '{' : ','}${PREFIXES[rank]}${scalar(value)}`;
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

  /** All but what a log record says by other means. */
  addAttributesTo(attributes: Record<string, string | number | boolean | string[]>): void {
    const values = this.#values;
    for (let rank = 0; rank < values.length; rank++) {
      const value = values[rank];
      if (value !== undefined && IN_ATTRIBUTES[rank]) attributes[KEYS[rank] as string] = value as string;
    }
    for (const [key, value] of this.#others ?? []) attributes[key] = [...value];
  }
}

/** Most strings need no escaping, and `JSON.stringify` costs more than to see that. */
function scalar(value: AttributeValue): string {
  return typeof value === 'string' && !ESCAPED.test(value) ? `"${value}"` : JSON.stringify(value);
}
