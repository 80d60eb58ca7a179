/** Tests the values of arguments without keeping them and without running code in them. */
import { compileFolder, type Folder } from './file-path.js';
import { compileGlob, type Glob } from './glob.js';
import type { ArgumentPredicate, ClassificationRule } from './rule.js';

/** Members and list elements visited for one predicate. */
const MAX_LOOKS = 1000;

/** Whether the arguments of a call match a rule. */
export type ArgumentTest = (args: unknown) => boolean;
type ValueTest = (value: unknown) => boolean;

/** Matches any name. */
const ANY = '*';
/** Thrown to end a search that is too long or would run code. One instance: its stack is never read. */
const NOT_KNOWN = new Error('not known');
/** Stands for a value that cannot be read without running code. */
const UNREADABLE = Symbol('unreadable');

/** Undefined for a rule without conditions on arguments. */
export function compileArguments(conditions: ClassificationRule['arguments']): ArgumentTest | undefined {
  if (conditions === undefined) return undefined;
  const tests = Object.entries(conditions).map(([path, predicate]) => compileArgument(path.split('.'), predicate));
  return (args) => tests.every((test) => test(args));
}

function compileArgument(path: readonly string[], predicate: ArgumentPredicate): ArgumentTest {
  // An unknown value makes the rule match.
  if (predicate.present === false) return (args) => !new Search(path, () => true).finds(args, false);
  const tests = valueTests(predicate);
  const test: ValueTest = (value) => value === UNREADABLE || tests.every((each) => each(value));
  return (args) => new Search(path, test).finds(args, true);
}

function valueTests({ equals, in: values, glob, underPath, min, max }: ArgumentPredicate): ValueTest[] {
  const tests: ValueTest[] = [];
  if (equals !== undefined) tests.push((value) => value === equals);
  if (values !== undefined) {
    const known = new Set<unknown>(values);
    tests.push((value) => known.has(value));
  }
  if (glob !== undefined) tests.push(anyOf(asList(glob).map((each) => compileGlob(each))));
  if (underPath !== undefined) tests.push(anyOf(asList(underPath).map(compileFolder)));
  if (min !== undefined) tests.push((value) => typeof value === 'number' && value >= min);
  if (max !== undefined) tests.push((value) => typeof value === 'number' && value <= max);
  return tests;
}

function anyOf(patterns: readonly (Glob | Folder | undefined)[]): ValueTest {
  return (value) => typeof value === 'string' && patterns.some((matches) => matches?.(value));
}

/** One value or several, as a list. */
export function asList<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? value : [value as T];
}

/** Follows one path through the arguments. */
class Search {
  readonly #path: readonly string[];
  readonly #test: ValueTest;
  #looks = MAX_LOOKS;

  constructor(path: readonly string[], test: ValueTest) {
    this.#path = path;
    this.#test = test;
  }

  /** Whether a value passes the test. @param unknown the answer if that cannot be known */
  finds(args: unknown, unknown: boolean): boolean {
    try {
      return args !== undefined && this.#at(args, 0);
    } catch {
      return unknown;
    }
  }

  #at(value: unknown, depth: number): boolean {
    const last = depth === this.#path.length;
    if (last && this.#test(value)) return true;
    if (value === UNREADABLE) throw NOT_KNOWN;
    if (typeof value !== 'object' || value === null) return false;
    if (Array.isArray(value)) return this.#inList(value, depth);
    return !last && this.#inObject(value, depth);
  }

  #inList(list: readonly unknown[], depth: number): boolean {
    for (let index = 0; index < list.length; index++) {
      if (this.#inMember(list, String(index), depth)) return true;
    }
    return false;
  }

  #inObject(owner: object, depth: number): boolean {
    const name = this.#path[depth] as string;
    const names = name === ANY ? Object.keys(owner) : [name];
    return names.some((each) => this.#inMember(owner, each, depth + 1));
  }

  #inMember(owner: object, name: string, depth: number): boolean {
    this.#looks -= 1;
    if (this.#looks < 0) throw NOT_KNOWN;
    const property = Object.getOwnPropertyDescriptor(owner, name);
    if (property === undefined) return false;
    const value: unknown = 'value' in property ? property.value : UNREADABLE;
    return value !== undefined && this.#at(value, depth);
  }
}
