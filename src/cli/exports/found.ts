/** The records in one line of input, with the exact text that hashes are made of. Pure. */
import { Beside } from './beside.js';
import { Copies, type FoundRecord } from './copies.js';
import { type Damage, damageIn, damageOf, isChained, isNamed } from './damage.js';
import { isObject, MAX_DEPTH, type Members, mayBeJson, parsed } from './json.js';
import { canonicalText, collect, hasDoubles, isCanonical } from './members.js';
import { isKeyValues, plainValue } from './otlp-value.js';

/** What a line holds. */
export interface Found {
  readonly records: readonly FoundRecord[];
  /** Parts with the marks of a record that cannot be read. */
  readonly damaged: readonly Damage[];
}

const EVENT_PREFIX = 'mcp_audit.';
/** In every line that has a record, or a part of one that is of use, unless letters are written as escapes. */
const ANY_MARK = 'audit';
const ESCAPE = '\\u';

/**
 * Members that can contain a record, in the order in which they are looked at: log records of OTLP JSON, log lines of containers,
 * and exports of Loki (`logcli`, API, Grafana), Elasticsearch (documents, hits, whole responses), Datadog and Splunk.
 */
const WRAPPERS = [
  'resourceLogs',
  'scopeLogs',
  'logRecords',
  'body',
  'body.text',
  'stringValue',
  'kvlistValue',
  'message',
  'log',
  'line',
  'text',
  'structured',
  '_source',
  '_raw',
  'fields',
  'hits',
  'data',
  'result',
  'streams',
  'values',
  'content',
  'logs',
  'attributes',
] as const;

/** Fields that only the body of a record has. */
const BODY_ONLY = ['audit.prev.hash', 'time', 'observed_time'] as const;

/**
 * Where a record or a document begins. A writer whose disk was full may leave the start of a line in front of the next one.
 * Within strings, quotes are escaped.
 */
