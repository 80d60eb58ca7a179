/** Values hidden because of a name that no sign of assignment joins them to: `--password x`, `<password>x</password>`. */
import { inQuotes, isHarmless, valueEnd } from './assignments.js';
import { isSensitiveKey } from './keys.js';
import type { Span } from './span.js';

/** An option of a command line, in one text or in a list of quoted arguments, up to its value. */
export const OPTION = /(?<![\w-])--?[A-Za-z][\w.-]{0,63}(?:\\{0,3}["'`],\s{0,4}|[ \t]{1,4})/g;

/** No value: the next option, the end of a list, or a place for a value such as `$PASSWORD`, `<password>`, `%PASSWORD%`. */
const NO_VALUE = /^\\{0,3}["'`]?(?:[$<{%[|\]-]|$)/;

/** The words around an option in prose and in usage texts: "the --token flag", `--password PASSWORD`. */
const PLAIN_WORD = /^(?:[A-Za-z]?[a-z_|-]{0,24}|[A-Z_|-]{1,24})[).,:!?\]]*$/;

/** Options that turn something off take no value: `--no-auth`. */
const NEGATED = /^(?:no|without|skip|disable|ignore)-/i;

/** The value after a match of {@link OPTION}, if the option's name is sensitive. */
export function optionValueAt(match: Span, text: string): Span | undefined {
  const start = match.end;
  const option = /^[\w.-]+/.exec(text.slice(match.start, start))?.[0] ?? '';
  if (!isSecretOption(option) || NO_VALUE.test(text.slice(start, start + 5))) return undefined;
  const value = inQuotes({ start, end: valueEnd(text, start) }, text);
  const beginning = text.slice(value.start, Math.min(value.end, value.start + 64));
  const quoted = value.start > start;
  // In a list, such as that of a call which declares the option, only one argument in quotes is its value.
  const listed = text.charAt(match.start + option.length) !== ' ' && text.charAt(match.start + option.length) !== '\t';
  if (listed && (!quoted || /\s/.test(beginning))) return undefined;
  if ((listed || !quoted) && PLAIN_WORD.test(beginning)) return undefined;
  return value.start === value.end ? undefined : value;
}

/** Says whether an argument of a command line is an option whose value, the next argument, is hidden. */
export function isSecretOption(argument: string): boolean {
  if (!argument.startsWith('-')) return false;
  const name = /^--?([A-Za-z][\w.-]{0,63})$/.exec(argument.slice(0, 70))?.[1];
  return name !== undefined && !NEGATED.test(name) && isSensitiveKey(name);
}

/** The start tag of an XML element, its name perhaps with a prefix. */
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
  // Nobody closes a placeholder such as <token>, but everybody closes CDATA.
  if (end === -1) return verbatim ? { start, end: text.length } : undefined;
  if (!verbatim && !closes(text, end, name[1] as string)) return undefined;
  return end - start <= 64 && isHarmless(text.slice(start, end).trim(), '') ? undefined : { start, end };
}

/** Says whether the end tag of an element stands at `at`; in JSON its slash may be escaped. */
function closes(text: string, at: number, name: string): boolean {
  const slash = /^<\\{0,3}\//.exec(text.slice(at, at + 5))?.[0];
  return slash !== undefined && text.startsWith(name, at + slash.length);
}

/**
 * A pair as text, up to its value: `"name": "password", "value": ` of JSON, or the two lines of YAML. What stands between
 * them may be line breaks that were replaced.
 */
export const PAIR =
  /(?:name|key)(?:\\{0,3}["'`])?\s{0,8}:\s{0,8}(?:\\{0,3}["'`])?[\w.-]{1,64}(?:\\{0,3}["'`])?(?:[,\s\ufffd]|\\n){1,40}(?:\\{0,3}["'`])?value(?:\\{0,3}["'`])?\s{0,8}:\s{0,8}/gi;

/** The same as attributes of an element: `<add key="Password" value="`. */
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

/** A private member of a JSON Web Key: `"d": "`, up to its value. https://www.rfc-editor.org/rfc/rfc7518#section-6 */
export const JWK_MEMBER = /(?<=["'`{,\s])(?:d|p|q|dp|dq|qi|k|r|t)\\{0,3}["'`]\s{0,8}:\s{0,8}\\{0,3}["'`][\w-]{16,}/g;

const JWK_PRIVATE = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'r', 't', 'oth']);

/** The value of a match of {@link JWK_MEMBER}. */
export function jwkValueAt({ start, end }: Span, text: string): Span {
  return { start: start + text.slice(start, end).search(/[\w-]+$/), end };
}

/** Says whether a member is a private one of a JSON Web Key. Calls no getter. */
export function isJwkPrivate(source: object, key: string): boolean {
  return JWK_PRIVATE.has(key) && typeof Object.getOwnPropertyDescriptor(source, 'kty')?.value === 'string';
}

const VALUE_MEMBER = /^values?$/i;
const NAME_MEMBERS = ['name', 'key', 'Name', 'Key', 'field', 'header'];

/** Says whether a member is the value of a pair such as `{ name: 'password', value: 'x' }`. Calls no getter. */
export function isPairedValue(source: object, key: string): boolean {
  if (!VALUE_MEMBER.test(key)) return false;
  return NAME_MEMBERS.some((member) => {
    const name: unknown = Object.getOwnPropertyDescriptor(source, member)?.value;
    return typeof name === 'string' && isSensitiveKey(name);
  });
}
