/** Says whether a text gives a known secret away, whatever a hook made of it: for what leaves after the redactor. */
import { percentDecoded, readAs } from './unseen.js';

/** Anything shorter is found in texts by chance. */
const MIN_SECRET_CHARS = 8;
/** Of a longer secret, its start is looked for. */
const MAX_SECRET_CHARS = 16_384;
/** A longer text is not searched: nobody can say that the secret is not in it. */
const MAX_TEXT_CHARS = 1_048_576;

/** By how much an encoding can be shorter than what it encodes: base64 without the digits that depend on what stands beside it. */
const SHORTER = 4;

/**
 * True when the text contains the secret: plain, in other capitals, reversed, percent-encoded, escaped as in JSON, or as hex,
 * base64 or base64url, with characters in it that are not seen or look like its own, also as a part of something longer that was encoded; and when the text is too long to say, over a
 * million characters. False without a secret, and for one of less than 8 characters. Does not find pieces of the secret.
 */
export function containsSecret(text: string, secret: string | undefined): boolean {
  if (typeof text !== 'string' || typeof secret !== 'string' || secret.length < MIN_SECRET_CHARS) return false;
  const needle = secret.slice(0, MAX_SECRET_CHARS);
  // Nearly always: what hooks answer is shorter than a token.
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

/**
 * The digits that stand for the text in base64, whatever stands before and after it: there are three ways in which its bytes
 * can fall into groups of three.
 */
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
