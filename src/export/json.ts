/** Any value as JSON text: bounded, on one line, and without ever throwing. */

/** Past these, more is left out. The text of a string can become six times as long when all of it is escaped. */
export const MAX_CHARS = 262_144;
export const MAX_STRING_CHARS = 65_536;
const MAX_KEY_CHARS = 1_024;
export const MAX_MEMBERS = 1_000;
export const MAX_DEPTH = 16;

const CYCLE = '"[cycle]"';
const UNREADABLE = '"[unreadable]"';
const TOO_DEEP = '"[too deep]"';

/** Longer integers are no numbers that anybody counted, and slow to turn into digits. */
const MAX_BIGINT = 2n ** 128n;

/** What may still be written, whether something was left out for it, and the containers around the present value. */
interface Budget {
  chars: number;
  cut: boolean;
  readonly open: Set<object>;
}

/** JSON text, and whether something was left out because there was too much of it. */
interface BoundedJson {
  readonly json: string;
  readonly cut: boolean;
}

/**
 * Writes an object as JSON. Members are written in their order, so the first are the last to be left out. Members
 * without a word in JSON (undefined, functions, symbols) are left out; in arrays they are null. A bigint becomes its
 * digits, binary data base64, a number that is not finite its name, a Date its ISO form: all as strings. `toJSON` is
 * not called. Line breaks of any kind are escaped.
 */
export function boundedJson(value: object): BoundedJson {
  const budget: Budget = { chars: MAX_CHARS, cut: false, open: new Set() };
  const json = write(value, budget) ?? '{}';
  return { json, cut: budget.cut };
}

function write(value: unknown, budget: Budget): string | undefined {
  switch (typeof value) {
    case 'string':
      return writeString(value, budget);
    case 'number':
      return spend(Number.isFinite(value) ? String(value) : `"${value}"`, budget);
    case 'bigint':
      return spend(value < MAX_BIGINT && value > -MAX_BIGINT ? `"${value}"` : '"[bigint]"', budget);
    case 'boolean':
      return spend(String(value), budget);
    case 'object':
      return value === null ? spend('null', budget) : writeContainer(value, budget);
    default:
      return undefined;
  }
}

function spend(text: string, budget: Budget): string {
  budget.chars -= text.length + 1;
  return text;
}

function writeString(value: string, budget: Budget): string {
  const room = Math.max(0, Math.min(MAX_STRING_CHARS, budget.chars));
  if (value.length > room) budget.cut = true;
  return spend(quote(value.length > room ? value.slice(0, wholeChars(value, room)) : value), budget);
}

/** A cut must not go through the middle of a character. */
function wholeChars(value: string, room: number): number {
  const last = value.charCodeAt(room - 1);
  return last >= 0xd800 && last <= 0xdbff ? room - 1 : room;
}

/** JSON allows U+2028 and U+2029 as they are; readers of lines may not. */
function quote(value: string): string {
  return JSON.stringify(value).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

function writeContainer(value: object, budget: Budget): string {
  if (budget.open.has(value)) return spend(CYCLE, budget);
  if (budget.open.size >= MAX_DEPTH) {
    budget.cut = true;
    return spend(TOO_DEEP, budget);
  }
  budget.open.add(value);
  // Empty ones cost, too: a small graph of arrays of arrays has more paths than there is time.
  budget.chars -= 2;
  try {
    const bytes = bytesOf(value);
    if (bytes !== undefined) return writeBytes(bytes, budget);
    if (value instanceof Date) return spend(`"${Date.prototype.toISOString.call(value)}"`, budget);
    return Array.isArray(value) ? writeArray(value, budget) : writeRecord(value, budget);
  } catch {
    // A trap of a proxy that throws, or a Date that is none.
    return spend(UNREADABLE, budget);
  } finally {
    budget.open.delete(value);
  }
}

function bytesOf(value: object): Buffer | undefined {
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return value instanceof ArrayBuffer ? Buffer.from(value) : undefined;
}

/** Base64 takes four characters for three bytes. */
function writeBytes(bytes: Buffer, budget: Budget): string {
  const room = Math.max(0, Math.floor((Math.min(MAX_STRING_CHARS, budget.chars) * 3) / 4));
  if (bytes.length > room) budget.cut = true;
  return spend(`"${bytes.toString('base64', 0, Math.min(room, bytes.length))}"`, budget);
}

function writeArray(source: readonly unknown[], budget: Budget): string {
  const items: string[] = [];
  for (let index = 0; index < source.length; index++) {
    if (isFull(items, budget)) break;
    items.push(writeMember(source, index, budget) ?? spend('null', budget));
  }
  return `[${items.join(',')}]`;
}

function writeRecord(source: object, budget: Budget): string {
  const members: string[] = [];
  for (const key of Object.keys(source)) {
    if (isFull(members, budget)) break;
    const name = writeName(key, budget);
    const json = writeMember(source, key, budget);
    if (json !== undefined) members.push(`${name}:${json}`);
  }
  return `{${members.join(',')}}`;
}

/** A name is whole where there is room for its first character: half a name would be another one. */
function writeName(key: string, budget: Budget): string {
  if (key.length > MAX_KEY_CHARS) budget.cut = true;
  return spend(quote(key.length > MAX_KEY_CHARS ? key.slice(0, wholeChars(key, MAX_KEY_CHARS)) : key), budget);
}

function isFull(written: readonly string[], budget: Budget): boolean {
  const full = written.length >= MAX_MEMBERS || budget.chars <= 0;
  if (full) budget.cut = true;
  return full;
}

/** Reading a member can run a getter of the application's. */
function writeMember(source: object, key: string | number, budget: Budget): string | undefined {
  let value: unknown;
  try {
    value = (source as Record<string | number, unknown>)[key];
  } catch {
    return spend(UNREADABLE, budget);
  }
  return write(value, budget);
}
