/** Numbers of persons that have letters in them, by country: how they are written, and their check. */
import { weighted } from './check-digits.js';
import { named, wordsBefore } from './naming.js';
import { isChinese, isCnpj, isDmy, isNir, isYmd } from './national-checks.js';
import { type Span, startsAlone } from './span.js';

interface Code {
  /** Whose, and what it is called there. */
  readonly of: string;
  /** As it is written. No two rows match the same text. */
  readonly form: string;
  /** Of the text without the signs between its groups. */
  readonly isValid: (code: string) => boolean;
  /** Asked for where too many other codes have the same form. */
  readonly names?: RegExp;
}

const DNI_LETTERS = 'TRWAGMYFPDXBNJZSQVHLCKE';

/** Spain: the letter follows from the number, in which X, Y, Z are 0, 1, 2. */
function isSpanish(code: string): boolean {
  const digits = code.slice(0, -1).replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter)));
  return DNI_LETTERS.charAt(Number(digits) % 23) === code.at(-1);
}

const HETU_LETTERS = '0123456789ABCDEFHJKLMNPRSTUVWXY';

/** Finland: day of birth, a sign for the century. */
function isFinnish(code: string): boolean {
  const digits = code.replace(/\D/g, '');
  const number = code.slice(0, 6) + code.slice(-4, -1);
  return isDmy(digits) && HETU_LETTERS.charAt(Number(number) % 31) === code.at(-1);
}

/** Values of characters in odd places of an Italian tax code, from 0 and from A. */
const ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
const place = (character: string) => Number.parseInt(character, 36) - (/\d/.test(character) ? 0 : 10);

function isItalian(code: string): boolean {
  let sum = 0;
  for (let index = 0; index < 15; index++) {
    const value = place(code.charAt(index));
    sum += index % 2 === 0 ? (ODD[value] as number) : value;
  }
  return String.fromCharCode(65 + (sum % 26)) === code[15];
}

const CURP = '0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ';

function isMexican(code: string): boolean {
  let sum = 0;
  for (let index = 0; index < 17; index++) sum += CURP.indexOf(code.charAt(index)) * (18 - index);
  return isYmd(code, 4) && String((10 - (sum % 10)) % 10) === code[17];
}

/** Singapore: residents, and foreigners with letters of their own. */
function isSingaporean(code: string): boolean {
  const sum = weighted(code.slice(1), [2, 7, 6, 5, 4, 3, 2]);
  const shift = /^[TG]/.test(code) ? 4 : code.startsWith('M') ? 3 : 0;
  const letters = /^[ST]/.test(code) ? 'JZIHGFEDCBA' : code.startsWith('M') ? 'XWUTRQPNJLK' : 'XWUTRQPNMLK';
  const at = (sum + shift) % 11;
  return letters.charAt(code.startsWith('M') ? 10 - at : at) === code.at(-1);
}

const TAIWAN = 'ABCDEFGHJKLMNPQRSTUVXYWZIO';

function isTaiwanese(code: string): boolean {
  const letter = TAIWAN.indexOf(code.charAt(0)) + 10;
  const digits = String(letter) + code.slice(1);
  return weighted(digits, [1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1]) % 10 === 0;
}

/** Hong Kong: one letter or two, the check in brackets. */
function isHongKong(code: string): boolean {
  const letters = code.replace(/[^A-Z].*$/, '');
  const values = [...letters.padStart(2, ' ')].map((letter) => (letter === ' ' ? 36 : Number.parseInt(letter, 36)));
  const rest = code.slice(letters.length);
  const check = rest.endsWith('A') ? 10 : Number(rest.at(-1));
  const sum = (values[0] as number) * 9 + (values[1] as number) * 8 + weighted(rest, [7, 6, 5, 4, 3, 2]) + check;
  return sum % 11 === 0;
}

/** Ireland: the second letter, where there is one, counts nine times. */
function isIrish(code: string): boolean {
  const second = code.length > 8 ? (code.charCodeAt(8) - 64) * 9 : 0;
  return 'WABCDEFGHIJKLMNOPQRSTUV'.charAt((weighted(code, [8, 7, 6, 5, 4, 3, 2]) + second) % 23) === code[7];
}

/** Chile, where the check is K. */
const isChilean = (code: string) => weighted(code.padStart(9, '0'), [3, 2, 7, 6, 5, 4, 3, 2]) % 11 === 1;

/** The United Kingdom: prefixes that are not given out. There is no check, but hardly anything else looks so. */
const isNino = (code: string) => !/^(?:BG|GB|KN|NK|NT|TN|ZZ)/.test(code);

export const CODES: readonly Code[] = [
  {
    of: 'Spanish DNI and NIE',
    form: '(?:\\d{8}|\\d{2}\\.\\d{3}\\.\\d{3}|[XYZ]-?\\d{7})[ -]?[A-HJ-NP-TV-Z]',
    isValid: isSpanish,
  },
  { of: 'Finnish HETU', form: '\\d{6}[-+A-FU-Y]\\d{3}[0-9A-FHJ-NPR-Y]', isValid: isFinnish },
  {
    of: 'Italian codice fiscale',
    form: '[A-Z]{6}[\\dL-V]{2}[A-EHLMPRST][\\dL-V]{2}[A-Z][\\dL-V]{3}[A-Z]',
    isValid: isItalian,
  },
  { of: 'Mexican CURP', form: '[A-Z][AEIOUX][A-Z]{2}\\d{6}[HMX][A-Z]{5}[A-Z\\d]\\d', isValid: isMexican },
  { of: 'Chinese resident id', form: '\\d{17}X', isValid: isChinese },
  { of: 'French NIR', form: '[12] ?\\d{2} ?\\d{2} ?2[AB] ?\\d{3} ?\\d{3} ?\\d{2}', isValid: isNir },
  { of: 'UK NINO', form: '[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\\d{2} ?\\d{2} ?\\d{2} ?[A-D]', isValid: isNino },
  { of: 'Singaporean NRIC', form: '[STFGM]\\d{7}[A-Z]', isValid: isSingaporean },
  {
    of: 'Taiwanese id',
    form: '[A-Z][1289]\\d{8}',
    isValid: isTaiwanese,
    names: named('taiwan\\w*|national id\\w*|身[分份][證证]\\w*|roc id|id (?:card|number|no)'),
  },
  { of: 'Hong Kong id', form: '[A-Z]{1,2}\\d{6}\\([\\dA]\\)', isValid: isHongKong },
  { of: 'Irish PPS', form: '\\d{7}[A-W][A-IW]?', isValid: isIrish, names: named('ppsn?') },
  { of: 'Chilean RUT', form: '\\d{1,2}\\.?\\d{3}\\.?\\d{3}-[Kk]', isValid: isChilean },
  { of: 'Brazilian CNPJ', form: '[A-Z\\d]{2}\\.[A-Z\\d]{3}\\.[A-Z\\d]{3}/[A-Z\\d]{4}-\\d{2}', isValid: isCnpj },
];

/** None begins within a longer number or word, but right behind an escape. The cheap looks come first. */
const BEGINNING = '(?=[A-Z\\d])(?<![A-Z\\d])(?<![a-z](?<!%[\\dA-Fa-f]{2}|\\\\[bfnrt]))';
export const CODE = new RegExp(`${BEGINNING}(?:${CODES.map(({ form }) => form).join('|')})`, 'g');
export const CODE_HINT = new RegExp(CODE.source);

const WHOLE = CODES.map((code) => ({ ...code, whole: new RegExp(`^(?:${code.form})$`) }));

/** A number of a person that has letters, alone in its place. */
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
