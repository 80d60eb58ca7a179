/** Values hidden because of the name before them: `password=…`, `--password x`, `<password>x</password>`, `algolia = …`. */
import { ownValue } from '../lib/foreign.js';
import { NAMED } from './gitleaks.generated.js';
import { MAX_LOOKBACK_CHARS } from './limits.js';
import { isSensitiveKey, isStatement } from './sensitive-names.js';
import { type Marked, type Span, startsAlone } from './spans.js';

/** A command-line option up to its value, in one text or in a list of quoted arguments. */
export const OPTION = /(?<![\w-])--?[A-Za-z][\w.-]{0,63}(?:\\{0,3}["'`],\s{0,4}|[ \t]{1,4})/g;

/**
 * Instead of a value: the next option, the end of a list, or a placeholder such as `$PASSWORD`, `<password>`, `%PASSWORD%`.
 */
const NO_VALUE = /^\\{0,3}["'`]?(?:[$<{%[|\]-]|$)/;

/** Words around an option in prose and usage texts: "the --token flag", `--password PASSWORD`. */
const PLAIN_WORD = /^(?:[A-Za-z]?[a-z_|-]{0,24}|[A-Z_|-]{1,24})[).,:!?\]]*$/;

/** Options that switch something off take no value: `--no-auth`. */
const NEGATED = /^(?:no|without|skip|disable|ignore)-/i;

/** The value after a match of {@link OPTION}, if the option's name is sensitive. */
export function optionValueAt(match: Span, text: string): Span | undefined {
  const start = match.end;
  const option = /^[\w.-]+/.exec(text.slice(match.start, start))?.[0] ?? '';
  if (!isSecretOption(option) || NO_VALUE.test(text.slice(start, start + 5))) return undefined;
  const value = inQuotes({ start, end: valueEnd(text, start) }, text);
  const beginning = text.slice(value.start, Math.min(value.end, value.start + 64));
  const quoted = value.start > start;
  // In a list, and in a call that declares the option, only one quoted argument is its value.
  const listed = text.charAt(match.start + option.length) !== ' ' && text.charAt(match.start + option.length) !== '\t';
  if (listed && (!quoted || /\s/.test(beginning))) return undefined;
  if ((listed || !quoted) && PLAIN_WORD.test(beginning)) return undefined;
  return value.start === value.end ? undefined : value;
}

/** Whether a command-line argument is an option whose value, the next argument, is hidden. */
export function isSecretOption(argument: string): boolean {
  if (!argument.startsWith('-')) return false;
  const name = /^--?([A-Za-z][\w.-]{0,63})$/.exec(argument.slice(0, 70))?.[1];
  return name !== undefined && !NEGATED.test(name) && isSensitiveKey(name);
}

/** The start tag of an XML element, with or without a prefix. */
export const START_TAG = /<(?:[\w.-]{1,64}:)?[A-Za-z_][\w.-]{0,63}(?:\s[^<>]{0,256})?>/g;

const CDATA = '<![CDATA[';

/** The text of the element that a match of {@link START_TAG} opens, if the name is sensitive and its end tag follows. */
export function elementTextAt(match: Span, text: string): Span | undefined {
  const tag = text.slice(match.start, match.end);
  const name = /^<((?:[\w.-]+:)?([\w.-]+))/.exec(tag);
  if (name === null || tag.endsWith('/>') || !isSensitiveKey(name[2] as string)) return undefined;
  const verbatim = text.startsWith(CDATA, match.end);
  const start = verbatim ? match.end + CDATA.length : match.end;
  const end = text.indexOf(verbatim ? ']]>' : '<', start);
  // Placeholders such as <token> have no end tag, but CDATA always ends.
  if (end === -1) return verbatim ? { start, end: text.length } : undefined;
  if (!verbatim && !closes(text, end, name[1] as string)) return undefined;
  return end - start <= 64 && isHarmless(text.slice(start, end).trim(), '') ? undefined : { start, end };
}

/** Whether the element's end tag is at `at`; in JSON its slash may be escaped. */
function closes(text: string, at: number, name: string): boolean {
  const slash = /^<\\{0,3}\//.exec(text.slice(at, at + 5))?.[0];
  return slash !== undefined && text.startsWith(name, at + slash.length);
}

/**
 * A pair up to its value: `"name": "password", "value": ` in JSON, or two lines of YAML, whose line break may have been
 * replaced.
 */
export const PAIR =
  /(?:name|key)(?:\\{0,3}["'`])?\s{0,8}:\s{0,8}(?:\\{0,3}["'`])?[\w.-]{1,64}(?:\\{0,3}["'`])?(?:[,\s\ufffd]|\\n){1,40}(?:\\{0,3}["'`])?value(?:\\{0,3}["'`])?\s{0,8}:\s{0,8}/gi;

/** A pair as attributes: `<add key="Password" value="`. */
export const ATTRIBUTES =
  /(?:name|key)\s{0,4}=\s{0,4}\\{0,3}["'][\w.-]{1,64}\\{0,3}["'](?:\s|\ufffd|\\[nrt]){1,40}value\s{0,4}=\s{0,4}/gi;

/** The value of a match of {@link PAIR} or {@link ATTRIBUTES}, if the name is sensitive. */
export function pairedValueAt(match: Span, text: string): Span | undefined {
  const name = /[:=]\s*\\{0,3}["'`]?([\w.-]+)/.exec(text.slice(match.start, match.end))?.[1] ?? '';
  if (!isSensitiveKey(name)) return undefined;
  const end = valueEnd(text, match.end);
  const harmless = end - match.end <= 64 && isHarmless(text.slice(match.end, end), '');
  return harmless ? undefined : inQuotes({ start: match.end, end }, text);
}

/** A private member of a JSON Web Key, up to its value: `"d": "`. https://www.rfc-editor.org/rfc/rfc7518#section-6 */
export const JWK_MEMBER = /(?<=["'`{,\s])(?:d|p|q|dp|dq|qi|k|r|t)\\{0,3}["'`]\s{0,8}:\s{0,8}\\{0,3}["'`][\w-]{16,}/g;

const JWK_PRIVATE = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'r', 't', 'oth']);

/** The value of a match of {@link JWK_MEMBER}. */
export function jwkValueAt({ start, end }: Span, text: string): Span {
  return { start: start + text.slice(start, end).search(/[\w-]+$/), end };
}

/** Whether a member is a private one of a JSON Web Key. Calls no getter. */
export function isJwkPrivate(source: object, key: string): boolean {
  return JWK_PRIVATE.has(key) && typeof ownValue(source, 'kty') === 'string';
}

const VALUE_MEMBER = /^values?$/i;
const NAME_MEMBERS = ['name', 'key', 'Name', 'Key', 'field', 'header'];

/** Whether a member is the value of a pair such as `{ name: 'password', value: 'x' }`. Calls no getter. */
export function isPairedValue(source: object, key: string): boolean {
  if (!VALUE_MEMBER.test(key)) return false;
  return NAME_MEMBERS.some((member) => {
    const name = ownValue(source, member);
    return typeof name === 'string' && isSensitiveKey(name);
  });
}

/**
 * Part of a sensitive name, the rest of the name, and the sign of assignment. Only says where to look: {@link
 * isSensitiveKey} judges the whole name, read backwards from here, so both always agree.
 */
export const ASSIGNMENT =
  /(?:pass|pwd|secret|token|key|auth|bearer|cookie|cred|sess|sid|sig|jwt|otp|cvv|cvc|ssn|dsn|psk|string|code|assertion|saml)[\w.-]{0,40}(?:\\{0,3}["'`]|%22|%27)?\s{0,4}(?:=>?|:=?)\s{0,4}/gi;

/** Harmless values: literals, type names, placeholders of SQL and format strings. */
const HARMLESS_VALUE = /^(?:null|none|nil|true|false|undefined|string|number|boolean|integer|object|\?|\$\d{1,3}|%s)$/i;

/** Code that reads the value from elsewhere. */
const CODE_VALUE =
  /^(?:await|new|typeof|(?:process|import\.meta)\.env\.\w{1,64}|os\.(?:environ|getenv)\b.*|getenv\b.*)$/;

/** Line and column, after a file name. */
const IN_FILE = /\.[a-z]{1,4}$/;
const LINE = /^\d{1,6}(?::\d{1,5})?:?$/;

/** Longer values are hidden unread: refusing a match after reading far would read the same text again and again. */
const MAX_HARMLESS_CHARS = 64;

/** Headers whose value extends to the end of the line, with quotes and spaces. */
const HEADER = /(?:authori[sz]ation|cookie)$/i;

/** The value after a match of {@link ASSIGNMENT}, if the name before the sign is sensitive. */
export function assignedValueAt(match: Span, text: string): Span | undefined {
  const name = nameAround(match, text);
  if (!isSensitiveKey(name)) return undefined;
  const start = match.end;
  const end = HEADER.test(name) && !/["'`]/.test(text.charAt(start)) ? lineEnd(text, start) : valueEnd(text, start);
  const value = inQuotes({ start, end }, text);
  const harmless =
    end - start <= MAX_HARMLESS_CHARS &&
    (isHarmless(text.slice(start, end), text.charAt(start - 1)) ||
      (IN_FILE.test(name) && LINE.test(text.slice(start, end))) ||
      isStatement(name, text.slice(value.start, value.end).replace(/[).\]}]+$/, '')));
  return harmless ? undefined : value;
}

/** Whether a value is harmless. `before` is the character in front of it. */
function isHarmless(value: string, before: string): boolean {
  const bare = value.replace(/[)\]}.]+$/, '');
  // `secrets:list` is a name made of words; `password:hunter2` and `password: hunter` are not.
  return (
    bare === '' ||
    HARMLESS_VALUE.test(bare) ||
    CODE_VALUE.test(bare) ||
    (before === ':' && /^[A-Za-z_./:-]+$/.test(bare))
  );
}

