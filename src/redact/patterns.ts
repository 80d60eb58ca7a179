/**
 * The pattern set: what is hidden wherever it appears, under whatever name, beside what marks tell (`marked.ts`).
 *
 * Every regular expression here either fails within a constant number of steps from a start, or consumes what it read,
 * also when the match is then refused. So the time for a text grows with its length and no faster.
 */
import { ASSIGNMENT, assignedValueAt } from './assignments.js';
import {
  ATTRIBUTES,
  elementTextAt,
  JWK_MEMBER,
  jwkValueAt,
  OPTION,
  optionValueAt,
  PAIR,
  pairedValueAt,
  START_TAG,
} from './named-values.js';
import { BRACKETED, bracketedAt, NUMBER, NUMBER_HINT, numbersIn } from './numbers.js';
import { AT_HOST, emailAt, ibanAt, phoneAt } from './personal.js';
import { CODE, CODE_HINT, codeAt } from './personal-codes.js';
import type { Span } from './span.js';

/** What is hidden, and what it is called where that is not the row's id. */
export interface Located extends Span {
  readonly id?: string;
}

/** One row: what it is called, a cheap test that says when it cannot apply, and how to find it. */
export interface Pattern {
  readonly id: string;
  /** Without a match of this anywhere in the text, `regex` is not tried. Has no flags. */
  readonly hint: RegExp;
  readonly regex: RegExp;
  /**
   * What of a match is hidden, when not all of it: one stretch, several, or nothing, when it only looked like one. `label` is
   * the name that the text stands under.
   */
  readonly locate?: (match: Span, text: string, label?: string) => Located | readonly Located[] | undefined;
  /** The end of its match may be the beginning of the next, `Bearer A/Bearer B`, and is read again. */
  readonly swallows?: true;
}

/** From the first line of a key to its last line, or to the end of the text when that is missing. */
function privateKeyAt({ start, end }: Span, text: string): Span {
  const last = text.indexOf('-----END', end);
  if (last === -1) return { start, end: text.length };
  const dashes = text.indexOf('-----', last + 8);
  return {
    start,
    end: dashes === -1 || dashes > last + 80 ? text.length : dashes + 5,
  };
}

/** A JSON Web Token has dots after its header; other base64 of JSON, such as a cursor, has not. */
function jwtAt(match: Span, text: string): Span | undefined {
  return text.slice(match.start, match.end).includes('.') ? match : undefined;
}

/** The part after the scheme word. */
function afterScheme({ start, end }: Span, text: string): Span {
  const scheme = /^[A-Za-z]+(?:[ +:\t]|%20)+/.exec(text.slice(start, start + 40))?.[0] ?? '';
  return { start: start + scheme.length, end };
}

/** "bearer authentication" is prose: one long word of small letters is a token only when it is very long. */
function bearerAt(match: Span, text: string): Span | undefined {
  const token = afterScheme(match, text);
  return /^.[a-z.]{0,24}$/.test(text.slice(token.start, token.end)) ? undefined : token;
}

/** How much of a path is looked at behind a credential in it. */
const MAX_PATH_PARTS = 4;

/** What follows `Basic` is a credential when it decodes to printable text with a colon. */
function basicAt(match: Span, text: string): Span | undefined {
  const { start, end: last } = afterScheme(match, text);
  let end = last;
  for (let parts = 0; parts < MAX_PATH_PARTS && end > start; parts++) {
    const credential = text.slice(start, end);
    const decoded = Buffer.from(credential, 'base64').toString('utf8');
    if (decoded.includes(':') && !/[\p{Cc}\ufffd]/u.test(decoded)) return { start, end };
    // The slash is one of base64's digits, and what a path goes on with after it.
    end = start + credential.lastIndexOf('/');
  }
  return undefined;
}

/** User name and password between `://` and the last `@` of the authority. `ssh://git@host` names nobody, `npm://pkg@1.2.3` no user. */
function userinfoAt({ start, end }: Span, text: string): Span | undefined {
  const span = { start: start + '://'.length, end: end - 1 };
  const user = text.slice(span.start, span.end);
  const isPackage = !/[:@]/.test(user) && PACKAGE_VERSION.test(text.slice(end, end + 64));
  return user === 'git' || isPackage ? undefined : span;
}

