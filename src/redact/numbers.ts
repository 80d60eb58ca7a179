/** Numbers that are somebody's: of payment cards, of persons, of telephones. Known by their check, by how they are written, by their name. */
import { luhn } from './check-digits.js';
import { isNobodys, wordsBefore } from './naming.js';
import { NATIONAL_IDS, type NationalId } from './national-ids.js';
import { type Span, startsAlone } from './span.js';

/** Digits in groups, with one sign between two groups; nothing shorter than the shortest of them. */
export const NUMBER = /\d(?:\d|[ ._/-](?=\d)){8,}/g;

/** The shortest has nine digits, but for Chilean ones of old, which have signs of their own. */
export const NUMBER_HINT = /\d(?:[ ._/-]?\d){8}|\d\.\d{3}\.\d{3}-\d/;

const MIN_CHARS = 9;
/** The longest card number. */
const MAX_DIGITS = 19;
/** A French number in the groups it is read out in. */
const MAX_GROUPS = 7;

/** The numbers of a payment card: a length that its issuer uses. */
const ISSUED =
  /^(?:4\d{12}|4\d{15}|4\d{18}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d|4[4-9]\d)\d{12}|35\d{14}|62\d{14,17})$/;
const isCard = (digits: string) => ISSUED.test(digits) && luhn(digits);

/** Lengths of the groups that cards are embossed in, and the signs between them. */
const CARD_GROUPS = [...[1, 2, 3, 4, 5, 6, 7].map((last) => [4, 4, 4, last]), [4, 6, 4], [4, 6, 5]];
const CARD_SIGNS = [' ', '-', '.', '_'];

/** Unix times, from 2001 to 2033, in seconds and milliseconds. */
export const TIME = /^1\d{9}(?:\d{3})?$/;

interface Found extends Span {
  readonly id: string;
}

interface Group extends Span {
  /** The sign before it. */
  readonly sign: string;
}

/** A tree of forms: what may follow the groups so far, and whose number they are when nothing does. */
interface Form {
  readonly next: Map<string, Map<number, Form>>;
  readonly rows: NationalId[];
  card: boolean;
}

const newForm = (): Form => ({ next: new Map(), rows: [], card: false });
const FORMS = newForm();

function formAt(lengths: readonly number[], signs: readonly string[]): Form {
  return lengths.reduce((form, length, index) => {
    const sign = index === 0 ? '' : (signs[index - 1] as string);
    const lengthsAfter = form.next.get(sign) ?? new Map<number, Form>();
    form.next.set(sign, lengthsAfter);
    const next = lengthsAfter.get(length) ?? newForm();
    lengthsAfter.set(length, next);
    return next;
  }, FORMS);
}

function signsOf(count: number): string[][] {
  return count === 0 ? [[]] : signsOf(count - 1).flatMap((signs) => CARD_SIGNS.map((sign) => [...signs, sign]));
}

for (let length = 13; length <= MAX_DIGITS; length++) formAt([length], []).card = true;
for (const lengths of CARD_GROUPS) for (const signs of signsOf(lengths.length - 1)) formAt(lengths, signs).card = true;

const BY_DIGITS = new Map<number, NationalId[]>();
for (const row of NATIONAL_IDS) {
  if (row.names !== undefined) BY_DIGITS.set(row.digits, [...(BY_DIGITS.get(row.digits) ?? []), row]);
  for (const form of row.forms) formAt(form.split(/\D/).map(Number), form.split(/\d+/).slice(1, -1)).rows.push(row);
}

/** The numbers in a run of groups that are somebody's. */
export function numbersIn(match: Span, text: string, label?: string): readonly Found[] | undefined {
  if (match.end - match.start < MIN_CHARS) return undefined;
  const groups = groupsOf(match, text);
  const found: Found[] = [];
  for (let first = 0; first < groups.length; first++) {
    const number = startingAt(groups, first, text, label);
    if (number === undefined) continue;
    found.push(number);
    while ((groups[first + 1]?.end ?? Number.POSITIVE_INFINITY) <= number.end) first += 1;
  }
  if (found.length > 0) return found;
  const other = namedAt(groups, text, label) ?? phoneIn(groups, text, label);
  return other === undefined ? undefined : [other];
}

