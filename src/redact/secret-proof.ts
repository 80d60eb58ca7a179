/** Finds a known secret in text that leaves after the redactor, however a hook has encoded it. */
import { percentDecoded } from '../lib/percent-encoding.js';
import { readAs } from './invisible-characters.js';

/** Shorter secrets occur by chance. */
const MIN_SECRET_CHARS = 8;
/** Only the start of a longer secret is searched. */
const MAX_SECRET_CHARS = 16_384;
/** A longer text is not searched, and counts as containing the secret. */
const MAX_TEXT_CHARS = 1_048_576;

/** How much shorter than the secret an encoding can be: base64 without the digits that depend on its surroundings. */
const SHORTER = 4;

/**
 * True if the text contains the secret: plain, in other capitals, reversed, percent-encoded, escaped as in JSON, or as hex,
 * base64 or base64url, also with invisible or look-alike characters, and within something longer that was encoded. True
 * also for a text of over a million characters. False without a secret, and for one of less than 8 characters. Does not
 * find pieces of the secret.
 */
export function containsSecret(text: string, secret: string | undefined): boolean {
  if (typeof text !== 'string' || typeof secret !== 'string' || secret.length < MIN_SECRET_CHARS) return false;
  const needle = secret.slice(0, MAX_SECRET_CHARS);
  // Nearly always: answers of hooks are shorter than a token.
  if (text.length < needle.length - SHORTER) return false;
  if (text.length > MAX_TEXT_CHARS) return true;
  const decoded = [text, percentDecoded(text), jsonDecoded(text)];
  const haystacks = [...decoded, ...decoded.map(readAs)].map((each) => each.toLowerCase());
  const needles = [needle, readAs(needle), [...needle].reverse().join(''), hexOf(needle)];
  if (needles.some((each) => haystacks.some((haystack) => haystack.includes(each.toLowerCase())))) return true;
  const base64 = percentDecoded(text).replace(/\s/g, '').replaceAll('-', '+').replaceAll('_', '/');
  return base64Cores(needle).some((core) => base64.includes(core));
}

function hexOf(text: string): string {
  return Buffer.from(text).toString('hex');
}

/** The base64 digits of the text that do not depend on its surroundings: its bytes can be grouped in three ways. */
function base64Cores(text: string): string[] {
  const bytes = Buffer.from(text);
  return [0, 1, 2].map((skipped) => {
    const whole = bytes.subarray(skipped, bytes.length - ((bytes.length - skipped) % 3));
    return whole.toString('base64');
  });
}

function jsonDecoded(text: string): string {
  if (!text.includes('\\')) return text;
  return text
    .replace(/\\u([0-9A-Fa-f]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/\\(["\\/])/g, '$1');
}
