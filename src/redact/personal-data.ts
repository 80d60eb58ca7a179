/** Personal data with a recognisable form: e-mail addresses, IBANs, payment cards, national ids, telephone numbers. */
import { MAX_LOOKBACK_CHARS } from './limits.js';
import { CODES, luhn, mod97, NATIONAL_IDS, type NationalId } from './national-ids.js';
import { type Span, standsAlone, startsAlone } from './spans.js';

/** IBAN length by country. */
const IBAN_LENGTHS = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 ' +
    'FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 ' +
    'LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 ' +
    'SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry): [string, number] => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** An IBAN of its country's length, in one piece or in groups of four. The match is its first eight characters. */
export function ibanAt({ start }: Span, text: string): Span | undefined {
  const length = IBAN_LENGTHS.get(text.slice(start, start + 2)) ?? 0;
  let iban = '';
  let end = start;
  while (iban.length < length && end < text.length) {
    const character = text.charAt(end);
    if (/[A-Z0-9]/.test(character)) iban += character;
    else if (!/[ -]/.test(character) || iban.length % 4 !== 0) break;
    end += 1;
  }
  const span = { start, end };
  return length > 0 &&
    iban.length === length &&
    mod97(iban.slice(4) + iban.slice(0, 4)) === 1 &&
    standsAlone(text, span)
    ? span
    : undefined;
}

/** A telephone number with `+` and country code, 8 to 15 digits. A single dot makes it a decimal fraction. */
export function phoneAt(span: Span, text: string): Span | undefined {
  const number = text.slice(span.start, span.end).replace(/\D+$/, '');
  const digits = number.replace(/\D/g, '').length;
  const grouped = /[ ()-]|\..*\./.test(number);
  const plausible = digits >= (grouped ? 8 : 10) && digits <= 15 && (grouped || !number.includes('.'));
  const found = { start: span.start, end: span.start + number.length };
  return plausible && startsAlone(text, span.start) && !/^[A-Za-z0-9]/.test(text.charAt(found.end)) ? found : undefined;
}

/** Top-level domains of any script, also in Punycode. */
const TOP_LEVEL = /^(?:\p{L}[\p{L}\p{M}]{1,23}|xn--[A-Za-z0-9-]{1,60})$/u;

/** File extensions that are not domains: `icon@2x.png`. */
const FILE =
  /^(?:7z|aar|apk|bak|bz2|bmp|cfg|cjs|class|conf|crt|csv|css|csproj|deb|dll|dmg|docx?|egg|exe|gif|go|gz|html?|ico|ini|ipynb|jar|java|jpe?g|js|json|jsonl?|jsx|kt|lock|log|map|mjs|mts|nupkg|pdf|pem|php|png|pptx?|py[cd]|rar|rb|rpm|sql|svg|swift|tar|tgz|toml|tsx?|txt|war|wasm|webp|whl|xlsx?|xml|xz|ya?ml|zst)$/i;

/** A version, as in `pkg@1.2.3-next.tgz`: hosts do not begin with two numbers. */
const VERSION = /^v?\d+\.\d+(?:[.-]|$)/;

/** `@` and a host, in any script. */
export const AT_HOST = /@[\p{L}\p{M}\p{N}.-]{4,253}/gu;

