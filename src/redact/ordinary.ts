/** The cheap way out for names that cannot hold anything to hide: nearly all of them, on every message. */
import { holdsMarked, holdsToken } from './marked.js';
import { TIME } from './numbers.js';
import { ANY_HINT, SHORT_HINT } from './patterns.js';

/** Longer strings, and any other character, take the long way. */
const MAX_CHECKED = 64;

/** Every provider token, JSON Web Token and IBAN with few digits has at least so much after the start that marks it. */
const MAX_SHORT = 14;

/** Every number to hide has more digits: 6 in a British number of a person, 13 in a card number. */
const MAX_DIGITS = 5;

const OTHER = 0;
const PLAIN = 1;
const DIGIT = 2;
const COLON = 3;

/** What each ASCII character is to this check. */
const KINDS = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[0-9]/.test(character)) return DIGIT;
  return /[A-Za-z_./-]/.test(character) ? PLAIN : character === ':' ? COLON : OTHER;
});

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** True only when the pattern set, the bounds and the character rules would all leave this string as it is. */
export function isOrdinary(value: string): boolean {
  if (typeof value !== 'string' || value.length > MAX_CHECKED) return false;
  let digits = 0;
  let colons = 0;
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    const kind = code < 128 ? KINDS[code] : OTHER;
    if (kind === OTHER) return false;
    if (kind === DIGIT) digits += 1;
    else if (kind === COLON) colons += 1;
  }
  if (digits > MAX_DIGITS || colons > 0) {
    return UUID.test(value) || TIME.test(value) || !(ANY_HINT.test(value) || holdsMarked(value));
  }
  return value.length <= MAX_SHORT || !(SHORT_HINT.test(value.slice(0, -MAX_SHORT)) || holdsToken(value));
}
