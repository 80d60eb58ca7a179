/** Conversions of single values, each with a description for the tables of the README. */
import type { AuditKey } from '../semconv/audit-record.js';
import type { Fields, FieldValue, JsonValue } from './fields.js';

/** Converts a value for another schema; `undefined` if it has no place there. */
export interface Conversion {
  /** For the documentation; empty if the value is unchanged. */
  readonly says: string;
  readonly of: (value: FieldValue, fields: Fields) => JsonValue | undefined;
}

const MAX_PORT = 65_535;
const NANOSECONDS_PER_MILLISECOND = 1_000_000;

/** A text, unchanged. */
export const text: Conversion = {
  says: '',
  of: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
};

/** A whole number, unchanged. */
export const integer: Conversion = { says: '', of: (value) => (Number.isSafeInteger(value) ? value : undefined) };

/** A list of texts, unchanged. */
export const texts: Conversion = { says: '', of: (value) => (Array.isArray(value) ? [...value] : undefined) };

/** The first of a list, as header values are. */
export const first: Conversion = {
  says: 'the first one',
  of: (value) => (Array.isArray(value) && value[0] !== '' ? value[0] : undefined),
};

export const port: Conversion = {
  says: '',
  of: (value) => (Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_PORT ? value : undefined),
};

/** A number that is text in the record, such as `-32602`. */
export const parsedInteger: Conversion = {
  says: 'as a number',
  of: (value) => (typeof value === 'string' && /^-?\d{1,9}$/.test(value) ? Number(value) : undefined),
};

/** Milliseconds since 1970 of an RFC 3339 time, rounded down; `undefined` for anything else. */
export function epochMilliseconds(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(value);
  if (parts === null) return undefined;
  const [, seconds, fraction = '', zone] = parts;
  const time = Date.parse(`${seconds}.${fraction.slice(0, 3).padEnd(3, '0')}${zone}`);
  return Number.isNaN(time) ? undefined : time;
}

export const milliseconds: Conversion = { says: 'milliseconds since 1970', of: epochMilliseconds };

/** A time as text, checked: an index refuses a document with an invalid date. */
export const time: Conversion = {
  says: 'as it is, if it is RFC 3339',
  of: (value) => (epochMilliseconds(value) === undefined ? undefined : (value as string)),
};

export const timeToMilliseconds: Conversion = {
  says: 'cut to milliseconds',
  of: (value) => {
    const epoch = epochMilliseconds(value);
    return epoch === undefined ? undefined : new Date(epoch).toISOString();
  },
};

export const nanoseconds: Conversion = {
  says: 'milliseconds to nanoseconds',
  of: (value) => {
    const converted = Number.isSafeInteger(value) ? Number(value) * NANOSECONDS_PER_MILLISECOND : undefined;
    return Number.isSafeInteger(converted) ? converted : undefined;
  },
};

const BYTE = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4 = new RegExp(`^${BYTE}(?:\\.${BYTE}){3}$`);
const IPV6_CHARACTERS = /^[0-9a-f:.]{2,45}$/i;

/** Whether a text is an IP address without a zone: an index refuses a document with a malformed address. */
export function isIp(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  if (IPV4.test(value)) return true;
  return value.includes(':') && IPV6_CHARACTERS.test(value) && URL.canParse(`http://[${value}]/`);
}

export const ip: Conversion = { says: 'if it is an IP address', of: (value) => (isIp(value) ? value : undefined) };

export const notIp: Conversion = {
  says: 'if it is not an IP address',
  of: (value) => (isIp(value) ? undefined : text.of(value, NOTHING)),
};

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/i;

export const hostName: Conversion = {
  says: 'if it is a host name',
  of: (value) => (typeof value === 'string' && !isIp(value) && HOST_NAME.test(value) ? value : undefined),
};

export const lowerCase: Conversion = { says: 'in lower case', of: (value) => textCase(value, 'toLowerCase') };
export const upperCase: Conversion = { says: 'in upper case', of: (value) => textCase(value, 'toUpperCase') };

function textCase(value: FieldValue, to: 'toLowerCase' | 'toUpperCase'): string | undefined {
  return typeof value === 'string' && value !== '' ? value[to]() : undefined;
}

/** A constant, regardless of the field's value. */
export function always(constant: string | number): Conversion {
  return { says: `always \`${constant}\``, of: () => constant };
}

/** Looks a value up in a table; undefined for one that is not in it. */
export function oneOf(table: Readonly<Record<string, string | number>>): Conversion {
  const pairs = Object.entries(table).map(([from, to]) => (from === to ? `\`${from}\`` : `\`${from}\` → \`${to}\``));
  return { says: pairs.join(', '), of: (value) => lookUp(table, value) };
}

/** An own member of a table, never an inherited one. */
export function lookUp<V>(table: Readonly<Record<string, V>>, key: unknown): V | undefined {
  return typeof key === 'string' && Object.hasOwn(table, key) ? table[key] : undefined;
}

/** The highest step that a severity number reaches: OpenTelemetry has four numbers per name. */
export function severity<V extends string | number>(steps: Readonly<Record<'INFO' | 'WARN' | 'ERROR' | 'FATAL', V>>) {
  const { says } = oneOf(steps);
  return {
    says: `${says} (by range)`,
    of: (value: FieldValue): V | undefined => {
      if (typeof value !== 'number' || value < 1) return undefined;
      if (value >= 21) return steps.FATAL;
      if (value >= 17) return steps.ERROR;
      return value >= 13 ? steps.WARN : steps.INFO;
    },
  } satisfies Conversion;
}

/** The distinct texts of some fields and lists, in the order of the keys. */
export function distinct(keys: readonly AuditKey[], accepts: (value: unknown) => boolean = () => true): Conversion {
  return {
    says: 'in a list, each once',
    of: (_, fields) => {
      const values = keys.flatMap((key) => fields.get(key) ?? []);
      const found = values.filter((value) => typeof value === 'string' && value !== '' && accepts(value));
      return found.length > 0 ? [...new Set(found as string[])] : undefined;
    },
  };
}

const NOTHING: Fields = new Map();