function groupsOf({ start, end }: Span, text: string): Group[] {
  const groups: Group[] = [];
  // The first digits may be the end of an escape, `%20` or `%B4`.
  const escaped = text.charCodeAt(start - 1) === PERCENT ? 2 : text.charCodeAt(start - 2) === PERCENT ? 1 : 0;
  let from = start + escaped;
  for (let at = from; at <= end; at++) {
    if (at < end && isDigit(text, at)) continue;
    if (at > from) groups.push({ start: from, end: at, sign: from > start ? text.charAt(from - 1) : '' });
    from = at + 1;
  }
  return groups;
}

const PERCENT = '%'.charCodeAt(0);

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}

/** The longest number in one of the known forms that starts with a group. */
function startingAt(groups: readonly Group[], first: number, text: string, label?: string): Found | undefined {
  let form: Form | undefined = FORMS;
  let found: Found | undefined;
  for (let last = first; last < groups.length; last++) {
    const { start, end, sign } = groups[last] as Group;
    form = form.next.get(last === first ? '' : sign)?.get(end - start);
    if (form === undefined) break;
    if (form.rows.length === 0 && !form.card) continue;
    const id = idOf(form, groups, first, last, text, label);
    if (id !== undefined) found = { start: (groups[first] as Group).start, end, id };
  }
  return found;
}

function idOf(
  { card, rows }: Form,
  groups: readonly Group[],
  first: number,
  last: number,
  text: string,
  label: string | undefined,
): string | undefined {
  if (!isAlone(groups, first, last, text)) return undefined;
  const digits = digitsOf(groups, first, last, text);
  const bare = first === last;
  let id = card && isCard(digits) ? 'card' : undefined;
  // In a row of numbers some happen to stand in groups that others are written in.
  const spaced = groups[last]?.sign === ' ' || groups[first + 1]?.sign === ' ';
  const inRow = spaced && (groups[first]?.sign === ' ' || groups[last + 1]?.sign === ' ');
  if (id === undefined && (bare ? !TIME.test(digits) : !inRow)) {
    const row = rows.find(({ isValid }) => isValid(digits));
    id = row && (row.id ?? 'national-id');
  }
  return id !== undefined && bare && isNobodys(text, groups[first] as Group, label) ? undefined : id;
}

/** A number in any form, or none, with its name before it. */
function namedAt(groups: readonly Group[], text: string, label: string | undefined): Found | undefined {
  let count = 0;
  let words: string | undefined;
  for (let last = 0; last < groups.length && last < MAX_GROUPS && count < MAX_DIGITS; last++) {
    const { start, end } = groups[last] as Group;
    count += end - start;
    const rows = BY_DIGITS.get(count);
    if (rows === undefined || !isAlone(groups, 0, last, text)) continue;
    const digits = digitsOf(groups, 0, last, text);
    const valid = rows.filter(({ isValid }) => isValid(digits));
    if (valid.length === 0) continue;
    const from = (groups[0] as Group).start;
    words ??= wordsBefore(text, from, label);
    const row = valid.find(({ names }) => names?.test(words as string));
    if (row !== undefined) return { start: from, end, id: row.id ?? 'national-id' };
  }
  return undefined;
}

function digitsOf(groups: readonly Group[], first: number, last: number, text: string): string {
  let digits = '';
  for (let at = first; at <= last; at++) {
    const { start, end } = groups[at] as Group;
    digits += text.slice(start, end);
  }
  return digits;
}

/** Neither a part of a word, nor of a longer number or identifier: `0.4111…`, `…3e8e-4111…`. */
function isAlone(groups: readonly Group[], first: number, last: number, text: string): boolean {
  const { start, sign } = groups[first] as Group;
  const { end } = groups[last] as Group;
  const next = groups[last + 1];
  if (first > 0 && sign !== ' ') return false;
  if (next !== undefined && next.sign !== ' ') return false;
  return (first > 0 || beginsAlone(text, start)) && (next !== undefined || endsAlone(text, end));
}

function beginsAlone(text: string, start: number): boolean {
  if (start === 0) return true;
  const before = text.charAt(start - 1);
  if (/[A-Za-z0-9]/.test(before)) return startsAlone(text, start);
  return !/[.-]/.test(before) || !/\d(?:\.|[A-Za-z]{0,8}-)$/.test(text.slice(Math.max(0, start - 10), start));
}

