/** `password=…`, `"apiKey": "…"`, `Authorization: …`: values hidden because of the name before them. */
import { isSensitiveKey, isStatement } from './keys.js';
import { MAX_LOOKBACK_CHARS } from './limits.js';
import type { Span } from './span.js';

/**
 * A piece of a sensitive name, the rest of the name, and the sign of assignment. What is matched is only where to look:
 * the whole name is read backwards from here and judged by {@link isSensitiveKey}, so both always agree.
 */
export const ASSIGNMENT =
  /(?:pass|pwd|secret|token|key|auth|bearer|cookie|cred|sess|sid|sig|jwt|otp|cvv|cvc|ssn|dsn|psk|string|code|assertion|saml)[\w.-]{0,40}(?:\\{0,3}["'`]|%22|%27)?\s{0,4}(?:=>?|:=?)\s{0,4}/gi;

/** Values that hide nothing: literals, type names, and placeholders of SQL and format strings. */
const HARMLESS_VALUE = /^(?:null|none|nil|true|false|undefined|string|number|boolean|integer|object|\?|\$\d{1,3}|%s)$/i;

/** What a program says instead of a value: where it takes it from. */
const CODE_VALUE =
  /^(?:await|new|typeof|(?:process|import\.meta)\.env\.\w{1,64}|os\.(?:environ|getenv)\b.*|getenv\b.*)$/;

/** Line and column, after the name of a file. */
const IN_FILE = /\.[a-z]{1,4}$/;
const LINE = /^\d{1,6}(?::\d{1,5})?:?$/;

/** A longer value is hidden unread: refusing a match after reading far would let the same text be read again and again. */
const MAX_HARMLESS_CHARS = 64;

/** Headers whose value runs to the end of the line, quotes, spaces and all. */
const HEADER = /(?:authori[sz]ation|cookie)$/i;

/** The value assigned at a match of {@link ASSIGNMENT}, if the name before the sign is sensitive. */
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

/** Says whether a value hides nothing. `before` is the character in front of it. */
export function isHarmless(value: string, before: string): boolean {
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
  // In `\nname` and `%0Aname` the first letters belong to the escape.
  const opening = before.charAt(from - 1);
  return (before.slice(from) + name).slice(opening === '\\' ? 1 : opening === '%' ? 2 : 0);
}

/** Where the value starting at `start` ends: at its closing quote or bracket, or before the next separator. */
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

/** Past the quote that closes at the depth of escaping it was opened at. A quote never closed hides the whole rest. */
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

/** Leaves the quotes standing, so that what was JSON stays JSON. */
export function inQuotes({ start, end }: Span, text: string): Span {
  const opening = /^\\{0,3}["'`]/.exec(text.slice(start, start + 4))?.[0] ?? '';
  const closed = opening !== '' && end - start >= 2 * opening.length && text.startsWith(opening, end - opening.length);
  return {
    start: start + opening.length,
    end: closed ? end - opening.length : end,
  };
}