/** The version of a package: no host looks so. */
const PACKAGE_VERSION = /^v?\d+\.\d+\.\d+(?:[-+][\w.+-]*)?(?:[/?#\s"'<>),;\]}]|$)/;

/** In the order of precision: where two rows find the same stretch, the earlier one names it. */
export const PATTERNS: readonly Pattern[] = [
  {
    id: 'private-key',
    hint: /-----BEGIN/,
    regex: /-----BEGIN[A-Z0-9 +%]{1,40}PRIVATE[ +%20]{1,4}KEY/g,
    locate: privateKeyAt,
  },
  {
    id: 'jwt',
    hint: /eyJ/,
    regex: /eyJ[\w-]{14,4096}(?:\.(?:eyJ[\w.-]*|[\w-]*\.[\w-][\w.-]*))?/g,
    locate: jwtAt,
  },
  {
    id: 'bearer',
    hint: /[Bb](?:earer|EARER)/,
    regex: /bearer(?:[ +:\t]|%20){1,4}[\w.~+/=-]{8,}/gi,
    locate: bearerAt,
    swallows: true,
  },
  {
    id: 'basic',
    hint: /[Bb](?:asic|ASIC)/,
    regex: /basic(?:[ +:\t]|%20){1,4}[A-Za-z0-9+/_-]{4,}={0,2}/gi,
    locate: basicAt,
    swallows: true,
  },
  {
    id: 'userinfo',
    hint: /:\/\//,
    regex: /:\/\/[^\s/?#"'<>\\]{1,}@/g,
    locate: userinfoAt,
  },
  {
    id: 'assignment',
    hint: /[=:]/,
    regex: ASSIGNMENT,
    locate: assignedValueAt,
    swallows: true,
  },
  {
    id: 'assignment',
    hint: /-[A-Za-z][\w.-]{0,63}(?:[ \t]|\\{0,3}["'`],)/,
    regex: OPTION,
    locate: optionValueAt,
    swallows: true,
  },
  { id: 'assignment', hint: /<\\{0,3}\/[A-Za-z_]|CDATA/, regex: START_TAG, locate: elementTextAt, swallows: true },
  {
    id: 'assignment',
    hint: /[Vv](?:alue|ALUE)(?:\\{0,3}["'`])?\s{0,8}:/,
    regex: PAIR,
    locate: pairedValueAt,
    swallows: true,
  },
  {
    id: 'assignment',
    hint: /[Vv](?:alue|ALUE)\s{0,4}=/,
    regex: ATTRIBUTES,
    locate: pairedValueAt,
    swallows: true,
  },
  { id: 'facebook', hint: /\|[\w-]{27}/, regex: /\|(?<=(?<!\d)\d{15,16}\|)[\w-]{27,40}(?![\w-])/g },
  { id: 'private-key', hint: /kty/, regex: JWK_MEMBER, locate: jwkValueAt, swallows: true },
  {
    id: 'email',
    hint: /@/,
    regex: AT_HOST,
    locate: emailAt,
  },
  {
    id: 'iban',
    hint: /[A-Z]{2}\d{2}/,
    regex: /[A-Z]{2}\d{2}[ -]?[A-Z0-9]{4}/g,
    locate: ibanAt,
  },
  // Cards and numbers of persons say themselves which they are.
  { id: 'phone', hint: NUMBER_HINT, regex: NUMBER, locate: numbersIn },
  { id: 'national-id', hint: CODE_HINT, regex: CODE, locate: codeAt },
  { id: 'phone', hint: /\(\d{2,5}\)/, regex: BRACKETED, locate: bracketedAt },
  {
    id: 'phone',
    hint: /\+[1-9]/,
    regex: /\+[1-9][\d ()./-]{7,22}/g,
    locate: phoneAt,
  },
];

/** Rows that find somebody's data, and no secret: what says who somebody is may well be that. */
const PERSONAL: ReadonlySet<string> = new Set(['email', 'card', 'iban', 'ssn', 'phone', 'national-id']);

/** What is hidden in an identity, too. */
export const SECRET_PATTERNS: readonly Pattern[] = PATTERNS.filter(({ id }) => !PERSONAL.has(id));

const anyOf = (patterns: readonly Pattern[]) => new RegExp(patterns.map(({ hint }) => `(?:${hint.source})`).join('|'));

/** Matches every text in which some row might apply. */
export const ANY_HINT = anyOf(PATTERNS);

/** The same for text with few digits and no colon, space or sign of assignment: only these rows are left. */
export const SHORT_HINT = anyOf(PATTERNS.filter(({ id }) => id === 'jwt' || id === 'iban'));
