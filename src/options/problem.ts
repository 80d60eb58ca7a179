/** The message about a value that is not accepted: its place, what was found, what is accepted, and the consequence. */

import { shown } from '../redact/scrub.js';

/** Problems of one document. */
const MAX_PROBLEMS = 100;
/** How much of a value is shown, in UTF-16 units. */
const MAX_SHOWN_CHARS = 40;
/** How much of a value is examined. */
const MAX_READ_CHARS = 4096;
/** Shown of a file name or of a place in a file. */
const MAX_PLACE_CHARS = 240;

/** `rules[2].verb is "drop"; accepted: read, write, delete`. */
export function problemText(place: string, found: unknown, accepts: string): string {
  return `${place} is ${show(found)}; accepted: ${accepts}`;
}

/** A value on one line: short, without secrets, and without looking into objects. Never throws. */
export function show(value: unknown, maxChars = MAX_SHOWN_CHARS): string {
  try {
    return describe(value, maxChars);
  } catch {
    return 'unreadable';
  }
}

function describe(value: unknown, maxChars: number): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return oneLine(JSON.stringify(value.slice(0, MAX_READ_CHARS)), maxChars);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'function' ? 'a function' : oneLine(String(value), maxChars);
}

function oneLine(text: string, maxChars: number): string {
  return shown(text, maxChars).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd');
}

/** The path of a member: `rules[0].arguments["a b"]`. */
export function memberPath(path: string, name: string): string {
  if (/^[A-Za-z_$][\w$]{0,39}$/.test(name)) return path === '' ? name : `${path}.${name}`;
  return `${path}[${show(name)}]`;
}

/** Collects the problems of one document. */
export class Problems {
  readonly #source: string;
  readonly #document: string;
  readonly #texts: string[] = [];
  #more = 0;

  /** @param document what it is, for problems with the whole of it */
  constructor(source: string, document = 'the policy') {
    this.#source = oneLine(source, MAX_PLACE_CHARS);
    this.#document = document;
  }

  /** @param path a place such as `rules[2].verb`; empty for the whole document */
  add(path: string, found: unknown, accepts: string, consequence: string): void {
    const place = path === '' ? this.#document : oneLine(path, MAX_PLACE_CHARS);
    this.say(`${problemText(place, found, accepts)}. ${consequence}`);
  }

  say(text: string): void {
    if (this.#texts.length < MAX_PROBLEMS) this.#texts.push(`${this.#source}: ${text}`);
    else this.#more += 1;
  }

  get texts(): string[] {
    return this.#more === 0 ? [...this.#texts] : [...this.#texts, `${this.#source}: ${this.#more} more problems`];
  }
}
