/** What an option can be, and how one is read from code or environment. */

import { shown } from '../redact/shown.js';
import { warnOperator } from '../report/report.js';

/** Of a bad value, in UTF-16 units. */
const MAX_SHOWN = 40;

/** How one kind of value is read. */
export interface Kind<T> {
  /** For messages: what is accepted. */
  readonly accepts: string;
  readonly fromText: (text: string) => T | undefined;
  readonly fromValue: (value: unknown) => T | undefined;
  /** Text of any case means the same. */
  readonly anyCase?: true;
}

/** One option: its environment variable, what it accepts, its default. */
export interface Row<T> {
  readonly env: string;
  readonly kind: Kind<T>;
  readonly default: T;
  /** What a value that is not accepted counts as, where the default would let out more than was meant. */
  readonly refused?: T;
  /** Its value is not for messages. */
  readonly secret?: true;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const BOOLEAN_WORDS: Readonly<Record<string, boolean>> = {
  true: true,
  on: true,
  1: true,
  false: false,
  off: false,
  0: false,
};

export const flag: Kind<boolean> = {
  accepts: 'true, false, on, off, 1, 0',
  fromText: (text) => (Object.hasOwn(BOOLEAN_WORDS, text) ? BOOLEAN_WORDS[text] : undefined),
  fromValue: (value) => (typeof value === 'boolean' ? value : undefined),
  anyCase: true,
};

export function count(min: number, max: number): Kind<number> {
  const inRange = (value: number) => (Number.isSafeInteger(value) && value >= min && value <= max ? value : undefined);
  return {
    accepts: `a whole number from ${min} to ${max}`,
    fromText: (text) => (/^\d{1,15}$/.test(text) ? inRange(Number(text)) : undefined),
    fromValue: (value) => (typeof value === 'number' ? inRange(value) : undefined),
  };
}

export function oneOf<T extends string>(...words: readonly T[]): Kind<T> {
  const find = (value: unknown) => words.find((word) => word === value);
  return { accepts: words.join(', '), fromText: find, fromValue: find, anyCase: true };
}

/** Several of a few words; one of them in code also without a list. */
export function someOf<T extends string>(...words: readonly T[]): Kind<readonly T[]> {
  const fromList = (list: readonly unknown[]) => {
    const found = list.map((each) => words.find((word) => word === each));
    return found.length > 0 && found.every((word) => word !== undefined) ? [...new Set(found)] : undefined;
  };
  return {
    accepts: `${words.join(', ')}, or several of them, separated by commas`,
    fromText: (text) => fromList(separated(text)),
    fromValue: (value) => fromList(Array.isArray(value) ? value : [value]),
    anyCase: true,
  };
}

/** Text of a limited length. */
export function text(maxLength: number, accepts: string): Kind<string> {
  const short = (value: unknown) =>
    typeof value === 'string' && value !== '' && value.length <= maxLength ? value : undefined;
  return { accepts, fromText: short, fromValue: short };
}

/** A list of texts that all match. */
export function listOf(pattern: RegExp, accepts: string): Kind<readonly string[]> {
  const fromList = (list: readonly unknown[]) => {
    const matches = list.every((each) => typeof each === 'string' && pattern.test(each));
    return matches ? (list as readonly string[]) : undefined;
  };
  return {
    accepts: `${accepts}; in the environment separated by commas`,
    fromText: (value) => fromList(separated(value)),
    fromValue: (value) => (Array.isArray(value) ? fromList(value) : undefined),
  };
}

function separated(value: string): string[] {
  return value
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

/**
 * The value of an option: what the code gives, else the environment, else the default. What is not accepted is reported
 * once on stderr, with what is, and counts as not given.
 */
export function resolve<T>(name: string, row: Row<T>, given: unknown, env: Environment): T {
  const { kind, secret } = row;
  if (given !== undefined) {
    const value = kind.fromValue(given);
    return value ?? refuse(`option ${name}`, secret ? undefined : given, row);
  }
  const found = env[row.env]?.trim();
  if (found === undefined || found === '') return row.default;
  const value = kind.fromText(kind.anyCase ? found.toLowerCase() : found);
  return value ?? refuse(row.env, secret ? undefined : found, row);
}

function refuse<T>(name: string, found: unknown, row: Row<T>): T {
  const { kind, default: value, refused } = row;
  const what = found === undefined ? 'not accepted' : show(found);
  const used = value === undefined || String(value) === '' ? 'Ignored' : `Using ${String(value)}`;
  warnOperator(`${name} is ${what}; accepted: ${kind.accepts}. ${refused === undefined ? used : 'Using none'}`);
  return refused ?? value;
}

/** One word from the environment, for settings that are not options of an instrumentation. */
export function oneOfEnv<T extends string>(name: string, words: readonly T[], fallback: T): T {
  return resolve(name, { env: name, kind: oneOf(...words), default: fallback }, undefined, process.env);
}

/** A bad value as it may be shown: short, of one line, and without secrets. */
export function show(value: unknown): string {
  return shown(typeof value === 'string' ? JSON.stringify(value) : textOf(value), MAX_SHOWN);
}

/** Of an object that has no text, or throws instead, what it is. */
function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return typeof value;
  }
}
