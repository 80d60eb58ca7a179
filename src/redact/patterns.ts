/**
 * The pattern set: everything that is hidden wherever it appears, by regular expressions and by literal marks.
 *
 * Every regular expression here fails within a constant number of steps from a start, or consumes what it read even if the
 * match is then refused. So time grows linearly with the text.
 */
import { COMMANDS } from './commands.js';
import { OVERLAP_CHARS } from './limits.js';
import {
  ASSIGNMENT,
  ATTRIBUTES,
  assignedValueAt,
  elementTextAt,
  JWK_MEMBER,
  jwkValueAt,
  NAMED_SECRETS,
  OPTION,
  optionValueAt,
  PAIR,
  pairedValueAt,
  START_TAG,
} from './named-values.js';
import {
  AT_HOST,
  BRACKETED,
  bracketedAt,
  CODE,
  CODE_HINT,
  codeAt,
  emailAt,
  ibanAt,
  NUMBER,
  NUMBER_HINT,
  numbersIn,
  phoneAt,
  TIME,
} from './personal-data.js';
import { TOKENS } from './secret-formats.js';
import { type Finding, type Marked, MarkIndex, type Span } from './spans.js';

/** A stretch to hide, and its id if it differs from the row's. */
export interface Located extends Span {
  readonly id?: string;
}

/** One row: an id, a cheap test that rules it out, and how to find it. */
export interface Pattern {
  readonly id: string;
  /** `regex` is only tried on texts that match this. Has no flags. */
  readonly hint: RegExp;
  readonly regex: RegExp;
  /**
   * The part of a match to hide: one stretch, several, or none if it only looked like one. `label` is the name of the
   * field.
   */
  readonly locate?: (match: Span, text: string, label?: string) => Located | readonly Located[] | undefined;
  /** The end of a match may be the start of the next (`Bearer A/Bearer B`), and is read again. */
  readonly swallows?: true;
}

/** From the first line of a key to its last, or to the end of the text if that is missing. */
function privateKeyAt({ start, end }: Span, text: string): Span {
  const last = text.indexOf('-----END', end);
  if (last === -1) return { start, end: text.length };
  const dashes = text.indexOf('-----', last + 8);
  return {
    start,
    end: dashes === -1 || dashes > last + 80 ? text.length : dashes + 5,
  };
}

/** A JSON Web Token has dots after its header; other base64 of JSON, such as a cursor, does not. */
function jwtAt(match: Span, text: string): Span | undefined {
  return text.slice(match.start, match.end).includes('.') ? match : undefined;
}

/** The part behind the scheme. */
function afterScheme({ start, end }: Span, text: string): Span {
  const scheme = /^[A-Za-z]+(?:[ +:\t]|%20)+/.exec(text.slice(start, start + 40))?.[0] ?? '';
  return { start: start + scheme.length, end };
}

/** "bearer authentication" is prose: one long lower-case word is a token only if it is very long. */
function bearerAt(match: Span, text: string): Span | undefined {
  const token = afterScheme(match, text);
  return /^.[a-z.]{0,24}$/.test(text.slice(token.start, token.end)) ? undefined : token;
}

/** How many parts of a path to drop behind a credential. */
const MAX_PATH_PARTS = 4;

/** The text after `Basic` is a credential if it decodes to printable text with a colon. */
function basicAt(match: Span, text: string): Span | undefined {
  const { start, end: last } = afterScheme(match, text);
  let end = last;
  for (let parts = 0; parts < MAX_PATH_PARTS && end > start; parts++) {
    const credential = text.slice(start, end);
    const decoded = Buffer.from(credential, 'base64').toString('utf8');
    if (decoded.includes(':') && !/[\p{Cc}\ufffd]/u.test(decoded)) return { start, end };
    // The slash is a digit of base64, and separates the rest of a path.
    end = start + credential.lastIndexOf('/');
  }
  return undefined;
}

/**
 * User name and password between `://` and the last `@` of the authority. `ssh://git@host` names nobody, `npm://pkg@1.2.3`
 * no user.
 */
function userinfoAt({ start, end }: Span, text: string): Span | undefined {
  const span = { start: start + '://'.length, end: end - 1 };
  const user = text.slice(span.start, span.end);
  const isPackage = !/[:@]/.test(user) && PACKAGE_VERSION.test(text.slice(end, end + 64));
  return user === 'git' || isPackage ? undefined : span;
}

/** The version of a package: no host looks like it. */
const PACKAGE_VERSION = /^v?\d+\.\d+\.\d+(?:[-+][\w.+-]*)?(?:[/?#\s"'<>),;\]}]|$)/;

/** By precision: if two rows find the same stretch, the earlier one names it. */
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
  // Cards and national ids come with ids of their own.
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

/** Rows that find personal data, which identities may contain. */
const PERSONAL: ReadonlySet<string> = new Set(['email', 'card', 'iban', 'ssn', 'phone', 'national-id']);

/** The rows that apply to identities. */
export const SECRET_PATTERNS: readonly Pattern[] = PATTERNS.filter(({ id }) => !PERSONAL.has(id));

const anyOf = (patterns: readonly Pattern[]) => new RegExp(patterns.map(({ hint }) => `(?:${hint.source})`).join('|'));

/** Matches every text that some row may apply to. */
const ANY_HINT = anyOf(PATTERNS);

/** The same for text with few digits and no colon, space or sign of assignment: only these rows remain. */
const SHORT_HINT = anyOf(PATTERNS.filter(({ id }) => id === 'jwt' || id === 'iban'));

const TOKEN_INDEX = new MarkIndex(TOKENS);
const ALL = new MarkIndex([...TOKENS, ...NAMED_SECRETS, ...COMMANDS]);

/** Whether the text contains a provider's token. */
function holdsToken(text: string): boolean {
  return TOKEN_INDEX.some(text, (row, at, mark) => row.locate(text, at, mark) !== undefined);
}

/** Whether the text contains anything that is recognised by its mark. */
function holdsMarked(text: string): boolean {
  return ALL.some(text, (row, at, mark) => row.locate(text, at, mark) !== undefined);
}

/** All secrets that are recognised by their marks, in the order of the marks. */
export function markedFindings(text: string): Finding[] {
  const found: Finding[] = [];
  const ends = new Map<Marked, number>();
  ALL.some(text, (row, at, mark) => {
    // Within a finding, the same row is only tried near the end: another may begin there.
    if (at < (ends.get(row) ?? 0) - OVERLAP_CHARS) return false;
    const span = row.locate(text, at, mark);
    if (span !== undefined) {
      found.push({ id: row.id, ...span });
      ends.set(row, span.end);
    }
    return false;
  });
  return found;
}

/** Longer strings, and those with any other character, are scanned. */
const MAX_CHECKED = 64;

/** Every token, JSON Web Token and IBAN with few digits has at least this many characters behind the start of its mark. */
const MAX_SHORT = 14;

/** Every number to hide has more digits: 6 in a British national id, 13 in a card number. */
const MAX_DIGITS = 5;

const OTHER = 0;
const PLAIN = 1;
const DIGIT = 2;
const COLON = 3;

/** The class of each ASCII character. */
const KINDS = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[0-9]/.test(character)) return DIGIT;
  return /[A-Za-z_./-]/.test(character) ? PLAIN : character === ':' ? COLON : OTHER;
});

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * Fast path for almost all names: true only if the pattern set, the bounds and the character rules would all keep the
 * string as it is.
 */
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
