/** What is wrong with a policy, in sentences for the operator. */

import { shown } from '../redact/shown.js';

/** Sentences of one document. */
const MAX_PROBLEMS = 100;
/** A value that was found, as it may be shown. In UTF-16 units. */
const MAX_SHOWN_CHARS = 40;
/** Of it, what is looked at. */
const MAX_READ_CHARS = 4096;
/** A name of a file, or a place in one. */
const MAX_PLACE_CHARS = 240;

/** Collects what is wrong with one document. */
export class Problems {
  readonly #where: string;
  readonly #texts: string[] = [];
  #more = 0;

  constructor(where: string) {
    this.#where = oneLine(where, MAX_PLACE_CHARS);
  }

  /** A value that is not accepted at a place such as `rules[2].verb`, and what comes of it. */
  add(path: string, found: unknown, accepts: string, consequence: string): void {
    const place = path === '' ? 'the policy' : oneLine(path, MAX_PLACE_CHARS);
    this.say(`${place} is ${show(found)}; accepted: ${accepts}. ${consequence}`);
  }

  say(text: string): void {
    if (this.#texts.length < MAX_PROBLEMS) this.#texts.push(`${this.#where}: ${text}`);
    else this.#more += 1;
  }

  get texts(): string[] {
    return this.#more === 0 ? [...this.#texts] : [...this.#texts, `${this.#where}: ${this.#more} more problems`];
  }
}

/** The path of a member. */
export function member(path: string, name: string): string {
  if (/^[A-Za-z_$][\w$]{0,39}$/.test(name)) return path === '' ? name : `${path}.${name}`;
  return `${path}[${show(name)}]`;
}

/** A value that was found: short, of one line, and not what is in it. */
function show(value: unknown): string {
  try {
    return describe(value);
  } catch {
    return 'unreadable';
  }
}

function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return oneLine(JSON.stringify(value.slice(0, MAX_READ_CHARS)), MAX_SHOWN_CHARS);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'function' ? 'a function' : oneLine(String(value), MAX_SHOWN_CHARS);
}

function oneLine(text: string, maxChars: number): string {
  const line = shown(text, MAX_READ_CHARS)
    .slice(0, maxChars + 1)
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd');
  return line.length > maxChars ? `${line.slice(0, maxChars)}…` : line;
}