const RESTART = /\{"(?:audit\.|resourceLogs")/g;
const MAX_RESTARTS = 1_000;
/** A line that was a record, with bytes in front of it. What other programs print has a space there. */
const BEHIND_GARBAGE = /^\S{0,16}"audit\./;
const GARBAGE = /^[^\s{["]\S*$/;

/**
 * The records in a line, without its line break, and their texts: of a record that the line has more than once, each text
 * that differs. Time and memory are linear in its length.
 */
export function provable(line: string): Found {
  if (!mayHold(line)) return { records: [], damaged: [] };
  const search = new Search(true);
  search.line(line);
  const records = new Copies();
  const damaged = [...search.damaged];
  for (const sighting of search.sightings) {
    const record = proven(sighting);
    if (record === undefined) damaged.push({ ...UNKNOWN, ...damageIn(sighting.members), how: 'changed' });
    else if (sighting.again) records.addAgain(record, isWhole(sighting));
    else records.add(record);
  }
  return { records: records.all, damaged };
}

const UNKNOWN: Omit<Damage, 'how'> = { chain: undefined, number: undefined };

/**
 * The members of all records in a line, flat, and whether a part of it was unreadable. Of a record that an export has more
 * than once, the first.
 */
export function recordsIn(line: string): { readonly records: readonly Members[]; readonly broken: boolean } {
  const search = new Search(false);
  search.line(line);
  const records = search.sightings
    .filter(({ again }) => !again)
    .map((sighting) => (isWhole(sighting) ? sighting.members : collected(sighting).record));
  return { records, broken: search.unreadable || search.damaged.length > 0 };
}

/** Whether a text can have a record in it. */
function mayHold(text: string): boolean {
  return text.includes(ANY_MARK) || text.includes(ESCAPE);
}

/** Where a record was found. */
interface Sighting {
  readonly members: Members;
  /** The text that was parsed to these members. */
  readonly text: string | undefined;
  readonly beside: Beside | undefined;
  /** Whether the line is this record and nothing else. */
  readonly alone: boolean;
  /** Whether a record, or what is left of one, was found beside it or in it. */
  readonly again: boolean;
  /** Whether a text around it has a member twice. */
  doubled: boolean;
}

/** The record with its text; undefined if bytes of it must have been changed. */
function proven(sighting: Sighting): FoundRecord | undefined {
  const { members, beside, doubled } = sighting;
  if (doubled) return undefined;
  try {
    if (isWhole(sighting)) {
      const text = textIn(sighting);
      return text === undefined ? undefined : { text, record: members, differ: beside?.differing(members) ?? [] };
    }
    const { record, differ } = collected(sighting);
    const hasBody = BODY_ONLY.some((key) => Object.hasOwn(record, key));
    return {
      text: hasBody ? canonicalText(record) : undefined,
      record,
      differ: [...new Set([...differ, ...(beside?.differing(record) ?? [])])].sort(),
    };
  } catch {
    // Nested deeper than there is a stack.
    return undefined;
  }
}

/** The canonical text of a whole record; undefined if its text was changed. */
function textIn({ members, text, alone }: Whole): string | undefined {
  if (isCanonical(text, members)) return text;
  // Audit files are written so: who wrote this line was not the trail. Versions without chains did not promise it.
  if (alone && isChained(members)) return undefined;
  return hasDoubles(text, members) ? undefined : canonicalText(members);
}

type Whole = Sighting & { readonly text: string };

/** Whether all members are those of the record, as records have them. Attributes, as Datadog has them, lack the hash. */
function isWhole(sighting: Sighting): sighting is Whole {
  const { members, text } = sighting;
  if (text === undefined || !Object.hasOwn(members, 'audit.record.id')) return false;
  return Object.hasOwn(members, 'audit.prev.hash') || !isChained(members);
}

function collected({ members, beside }: Sighting) {
  return collect(members, { mixed: beside?.isBody !== true });
}

class Search {
  readonly sightings: Sighting[] = [];
  readonly damaged: Damage[] = [];
  /** Whether the line is not JSON, or contains text that looks like a record and cannot be read. */
  unreadable = false;
  /** Whether members that are there twice are looked for. */
  readonly #strict: boolean;
  /** Whether something was found beside what is looked at. */
  #again = false;

  constructor(strict: boolean) {
    this.#strict = strict;
  }

  line(line: string): void {
    const value = parsed(line);
    if (value === undefined) this.#broken(line, 0, undefined);
    else this.#parsed(value, line, 0, undefined);
  }

  get #progress(): number {
    return this.sightings.length + this.damaged.length;
  }

  /** A value with the text that was parsed to it. */
  #parsed(value: unknown, text: string, depth: number, beside: Beside | undefined): void {
    const before = this.sightings.length;
    this.#value(value, text, depth, beside);
    this.#checkDoubles(before, text, value);
  }

  /** @param before how many sightings there were before those in the text */
  #checkDoubles(before: number, text: string, value: unknown): void {
    if (!this.#strict || this.sightings.length === before) return;
    // Of a whole record, its text shows it.
    const others = this.sightings.slice(before).filter((each) => each.text !== text || !isWhole(each));
    if (others.length > 0 && hasDoubles(text, value)) for (const each of others) each.doubled = true;
  }

  #value(value: unknown, text: string | undefined, depth: number, beside: Beside | undefined): void {
    if (depth > MAX_DEPTH) return;
    if (typeof value === 'string') this.#text(value, depth + 1, beside);
    else if (Array.isArray(value)) this.#list(value, depth + 1, beside);
    else if (isObject(value)) this.#object(value, text, depth, beside);
  }

  /** Other programs also log text in braces: only text that looks like an audit record is parsed. */
  #text(text: string, depth: number, beside: Beside | undefined): void {
    if (!mayBeJson(text) || !mayHold(text)) return;
    const value = parsed(text);
    if (value === undefined) this.#broken(text, depth, beside);
    else this.#parsed(value, text, depth, beside);
  }

  #list(items: readonly unknown[], depth: number, beside: Beside | undefined): void {
    const shared = items.length === 1 ? beside : beside?.ofEach;
    // Loki: time, line, and metadata of this line.
    const [time, line, metadata] = items;
    if (typeof time === 'string' && typeof line === 'string' && isObject(metadata)) {
      const own = Object.hasOwn(metadata, 'structuredMetadata') ? metadata['structuredMetadata'] : metadata;
      this.#text(line, depth, isObject(own) ? Beside.labels(own, shared) : shared);
    } else for (const item of items) this.#value(item, undefined, depth, shared);
  }

  #object(members: Members, text: string | undefined, depth: number, beside: Beside | undefined): void {
    const before = this.#progress;
    const sighting = { members, text, beside, alone: depth === 0, again: this.#again, doubled: false };
    const isOne = isRecord(members);
    if (isOne && isWhole(sighting)) {
      this.sightings.push(sighting);
      // No record has another in it: then both are told, and they differ.
      this.#below(members, depth + 1, beside, true);
      return;
    }
    this.#below(members, depth + 1, beside, this.#again);
    const damage = isOne ? undefined : damageIn(members);
    if (damage !== undefined) {
      this.damaged.push(damage);
      return;
    }
    // Others put members of a record around its text.
    const isAround = this.#progress > before;
    const again = this.#again || isAround;
    if (isOne && !again) this.sightings.push(sighting);
    else if ((isOne || isAround) && isNamed(members)) this.sightings.push({ ...sighting, again });
  }

  /**
   * Looks at all members that can lead to a record: some exports have it twice, as text and parsed.
   *
   * @param again whether one was found around them
   */
  #below(wrapper: Members, depth: number, beside: Beside | undefined, again: boolean): void {
    const [before, outer] = [this.#progress, this.#again];
    for (const name of WRAPPERS) {
      if (!Object.hasOwn(wrapper, name)) continue;
      const value = name === 'kvlistValue' ? plainValue(wrapper) : wrapper[name];
      // They are beside the record.
      if (name === 'attributes' && isKeyValues(value)) continue;
      this.#again = again || this.#progress > before;
      this.#value(value, undefined, depth, new Beside(wrapper, name, beside));
    }
    this.#again = outer;
  }

  /** Text that is not JSON. */
  #broken(text: string, depth: number, beside: Beside | undefined): void {
    const whole = withoutZeros(text).trim();
    const value = whole === text ? undefined : parsed(whole);
    if (value !== undefined) {
      this.#parsed(value, whole, depth, beside);
      return;
    }
    // Text that only quotes a record begins otherwise.
    const isOurs = mayBeJson(whole) || (depth === 0 && BEHIND_GARBAGE.test(whole));
    const parts = !isOurs ? [] : this.#element(whole, depth, beside) ? undefined : partsOf(whole);
    if (parts === undefined) return;
    this.unreadable ||= depth === 0;
    for (const part of parts) this.#part(withoutZeros(part), depth, beside);
    const [first] = this.sightings;
    const isBehind = depth === 0 && parts.length > 1 && GARBAGE.test(parts[0] as string) && this.damaged.length === 0;
    if (isBehind && first !== undefined) this.damaged.push({ ...UNKNOWN, ...damageIn(first.members), how: 'changed' });
  }

  #part(part: string, depth: number, beside: Beside | undefined): void {
    const value = parsed(part);
    if (value !== undefined) {
      this.#parsed(value, part, depth, beside);
      return;
    }
    this.unreadable ||= part.includes(EVENT_PREFIX);
    const damage = damageOf(part);
    if (damage !== undefined) this.damaged.push(damage);
  }

  /** A line of a document of several lines: an element of a list, or a member. Returns whether it is one. */
  #element(text: string, depth: number, beside: Beside | undefined): boolean {
    const item = text.endsWith(',') ? text.slice(0, -1) : text;
    const bare = (item.startsWith('[') || item.startsWith(',') ? item.slice(1) : item).replace(/\]$/, '');
    for (const form of [item, bare]) {
      const value = parsed(form);
      if (value === undefined) continue;
      this.#parsed(value, form, depth + 1, beside);
      return true;
    }
    const inBraces = `{${item}}`;
    const members = item.startsWith('"') ? parsed(inBraces) : undefined;
    if (!isObject(members)) return false;
    const before = this.sightings.length;
    this.#below(members, depth + 1, beside, this.#again);
    this.#checkDoubles(before, inBraces, members);
    return true;
  }
}

/** The text from one start of a record or document to the next. */
function partsOf(text: string): string[] {
  const starts: number[] = [];
  for (const { index } of text.matchAll(RESTART)) {
    if (index > 0 && starts.push(index) === MAX_RESTARTS) break;
  }
  const ends = [...starts, text.length];
  return [0, ...starts].map((start, part) => text.slice(start, ends[part]));
}

/** A crash of the system can leave zeros at the end of a file, and what is written next stands behind them. */
function withoutZeros(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && text.charCodeAt(start) === 0) start += 1;
  while (end > start && text.charCodeAt(end - 1) === 0) end -= 1;
  return text.slice(start, end);
}

function isRecord(members: Members): boolean {
  const name = Object.hasOwn(members, 'event_name') ? members['event_name'] : undefined;
  return typeof name === 'string' && name.startsWith(EVENT_PREFIX);
}