function endsAlone(text: string, end: number): boolean {
  const after = text.charAt(end);
  if (/[A-Za-z0-9]/.test(after)) return false;
  return !/[.-]/.test(after) || !/^(?:\.\d|-[A-Za-z]{0,8}\d)/.test(text.slice(end, end + 10));
}

/** How telephone numbers are written where they are dialled, by country or by custom. The whole run of groups is one. */
const PHONES: readonly RegExp[] = [
  // North America
  /^(?:1[ .-])?[2-9]\d{2}([ .-])[2-9]\d{2}\1\d{4}$/,
  // With the code to dial abroad
  /^00[1-9]\d{0,2}(?:[ ./-]\d{1,8}){1,6}$/,
  // France and others: five pairs
  /^0[1-9]([ .-])\d{2}(?:\1\d{2}){3}$/,
  // A trunk code that begins with 0
  /^0[1-9]\d{0,4}(?:[ -]\d{4,8}|(?=[\d -]{8,12}$)(?:[ -]\d{2,6}){2,4})$/,
  /^0[1-9]\d{1,4}\/\d{3,8}(?:[ -]\d{2,4}){0,2}$/,
  // India, China, Spain
  /^[6-9]\d{4}[ -]\d{5}$/,
  /^1[3-9]\d([ -])\d{4}\1\d{4}$/,
  /^[6-9]\d{2}( )\d{2}\1\d{2}\1\d{2}$/,
];

/** Day, month and year, or a time. */
const DATE = /^\d{2}[ ./-]\d{2}[ ./-](?:19|20)\d{2}(?!\d)/;

/** A piece of every word for a telephone. */
const CALLED_HINT = /tel|phon|mob|m[oó]vil|cel|handy|gsm|fax|whats|msisdn|sms|call|dial|ring|[電电手]/i;

const CALLED =
  /(?:^|[^a-z])(?:tel|tels|t[eé]l[eé]?(?:phone|fono?|fone)?|telefon\w{0,8}|(?:tele|cell|mobile)?phone|mobile|mobiel|cell|cellulare|m[oó]vil|celular|handy|gsm|fax|whatsapp|msisdn|sms|call|dial|ring|電話|电话|手机)(?:[ _-]?(?:number|no|nr|num|#|at|me|us|is))?\.?[\s"'`\\)\]]{0,6}(?:is|[:=])?[\s"'`\\([]{0,8}$/i;

function phoneIn(groups: readonly Group[], text: string, label: string | undefined): Found | undefined {
  const { start } = groups[0] as Group;
  const { end } = groups.at(-1) as Group;
  if (end - start > 24 || !isAlone(groups, 0, groups.length - 1, text)) return undefined;
  const number = text.slice(start, end);
  const digits = groups.reduce((sum, group) => sum + group.end - group.start, 0);
  if (digits < 7 || digits > 15 || DATE.test(number) || TIME.test(number)) return undefined;
  const written = groups.length > 1 && (number.startsWith('00') ? digits >= 11 : digits >= 9 && digits <= 12);
  const found = { start, end, id: 'phone' };
  if (written && PHONES.some((phone) => phone.test(number))) return found;
  const before = text.slice(Math.max(0, start - 40), start);
  if (!CALLED_HINT.test(before) && !CALLED_HINT.test(label ?? '')) return undefined;
  return CALLED.test(wordsBefore(text, start, label)) ? found : undefined;
}

/** An area code in brackets, with a trunk code or without. */
export const BRACKETED =
  /\((?:0\d{1,4}\)(?:[ -]?\d{2,8}){1,4}|[2-9]\d{2}\)[ .-]?[2-9]\d{2}[ .-]?\d{4}|[1-9]\d\)[ -]?9?\d{4}[ -]\d{4})(?!\d)/g;

export function bracketedAt(match: Span, text: string): Span | undefined {
  const digits = text.slice(match.start, match.end).replace(/\D/g, '').length;
  return digits >= 9 && digits <= 12 && !/[\w)]/.test(text.charAt(match.start - 1)) ? match : undefined;
}