/** The whole name, with the word before it: "API key", "max output tokens". */
function nameAround({ start, end }: Span, text: string): string {
  const before = text.slice(Math.max(0, start - MAX_LOOKBACK_CHARS), start);
  const name = /^[\w.-]*/.exec(text.slice(start, end))?.[0] ?? '';
  let from = before.length;
  let spaces = 0;
  while (from > 0) {
    const character = before.charAt(from - 1);
    if (character === ' ') spaces += 1;
    else if (!/[\w.-]/.test(character)) break;
    if (spaces > 1) break;
    from -= 1;
  }
  // In `
  // name` and `%0Aname`, the first letters belong to the escape.
  const opening = before.charAt(from - 1);
  return (before.slice(from) + name).slice(opening === '\\' ? 1 : opening === '%' ? 2 : 0);
}

/** The end of the value at `start`: its closing quote or bracket, or the next separator. */
export function valueEnd(text: string, start: number): number {
  const [, escapes = '', opening = ''] = /^(\\{0,3})(["'`[{]?)/.exec(text.slice(start, start + 4)) ?? [];
  if (opening === '[' || opening === '{') {
    const closing = text.indexOf(opening === '[' ? ']' : '}', start);
    return closing === -1 ? text.length : closing + 1;
  }
  if (opening !== '') return closingQuote(text, start + escapes.length + 1, opening, escapes.length);
  const rest = /[^\s"'`&,;<>]*/y;
  rest.lastIndex = start;
  return start + (rest.exec(text)?.[0].length ?? 0);
}

/** The index behind the quote that closes at the same depth of escaping. An unclosed quote hides the rest of the text. */
function closingQuote(text: string, from: number, quote: string, escapes: number): number {
  for (let at = text.indexOf(quote, from); at !== -1; at = text.indexOf(quote, at + 1)) {
    let before = at;
    while (before > from && text.charAt(before - 1) === '\\') before -= 1;
    if (at - before <= escapes) return at + 1;
  }
  return text.length;
}

function lineEnd(text: string, start: number): number {
  const rest = /[^\r\n']*/y;
  rest.lastIndex = start;
  return start + (rest.exec(text)?.[0].length ?? 0);
}

/** Excludes the quotes, so that JSON stays JSON. */
export function inQuotes({ start, end }: Span, text: string): Span {
  const opening = /^\\{0,3}["'`]/.exec(text.slice(start, start + 4))?.[0] ?? '';
  const closed = opening !== '' && end - start >= 2 * opening.length && text.startsWith(opening, end - opening.length);
  return {
    start: start + opening.length,
    end: closed ? end - opening.length : end,
  };
}

/** A value that is only recognised by the service's name before it: `algolia = <32 letters and digits>`. */
export interface NamedSecret {
  readonly id: string;
  readonly names: readonly string[];
  readonly value: string;
  /** Least Shannon entropy, in bits per character. */
  readonly entropy?: number | undefined;
}

/** Services that gitleaks has no rule for. */
const OTHERS: readonly NamedSecret[] = [
  { id: 'atlassian', names: ['atlassian', 'confluence', 'jira'], value: '[a-z0-9]{24}', entropy: 3.5 },
  { id: 'sourcegraph', names: ['sourcegraph'], value: '[0-9a-f]{40}' },
  { id: 'honeycomb', names: ['honeycomb', 'honeycomb-team', 'honeycomb_team'], value: '(?:[a-z0-9]{22}|[0-9a-f]{32})' },
];

/** The rest of the name, the sign of assignment, and quotes, up to the value. */
const GAP = /[ \t\w.-]{0,20}(?:\\{0,3}["'`]|%22|%27)?\s{0,4}(?:=>?|:{1,3}=?|\|\||\?=|>|,)\s{0,4}(?:\\{0,3}["'`]){0,1}/y;

/** Names of harmless values, however random: `sentry_release`, `heroku_app_id`. */
const IDENTIFIER =
  /(?:id|ids|sha|hash|digest|commit|revision|release|version|checksum|etag|url|uri|name|user|account|region|project|org|organization|team|channel|host|email|object|index)$/i;

/** Values with one kind of character are words and numbers. Capitals count unless they are those of words: `aBCdE`. */
const MIXED = /^(?:(?=\D*\d)(?=[^a-zA-Z]*[a-zA-Z])|(?=.*[A-Z]{2}[a-z])(?=.*[a-z][A-Z]))/;

/** Length of values. */
const MIN_VALUE = 14;
const MAX_VALUE = 160;

interface ValueRule {
  readonly regex: RegExp;
  readonly entropy: number;
}

/** All rules of each name together, so that the name is matched once. */
function rulesByName(rows: readonly NamedSecret[]): Map<string, ValueRule[]> {
  const rules = new Map<string, ValueRule[]>();
  for (const { names, value, entropy = 0 } of rows) {
    const rule = { regex: new RegExp(`(?:${value})(?![\\w-])`, 'iy'), entropy };
    for (const name of names) rules.set(name, [...(rules.get(name) ?? []), rule]);
  }
  return rules;
}

const RULES = rulesByName([...NAMED, ...OTHERS]);

export const NAMED_SECRETS: readonly Marked[] = [...RULES].map(([name, rules]) => ({
  id: 'assignment',
  marks: [name],
  anyCase: true,
  locate: (text, at) => {
    if (!startsName(text, at)) return undefined;
    GAP.lastIndex = at + name.length;
    const gap = GAP.exec(text)?.[0];
    if (gap === undefined || IDENTIFIER.test(/^[ \t\w.-]*/.exec(gap)?.[0].trimEnd() ?? '')) return undefined;
    return secretAt(rules, text, at + name.length + gap.length);
  },
}));

/** Whether the name of a member makes its value a secret: `{ algolia: '…' }`. */
export function isNamedSecret(name: string, value: unknown): boolean {
  if (typeof value !== 'string' || value.length < MIN_VALUE || value.length > MAX_VALUE) return false;
  if (name.length > MAX_VALUE) return false;
  const text = name.toLowerCase();
  if (IDENTIFIER.test(text)) return false;
  for (const [service, rules] of RULES) {
    const at = text.indexOf(service);
    if (at !== -1 && startsName(text, at) && secretAt(rules, value, 0)?.end === value.length) return true;
  }
  return false;
}

/** A name may follow others (`MY_ALGOLIA`), but must not end a word (`protravis`). */
function startsName(text: string, at: number): boolean {
  return startsAlone(text, at) || /[a-z][A-Z]/.test(text.slice(at - 1, at + 1));
}

function secretAt(rules: readonly ValueRule[], text: string, start: number): Span | undefined {
  for (const { regex, entropy } of rules) {
    regex.lastIndex = start;
    const value = regex.exec(text)?.[0];
    if (value !== undefined && MIXED.test(value) && entropyOf(value) >= entropy) {
      return { start, end: start + value.length };
    }
  }
  return undefined;
}

/** Shannon entropy in bits per character. */
function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
