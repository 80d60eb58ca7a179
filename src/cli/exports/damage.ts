/** What is wrong with text that should be a record. */
import { jsonErrorAt } from '../../lib/json-file.js';
import { isObject, type Members } from './json.js';

/** A record, or several, that cannot be read. */
export interface Damage {
  /** `cut`: only its end is missing. `changed`: it is complete, so bytes of it must have been changed. */
  readonly how: 'cut' | 'changed';
  /** The chain and the number of the last record in it, where they can be read. */
  readonly chain: string | undefined;
  readonly number: number | undefined;
}

/** In every record many times, and in no other program's. */
const OURS = 'mcp_audit.';
/** Names in the body of every record, and in that of every record with a place in a chain. */
const MARKS = [
  'audit.record.id',
  'audit.schema.version',
  'audit.prev.hash',
  'audit.sequence.number',
  'mcp_audit.chain.id',
] as const;
/** One may be among the changed bytes. */
const ENOUGH = 2;
const ID = 'audit.record.id';
const CHAIN = 'mcp_audit.chain.id';
const PREVIOUS = 'audit.prev.hash';
const NUMBER = 'audit.sequence.number';

/** How the text of a record begins: its first field is one of these. */
const START = '{"audit.';
/** Less of it can be anything. */
const SHORTEST_START = 2;

/** The rest of a token that is cut off: an escape, a literal, a number. */
const CUT_TOKEN = /^(?:\\(?:u[0-9a-fA-F]{0,3})?|t(?:ru?)?|f(?:a(?:ls?)?)?|n(?:ul?)?|-|\.|[eE][+-]?)$/;
const MAX_CUT_TOKEN = 5;

/** The damage of a text that is not JSON; undefined if it has nothing to do with records. */
export function damageOf(text: string): Damage | undefined {
  const how = isCutOff(text) ? 'cut' : 'changed';
  if (!isMarked(text) && !(how === 'cut' && isStart(text))) return undefined;
  const number = valueAfter(text, NUMBER, /^\d{1,16}(?=\D)/);
  return {
    how,
    chain: valueAfter(text, CHAIN, /^[0-9a-f-]{36}(?=\W)/),
    number: number === undefined ? undefined : Number(number),
  };
}

/** The damage of an object that is no record, but has what only the body of one has; undefined for any other. */
export function damageIn(object: Members): Damage | undefined {
  const [chain, number] = [at(object, CHAIN), Number(at(object, NUMBER))];
  if (chain === undefined || at(object, PREVIOUS) === undefined) return undefined;
  return {
    how: 'changed',
    chain: typeof chain === 'string' ? chain : undefined,
    number: Number.isSafeInteger(number) ? number : undefined,
  };
}

/** Whether members are named as those of a record: it has an id, or a place in a chain. */
export function isNamed(members: Members): boolean {
  return at(members, ID) !== undefined || isChained(members);
}

/** Whether members have a place in a chain, valid or not. */
export function isChained(members: Members): boolean {
  return [CHAIN, PREVIOUS, NUMBER].some((name) => at(members, name) !== undefined);
}

function isMarked(text: string): boolean {
  if (!text.includes(OURS)) return false;
  return MARKS.filter((name) => text.includes(`${name}"`) || text.includes(`${name}\\`)).length >= ENOUGH;
}

function isStart(text: string): boolean {
  return text.startsWith(START) || (text.length >= SHORTEST_START && START.startsWith(text));
}

function isCutOff(text: string): boolean {
  const end = jsonErrorAt(text);
  if (end === undefined) return false;
  return end === text.length || (text.length - end <= MAX_CUT_TOKEN && CUT_TOKEN.test(text.slice(end)));
}

/** What stands between a name and its value: as a member, however deep its quotes are escaped, or in a list of attributes. */
const BETWEEN = /^\\*"(?:\s?:\s?\\*"?|,"value":\{"\w{1,20}":"?)/;
const MAX_BETWEEN = 100;
const MAX_MENTIONS = 20;

/** The last value of a field in a text that is not JSON. */
function valueAfter(text: string, name: string, pattern: RegExp): string | undefined {
  let start = text.lastIndexOf(name);
  for (let mentions = 0; start > 0 && mentions < MAX_MENTIONS; mentions++) {
    const rest = text.slice(start + name.length, start + name.length + MAX_BETWEEN);
    const between = BETWEEN.exec(rest);
    const value = between === null ? null : pattern.exec(rest.slice(between[0].length));
    if (value !== null) return value[0];
    start = text.lastIndexOf(name, start - 1);
  }
  return undefined;
}

/** A member by its name, flat or nested. */
function at(object: Members, name: string): unknown {
  if (Object.hasOwn(object, name)) return object[name];
  let value: unknown = object;
  for (const step of name.split('.')) {
    value = isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value;
}
