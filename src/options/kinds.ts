/** The kinds of single values that options and policies hold: what each accepts, and how it is read. */

import { booleanWord } from './switch.js';

/** Called with each value that is not accepted. The path is empty for the outermost value. */
export type Refuse = (path: string, found: unknown, accepts: string, consequence?: string) => void;

export type JsonSchema = Readonly<Record<string, unknown>>;

export interface Kind<T> {
  /** What is accepted, in words. */
  readonly accepts: string;
  /** The same for the text of an environment variable, where it differs. */
  readonly acceptsText?: string;
  /** The value, its lists and objects copied; undefined where something in it was refused. */
  readonly read: (value: unknown, path: string, refuse: Refuse) => T | undefined;
  /** Makes the text of an environment variable a value to read; without it, the text is the value. */
  readonly parse?: (text: string) => unknown;
  /** The JSON Schema that accepts the same, or more where a schema cannot express it. */
  readonly schema?: JsonSchema;
  /** What may be shown of a value that is refused, if not all of it. */
  readonly shown?: (value: unknown) => unknown;
  /** What a refusal leads to, where the list or object around the value is read without it. */
  readonly skipped?: string;
}

type Extras<T> = Partial<Omit<Kind<T>, 'accepts' | 'read'>>;

/** A value that passes a test and is taken as it is. */
export function valueThat<T>(accepts: string, fits: (value: unknown) => boolean, extras: Extras<T> = {}): Kind<T> {
  const read = (value: unknown, path: string, refuse: Refuse) => {
    if (fits(value)) return value as T;
    refuse(path, value, accepts);
    return undefined;
  };
  return { accepts, read, ...extras };
}

export const flag = valueThat<boolean>('true, false', (value) => typeof value === 'boolean', {
  acceptsText: 'true, false, on, off, 1, 0',
  parse: (text) => booleanWord(text) ?? text,
  schema: { type: 'boolean' },
});

export const finiteNumber = valueThat<number>('a number', (value) => Number.isFinite(value), {
  schema: { type: 'number' },
});

export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): Kind<number> {
  const accepts = `a whole number from ${min}${max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`}`;
  const fits = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max;
  return valueThat(accepts, fits, {
    parse: (text) => (/^\d{1,15}$/.test(text) ? Number(text) : text),
    schema: { type: 'integer', minimum: min, maximum: max },
  });
}

export function exactly<T extends number | boolean>(only: T): Kind<T> {
  return valueThat(String(only), (value) => value === only, { schema: { const: only } });
}

export function oneOf<T extends string>(...words: readonly T[]): Kind<T> {
  return valueThat(words.join(', '), (value) => words.some((word) => word === value), {
    parse: (text) => text.toLowerCase(),
    schema: { enum: words },
  });
}

/** One or several of a few words, as a list without repetition. */
export function someOf<T extends string>(...words: readonly T[]): Kind<readonly T[]> {
  const accepts = `${words.join(', ')}, or a list of them`;
  const isWord = (value: unknown) => words.some((word) => word === value);
  const read = (value: unknown, path: string, refuse: Refuse) => {
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (list.length > 0 && list.every(isWord)) return [...new Set(list)] as T[];
    refuse(path, value, accepts);
    return undefined;
  };
  return {
    accepts,
    acceptsText: `${words.join(', ')}, or several of them, separated by commas`,
    read,
    parse: (text) => separated(text.toLowerCase()),
  };
}

/** Text of a limited length, in UTF-16 units, that passes a test. A pattern also becomes part of the schema. */
export function text(
  maxLength: number,
  accepts: string,
  test: RegExp | ((value: string) => boolean) = (value) => value !== '',
): Kind<string> {
  const passes = test instanceof RegExp ? (value: string) => test.test(value) : test;
  return valueThat(accepts, (value) => typeof value === 'string' && value.length <= maxLength && passes(value), {
    // A schema counts characters, of which there are no more than UTF-16 units.
    schema: {
      type: 'string',
      ...(!passes('') && { minLength: 1 }),
      maxLength,
      ...(test instanceof RegExp && { pattern: test.source }),
    },
  });
}

export function func<T extends (...args: never) => unknown>(): Kind<T> {
  return valueThat('a function', (value) => typeof value === 'function');
}

/** Texts between commas. */
export function separated(text: string): string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}
