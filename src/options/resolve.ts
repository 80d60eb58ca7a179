/** One option: what the code gives, else the environment, else the default. */

import { warnOperator } from '../report/report.js';
import type { Kind } from './kinds.js';
import { problemText } from './problem.js';
import type { Option } from './table.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The text of a variable without white space around it; undefined for one that is unset or empty. */
export function textOf(variable: string, env: Environment): string | undefined {
  return env[variable]?.trim() || undefined;
}

/** The value in the text of a variable, or undefined where it is not accepted. Reports nothing. */
export function parsed<T>({ kind }: { readonly kind: Kind<T> }, text: string): T | undefined {
  return kind.read(kind.parse?.(text) ?? text, '', () => {});
}

/**
 * The value of an option. A value that is not accepted is reported once on stderr, with what is accepted, and replaced by
 * the default: an invalid value in code does not fall back to the variable.
 */
export function resolve<T>(name: string, option: Option<T>, given: unknown, env: Environment): T {
  if (given !== undefined) return inCode(`option ${name}`, option, given);
  const text = option.env === undefined ? undefined : textOf(option.env, env);
  if (option.env === undefined || text === undefined) return option.default;
  const value = parsed(option, text);
  if (value !== undefined) return value;
  const { accepts, acceptsText = accepts, shown = String } = option.kind;
  warnOperator(`${problemText(option.env, shown(text), acceptsText)}. ${replacement(option)}`);
  return fallback(option);
}

function inCode<T>(name: string, option: Option<T>, given: unknown): T {
  const problems: string[] = [];
  const refuse = (path: string, found: unknown, accepts: string, consequence?: string) => {
    const isWhole = path === name;
    problems.push(`${problemText(path, found, accepts)}. ${consequence ?? replacement(option, isWhole)}`);
  };
  let value: T | undefined;
  try {
    value = option.kind.read(given, name, refuse);
  } catch {
    refuse(name, given, 'data that can be read');
  }
  // Of a value that is refused as a whole, one problem is enough.
  for (const problem of value === undefined ? problems.slice(0, 1) : problems) warnOperator(problem);
  return value ?? fallback(option);
}

function fallback<T>({ default: value, refused = value }: Option<T>): T {
  return refused;
}

/** @param isWhole whether the option was refused as such, and not for something in it */
function replacement<T>(option: Option<T>, isWhole = true): string {
  if (option.refused !== undefined)
    return `Using ${typeof option.refused === 'object' ? 'none' : String(option.refused)}`;
  const text = option.default === undefined ? '' : String(option.default);
  if (text !== '' && (typeof option.default !== 'object' || Array.isArray(option.default))) return `Using ${text}`;
  return isWhole ? 'Ignored' : 'The option is ignored';
}