/** An e-mail address. The match is `@` and the host; the local part is searched before it. `git@host` is nobody. */
export function emailAt({ start, end }: Span, text: string): Span | undefined {
  const host = text.slice(start + 1, end);
  const labels = host.split('.');
  while (labels.length > 0 && !TOP_LEVEL.test(labels.at(-1) ?? '')) labels.pop();
  if (labels.length < 2 || VERSION.test(host) || FILE.test(labels.at(-1) as string)) return undefined;
  const before = text.slice(Math.max(0, start - MAX_LOOKBACK_CHARS), start);
  // Between `://` and the host it is userinfo, which has its own row.
  if (/:\/\/[^\s/?#"'<>\\]*$/.test(before)) return undefined;
  const local = localPart(before);
  if (local === '' || local === 'git') return undefined;
  return {
    start: start - local.length,
    end: start + 1 + labels.join('.').length,
  };
}

function localPart(before: string): string {
  let start = before.length;
  while (start > 0 && /[\p{L}\p{M}\p{N}._%+'-]/u.test(before.charAt(start - 1))) start -= 1;
  // A quotation mark before the address is not part of it.
  return before.slice(start).replace(/^'+/, '');
}

/** How far to look back for a name. */
const MAX_BEFORE = 64;

/** The words of the field's name, and the words before a number: `taxFileNumber` is three. */
function wordsBefore(text: string, start: number, label: string | undefined): string {
  const before = `${label ?? ''} ${text.slice(Math.max(0, start - MAX_BEFORE), start)}`;
  return before.replace(/([a-z])([A-Z])/g, '$1 $2');
}

/** Last words of names of identifiers, which say nothing about payment or contact. */
const ID = /(?:^|[^A-Za-z])(?:ids?|uids?|guids?|uuids?|identifiers?|refs?|references?)$|(?:Id|Ids|ID|IDs|Uid|UID|Ref)$/;

/** Last words of names of quantities and times. */
const QUANTITY =
  /(?:^|[^a-z])(?:bytes?|size|count|total|length|offset|duration|time|timestamp|epoch|at|ms|us|ns|seconds|milli(?:second)?s|nano(?:second)?s|sum|amount|balance|views|rows|seq|sequence|cursor|position|limit|max|min)$/i;

/** Names that are personal even so: `card_id`. */
const PERSONAL = /card|(?<![a-z])pan(?![a-z])|visa|amex|credit|debit|national|citizen|tax|identity/i;

/** Fields whose value may be a name instead of an id. */
const ID_OR_NAME = /^audit\.(?:actor|target)\.id$/;

/** Whether a bare number is an identifier, a quantity or a time: by the name before it, or by the name of the field. */
function isNobodys(text: string, { start, end }: Span, label: string | undefined): boolean {
  const first = Math.max(0, start - MAX_BEFORE);
  // Characters before one of several values.
  let at = start;
  while (at > first && /[\s"'`[\\\d,;]/.test(text.charAt(at - 1))) at -= 1;
  const sign = text.charAt(at - 1);
  if (at > first && sign === '#') return true;
  // In a longer text, the field's name is not the number's.
  const whole = at === first && first === 0 && end >= text.length - 1;
  const name = whole ? idField(label) : /[:=>]/.test(sign) ? nameBefore(text, first, at - 1) : '';
  const words = name.replace(/([a-z])([A-Z])/g, '$1 $2');
  return (ID.test(name) || QUANTITY.test(words)) && !PERSONAL.test(name) && !PERSONAL.test(label ?? '');
}

function idField(label: string | undefined): string {
  return label === undefined || ID_OR_NAME.test(label) ? '' : label;
}

/** The name before a sign of assignment, perhaps in quotes. */
function nameBefore(text: string, first: number, sign: number): string {
  let end = sign;
  while (end > first && /[\s"'`\\=\]]/.test(text.charAt(end - 1))) end -= 1;
  let start = end;
  while (start > first && /[\p{L}\w.-]/u.test(text.charAt(start - 1))) start -= 1;
  return text.slice(start, end);
}

/** Digits in groups with one separator each, of at least the shortest length. */
export const NUMBER = /\d(?:\d|[ ._/-](?=\d)){8,}/g;

/** The shortest have nine digits, except old Chilean ones, which have their own separators. */
export const NUMBER_HINT = /\d(?:[ ._/-]?\d){8}|\d\.\d{3}\.\d{3}-\d/;

const MIN_CHARS = 9;
/** The longest card number. */
const MAX_DIGITS = 19;
/** A French national id, grouped as it is read out. */
const MAX_GROUPS = 7;

/** Payment card numbers: prefixes and lengths that issuers use. */
const ISSUED =
  /^(?:4\d{12}|4\d{15}|4\d{18}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d|4[4-9]\d)\d{12}|35\d{14}|62\d{14,17})$/;
const isCard = (digits: string) => ISSUED.test(digits) && luhn(digits);

/** Groups that cards are embossed in, and their separators. */
const CARD_GROUPS = [...[1, 2, 3, 4, 5, 6, 7].map((last) => [4, 4, 4, last]), [4, 6, 4], [4, 6, 5]];
const CARD_SIGNS = [' ', '-', '.', '_'];

/** Unix times from 2001 to 2033, in seconds and milliseconds. */
export const TIME = /^1\d{9}(?:\d{3})?$/;

interface Found extends Span {
  readonly id: string;
}

interface Group extends Span {
  /** The separator before it. */
  readonly sign: string;
}

/** A tree of forms: the groups that may follow, and the numbers that may end here. */
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

/** The personal numbers in a run of groups. */
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
  // The first digits may end an escape: `%20`, `%B4`.
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

/** The longest number in a known form that starts with this group. */
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
  // In a row of numbers, some are grouped like a national id by chance.
  const spaced = groups[last]?.sign === ' ' || groups[first + 1]?.sign === ' ';
  const inRow = spaced && (groups[first]?.sign === ' ' || groups[last + 1]?.sign === ' ');
  if (id === undefined && (bare ? !TIME.test(digits) : !inRow)) {
    const row = rows.find(({ isValid }) => isValid(digits));
    id = row && (row.id ?? 'national-id');
  }
  return id !== undefined && bare && isNobodys(text, groups[first] as Group, label) ? undefined : id;
}

/** A number in any form, with its name before it. */
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

/** Not part of a word, or of a longer number or identifier: `0.4111…`, `…3e8e-4111…`. */
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

/** Telephone numbers as they are written for dialling, by country or custom. A whole run of groups is one number. */
const PHONES: readonly RegExp[] = [
  // North America
  /^(?:1[ .-])?[2-9]\d{2}([ .-])[2-9]\d{2}\1\d{4}$/,
  // With an international prefix
  /^00[1-9]\d{0,2}(?:[ ./-]\d{1,8}){1,6}$/,
  // France and others: five pairs
  /^0[1-9]([ .-])\d{2}(?:\1\d{2}){3}$/,
  // With a trunk prefix 0
  /^0[1-9]\d{0,4}(?:[ -]\d{4,8}|(?=[\d -]{8,12}$)(?:[ -]\d{2,6}){2,4})$/,
  /^0[1-9]\d{1,4}\/\d{3,8}(?:[ -]\d{2,4}){0,2}$/,
  // India, China, Spain
  /^[6-9]\d{4}[ -]\d{5}$/,
  /^1[3-9]\d([ -])\d{4}\1\d{4}$/,
  /^[6-9]\d{2}( )\d{2}\1\d{2}\1\d{2}$/,
];

/** Day, month and year, or a time. */
const DATE = /^\d{2}[ ./-]\d{2}[ ./-](?:19|20)\d{2}(?!\d)/;

/** Part of every word for a telephone. */
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

/** An area code in brackets, with or without a trunk prefix. */
export const BRACKETED =
  /\((?:0\d{1,4}\)(?:[ -]?\d{2,8}){1,4}|[2-9]\d{2}\)[ .-]?[2-9]\d{2}[ .-]?\d{4}|[1-9]\d\)[ -]?9?\d{4}[ -]\d{4})(?!\d)/g;

export function bracketedAt(match: Span, text: string): Span | undefined {
  const digits = text.slice(match.start, match.end).replace(/\D/g, '').length;
  return digits >= 9 && digits <= 12 && !/[\w)]/.test(text.charAt(match.start - 1)) ? match : undefined;
}

/**
 * The start of a national id with letters: not within a longer number or word, but allowed right behind an escape. Cheap
 * tests first.
 */
const BEGINNING = '(?=[A-Z\\d])(?<![A-Z\\d])(?<![a-z](?<!%[\\dA-Fa-f]{2}|\\\\[bfnrt]))';
export const CODE = new RegExp(`${BEGINNING}(?:${CODES.map(({ form }) => form).join('|')})`, 'g');
export const CODE_HINT = new RegExp(CODE.source);

const WHOLE = CODES.map((code) => ({ ...code, whole: new RegExp(`^(?:${code.form})$`) }));

/** A national id with letters, as a word by itself. */
export function codeAt(match: Span, text: string, label?: string): Span | undefined {
  const written = text.slice(match.start, match.end);
  if (!startsAlone(text, match.start) || /^(?:[A-Za-z0-9]|[.-]\d)/.test(text.slice(match.end, match.end + 2)))
    return undefined;
  if (/\d[.-]$/.test(text.slice(Math.max(0, match.start - 2), match.start))) return undefined;
  const code = written.replace(/[ ./()-]/g, '');
  const valid = WHOLE.find(({ whole, isValid }) => whole.test(written) && isValid(code));
  if (valid === undefined) return undefined;
  return valid.names === undefined || valid.names.test(wordsBefore(text, match.start, label)) ? match : undefined;
}
