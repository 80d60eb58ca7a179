/** National identification numbers: formats and check digits. Digits are text. */

/** The sum of the digits times their weights. Ignores digits beyond the weights. */
function weighted(digits: string, weights: readonly number[]): number {
  let sum = 0;
  const length = Math.min(digits.length, weights.length);
  for (let index = 0; index < length; index++) sum += (weights[index] as number) * valueAt(digits, index);
  return sum;
}

/** The value of one digit. */
function valueAt(digits: string, index: number): number {
  return digits.charCodeAt(index) - 48;
}

/** ISO/IEC 7812-1, Annex B: payment cards, and many national ids. */
export function luhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = valueAt(digits, digits.length - 1 - index);
    sum += index % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2;
  }
  return sum % 10 === 0;
}

/** ISO 7064 MOD 97-10, as in IBANs: letters count as two digits. */
export function mod97(text: string): number {
  let rest = 0;
  for (const character of text) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}

/** ISO 7064 MOD 11,10. */
export function mod11And10(digits: string): boolean {
  let product = 10;
  const last = digits.length - 1;
  for (let index = 0; index < last; index++) product = (((product + valueAt(digits, index)) % 10 || 10) * 2) % 11;
  return (11 - product) % 10 === valueAt(digits, last);
}

/** The permutation and group of Verhoeff's check, from the dihedral group of the pentagon. */
const PENTAGON = Array.from({ length: 10 }, (_, a) =>
  Array.from({ length: 10 }, (_, b) => {
    const turned = a < 5 ? (a + b) % 5 : (a - b + 10) % 5;
    return a < 5 === b < 5 ? turned : turned + 5;
  }),
);
const FIRST_PERMUTATION = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];

/** Verhoeff's check. */
export function verhoeff(digits: string): boolean {
  let check = 0;
  for (let index = 0; index < digits.length; index++) {
    let digit = valueAt(digits, digits.length - 1 - index);
    for (let turn = 0; turn < index % 8; turn++) digit = FIRST_PERMUTATION[digit] as number;
    check = PENTAGON[check]?.[digit] as number;
  }
  return check === 0;
}

/** The check digit modulo 11: 11 becomes 0 and 10 becomes `ten`, which may be undefined. */
function mod11(digits: string, weights: readonly number[], ten?: number): number | undefined {
  const check = (11 - (weighted(digits, weights) % 11)) % 11;
  return check === 10 ? ten : check;
}

export const two = (digits: string, at: number) => digits.charCodeAt(at) * 10 + digits.charCodeAt(at + 1) - 528;

/** Whether the month has this day. */
export function isDate(day: number, month: number): boolean {
  return (
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= (month === 2 ? 29 : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31)
  );
}

/** Year, month and day from `at` on. */
const isYmd = (digits: string, at = 0) => isDate(two(digits, at + 4), two(digits, at + 2));
const isDmy = (digits: string, at = 0) => isDate(two(digits, at), two(digits, at + 2));

/** Whether the digit at `at` is the check digit of these weights. */
export const ends = (digits: string, at: number, weights: readonly number[], ten?: number) =>
  mod11(digits, weights, ten) === Number(digits[at]);

const isRepeated = (digits: string) => /^(\d)\1*$/.test(digits);
const down = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, index) => from - index);
const DOWN_FROM_9_TO_1 = down(9, 1);
const DOWN_FROM_9_TO_2 = down(9, 2);
const DOWN_FROM_10_TO_2 = down(10, 2);
const DOWN_FROM_11_TO_2 = down(11, 2);
const DOWN_FROM_13_TO_2 = down(13, 2);

/** Estonia, Lithuania: a second row of weights if the first results in 10. */
function isBaltic(digits: string): boolean {
  const first = weighted(digits, [1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
  const check = first < 10 ? first : (weighted(digits, [3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11) % 10;
  return /^[1-6]/.test(digits) && isYmd(digits, 1) && check === Number(digits[10]);
}

/** Among the first ten digits of a German tax id, one occurs two or three times, the others once at most. */
function isSteuerId(digits: string): boolean {
  if (digits[0] === '0' || !mod11And10(digits)) return false;
  const different = new Set(digits.slice(0, 10));
  const most = Math.max(...[...different].map((digit) => digits.slice(0, 10).split(digit).length - 1));
  return different.size === 11 - most && (most === 2 || most === 3);
}

function isCpf(digits: string): boolean {
  return !isRepeated(digits) && ends(digits, 9, DOWN_FROM_10_TO_2, 0) && ends(digits, 10, DOWN_FROM_11_TO_2, 0);
}

const CNPJ_WEIGHTS = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];

/** Newer ones have letters, which count by their code. */
function isCnpj(text: string): boolean {
  const values = [...text].map((character) => character.charCodeAt(0) - 48);
  return (
    [12, 13].every((at) => {
      const weights = CNPJ_WEIGHTS.slice(13 - at);
      const rest = weights.reduce((sum, weight, index) => sum + weight * (values[index] as number), 0) % 11;
      return values[at] === (rest < 2 ? 0 : 11 - rest);
    }) && !isRepeated(text)
  );
}

function isTurkish(digits: string): boolean {
  const odd = weighted(digits, [1, 0, 1, 0, 1, 0, 1, 0, 1]);
  const even = weighted(digits, [0, 1, 0, 1, 0, 1, 0, 1]);
  const tenth = (odd * 7 - even + 90) % 10;
  return digits[0] !== '0' && tenth === Number(digits[9]) && (odd + even + tenth) % 10 === Number(digits[10]);
}

function isNorwegian(digits: string): boolean {
  // People who are not yet registered have 4 added to the day.
  const day = two(digits, 0) % 40;
  return (
    isDate(day, two(digits, 2)) &&
    ends(digits, 9, [3, 7, 6, 1, 8, 9, 4, 5, 2]) &&
    ends(digits, 10, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2])
  );
}

/** France: sex, year and month of birth, department; the last two digits are a remainder of the others. */
function isNir(text: string): boolean {
  if (!/^[12]\d\d(?:0[1-9]|1[0-2]|[2-9]\d)(?:\d\d|2[AB])\d{8}$/.test(text)) return false;
  // Corsica has letters: 2A is 19, 2B is 18.
  const digits = text.replace('2A', '19').replace('2B', '18');
  return 97 - mod97(digits.slice(0, 13)) === Number(digits.slice(13));
}

function isPesel(digits: string): boolean {
  // People born in this century have 20 added to the month.
  const month = two(digits, 2);
  const check = (10 - (weighted(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10;
  return (
    isDate(two(digits, 4), month % 20) && month < 40 && (month < 20 || isBorn(digits)) && check === Number(digits[10])
  );
}

/** Two digits of a year of birth in this century, with room for some years to come. */
const isBorn = (digits: string, at = 0) => two(digits, at) <= 35;

function isBelgian(digits: string): boolean {
  const base = digits.slice(0, 9);
  const check = Number(digits.slice(9));
  // For people born in this century, a 2 is put before the other digits.
  return isYmd(digits) && [base, `2${base}`].some((each) => 97 - mod97(each) === check);
}

/** Korea: numbers issued since October 2020, to people born later, have no check digit. */
function isKorean(digits: string): boolean {
  if (!isYmd(digits)) return false;
  const check = (11 - (weighted(digits, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11)) % 10;
  return check === Number(digits[12]) || /^2\d{5}[3478]/.test(digits);
}

/** South Africa: citizen or resident; the digit before the last has lost its meaning, and is 8 or 9. */
const isSouthAfrican = (digits: string) => isYmd(digits) && /^\d{10}[012][89]\d$/.test(digits) && luhn(digits);

function isCnp(digits: string): boolean {
  const rest = weighted(digits, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
  return isYmd(digits, 1) && (rest === 10 ? 1 : rest) === Number(digits[12]);
}

function isEgn(digits: string): boolean {
  return (
    isDate(two(digits, 4), two(digits, 2) % 20) &&
    (weighted(digits, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11) % 10 === Number(digits[9])
  );
}

/** China: region and full date of birth. The last character may be an X. */
function isChinese(text: string): boolean {
  if (!/^[1-8]\d{5}(?:19|20)\d{9}[\dX]$/.test(text) || !isDate(two(text, 12), two(text, 10))) return false;
  return '10X98765432'.charAt(weighted(text, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11) === text[17];
}

/** Sweden, with or without the century. Stamps such as `20250618-1530` look the same. */
const isSwedish = (digits: string) =>
  isDate(two(digits, digits.length - 6) % 60, two(digits, digits.length - 8)) && luhn(digits.slice(-10));
const isSwedishAndGrown = (digits: string) => /^(?:19|200|201[0-4])/.test(digits) && isSwedish(digits);

const isSnils = (digits: string) => (weighted(digits, DOWN_FROM_9_TO_1) % 101) % 100 === Number(digits.slice(9));
const isInn = (digits: string) =>
  (weighted(digits, [7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11) % 10 === Number(digits[10]) &&
  (weighted(digits, [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11) % 10 === Number(digits[11]);

/** The United States: ranges ever issued, to people (SSN) or, beginning with 9, to taxpayers without an SSN (ITIN). */
const isSsn = (digits: string) => /^(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}$/.test(digits);
const isItin = (digits: string) => /^9\d\d(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])\d{4}$/.test(digits);

function isMyNumber(digits: string): boolean {
  const rest = weighted(digits, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
  return (rest < 2 ? 0 : 11 - rest) === Number(digits[11]);
}

// One kind of national id. The share of other numbers that pass its check decides what else is required: if one random
// number in a hundred or fewer passes, a bare number counts; otherwise only the usual groups, or its name before it.

/** Matches any of these names as a whole word. */
export const named = (words: string) => new RegExp(`(?<![a-z])(?:${words})(?![a-z])`, 'i');

export interface NationalId {
  /** Country and name. */
  readonly of: string;
  /** Number of digits. */
  readonly digits: number;
  /** How it is written: lengths of groups and their separators, `3.3.3-2`. One group is a bare number. */
  readonly forms: readonly string[];
  readonly isValid: (digits: string) => boolean;
  /** Names; behind one of them, any form counts. */
  readonly names?: RegExp;
  readonly id?: 'ssn';
}

/** Names of taxpayer numbers in any country. */
const TAX = 'tax[ _-]?(?:payer)?[ _-]?(?:id|no|number|file|identification)\\w*|steuer\\w*|fiscal\\w*';

/** Ids that consist of digits. {@link CODES} has those with letters. */
export const NATIONAL_IDS: readonly NationalId[] = [
  {
    of: 'US SSN',
    digits: 9,
    forms: ['3-2-4'],
    isValid: isSsn,
    names: named('ssn|social[ _-]?security\\w*'),
    id: 'ssn',
  },
  { of: 'US ITIN', digits: 9, forms: ['3-2-4'], isValid: isItin, names: named('itin') },
  {
    of: 'Canadian SIN',
    digits: 9,
    forms: ['3-3-3'],
    isValid: luhn,
    names: named('sin|social[ _-]?insurance\\w*'),
  },
  {
    of: 'Australian TFN',
    digits: 9,
    forms: [],
    isValid: (d) => weighted(d, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0,
    names: named(`tfn|${TAX}`),
  },
  {
    of: 'Australian Medicare',
    digits: 10,
    forms: ['4 5 1'],
    isValid: (d) => /^[2-6]/.test(d) && weighted(d, [1, 3, 7, 9, 1, 3, 7, 9]) % 10 === Number(d[8]),
    names: named('medicare\\w*'),
  },
  {
    of: 'UK NHS',
    digits: 10,
    forms: ['3 3 4', '3-3-4'],
    isValid: (d) => !isRepeated(d) && ends(d, 9, DOWN_FROM_10_TO_2),
    names: named('nhs\\w*'),
  },
  {
    of: 'Dutch BSN',
    digits: 9,
    forms: ['4.2.3'],
    isValid: (d) => !isRepeated(d) && weighted(d, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0,
    names: named('bsn|burgerservice\\w*|sofi\\w*|citizen[ _-]?service\\w*'),
  },
  {
    of: 'Portuguese NIF',
    digits: 9,
    forms: [],
    isValid: (d) => ends(d, 8, DOWN_FROM_9_TO_2, 0),
    names: named(`nif|nipc|contribuinte|${TAX}`),
  },
  {
    of: 'German Steuer-ID',
    digits: 11,
    forms: ['11', '2 3 3 3'],
    isValid: isSteuerId,
    names: named(`idnr|tin|${TAX}`),
  },
  { of: 'French NIR', digits: 15, forms: ['15', '13 2', '1 2 2 2 3 3 2', '1 2 2 2 6 2'], isValid: isNir },
  {
    of: 'Belgian national number',
    digits: 11,
    forms: ['11', '2.2.2-3.2', '2.2.2-3-2', '6-3-2', '6 3 2'],
    isValid: isBelgian,
  },
  { of: 'Polish PESEL', digits: 11, forms: ['11'], isValid: isPesel, names: named('pesel') },
  {
    of: 'Swedish personnummer',
    digits: 10,
    forms: ['6-4'],
    isValid: isSwedish,
    names: named('personnummer|samordningsnummer'),
  },
  { of: 'Swedish personnummer', digits: 12, forms: ['8-4'], isValid: isSwedishAndGrown },
  {
    of: 'Swedish personnummer',
    digits: 12,
    forms: [],
    isValid: isSwedish,
    names: named('personnummer|samordningsnummer'),
  },
  { of: 'Norwegian fødselsnummer', digits: 11, forms: ['11', '6 5'], isValid: isNorwegian },
  {
    of: 'Danish CPR',
    digits: 10,
    forms: ['6-4'],
    isValid: (d) => isDmy(d) && weighted(d, [4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0,
  },
  { of: 'Danish CPR', digits: 10, forms: [], isValid: isDmy, names: named('cpr\\w*|personnummer') },
  {
    of: 'Icelandic kennitala',
    digits: 10,
    forms: ['6-4'],
    isValid: (d) => isDate(two(d, 0) % 40, two(d, 2)) && ends(d, 8, [3, 2, 7, 6, 5, 4, 3, 2]),
    names: named('kennitala'),
  },
  { of: 'Estonian and Lithuanian personal code', digits: 11, forms: ['11'], isValid: isBaltic },
  {
    of: 'Latvian personas kods',
    digits: 11,
    forms: ['6-5'],
    isValid: (d) => isDmy(d) && ((1101 - weighted(d, [1, 6, 3, 7, 9, 10, 5, 8, 4, 2])) % 11) % 10 === Number(d[10]),
    names: named('personas kods'),
  },
  {
    of: 'Austrian SVNR',
    digits: 10,
    forms: ['4 6'],
    isValid: (d) => isDmy(d, 4) && weighted(d, [3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 === Number(d[3]),
    names: named('svnr|sv-?nummer|sozialversicherung\\w*|versicherungsnummer'),
  },
  {
    of: 'Swiss AHV',
    digits: 13,
    forms: ['3.4.4.2', '13'],
    isValid: (d) => d.startsWith('756') && weighted(d, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]) % 10 === 0,
  },
  {
    of: 'Czech and Slovak rodné číslo',
    digits: 10,
    forms: ['6/4'],
    isValid: (d) => isDate(two(d, 4), (two(d, 2) % 50) % 20) && (Number(d.slice(0, 9)) % 11) % 10 === Number(d[9]),
    names: named('rodn[eé] [cč][ií]slo|rodcislo'),
  },
  { of: 'Romanian CNP', digits: 13, forms: [], isValid: isCnp, names: named('cnp|cod numeric\\w*') },
  { of: 'Bulgarian EGN', digits: 10, forms: [], isValid: isEgn, names: named('egn|егн') },
  { of: 'Croatian OIB', digits: 11, forms: [], isValid: mod11And10, names: named('oib') },
  { of: 'Greek AMKA', digits: 11, forms: ['11'], isValid: (d) => isDmy(d) && luhn(d), names: named('amka|αμκα') },
  { of: 'Russian SNILS', digits: 11, forms: ['3-3-3 2', '3-3-3-2'], isValid: isSnils, names: named('snils|снилс') },
  { of: 'Russian INN', digits: 12, forms: [], isValid: isInn, names: named('инн') },
  { of: 'Turkish kimlik', digits: 11, forms: ['11'], isValid: isTurkish, names: named('tckn|tc kimlik\\w*') },
  {
    of: 'Israeli teudat zehut',
    digits: 9,
    forms: [],
    isValid: luhn,
    names: named('teudat zehut|israeli? id\\w*|ת\\.?ז\\.?|מספר זהות'),
  },
  { of: 'Brazilian CPF', digits: 11, forms: ['3.3.3-2', '11', '9-2'], isValid: isCpf, names: named('cpf') },
  { of: 'Brazilian CNPJ', digits: 14, forms: ['2.3.3/4-2'], isValid: isCnpj, names: named('cnpj') },
  { of: 'Brazilian CNPJ', digits: 14, forms: ['14'], isValid: (d) => /^\d{8}000[1-9]/.test(d) && isCnpj(d) },
  {
    of: 'Argentine CUIT',
    digits: 11,
    forms: ['2-8-1'],
    isValid: (d) => /^[23]/.test(d) && ends(d, 10, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2], 9),
    names: named('cui[tl]'),
  },
  {
    of: 'Chilean RUT',
    digits: 9,
    forms: ['2.3.3-1'],
    isValid: (d) => ends(d, 8, [3, 2, 7, 6, 5, 4, 3, 2]),
    names: named('rut'),
  },
  {
    of: 'Chilean RUT',
    digits: 8,
    forms: ['1.3.3-1'],
    isValid: (d) => ends(d, 7, [2, 7, 6, 5, 4, 3, 2]),
    names: named('rut'),
  },
  {
    of: 'Indian Aadhaar',
    digits: 12,
    forms: ['4 4 4', '4-4-4'],
    isValid: (d) => /^[2-9]/.test(d) && verhoeff(d),
    names: named('aadh?aa?r\\w*|uidai'),
  },
  { of: 'Chinese resident id', digits: 18, forms: ['18'], isValid: isChinese },
  {
    of: 'Japanese My Number',
    digits: 12,
    forms: [],
    isValid: isMyNumber,
    names: named('my ?number|マイナンバー|個人番号'),
  },
  {
    of: 'Korean RRN',
    digits: 13,
    forms: ['6-7'],
    isValid: isKorean,
    names: named('rrn|resident registration\\w*|주민\\w*'),
  },
  {
    of: 'Thai id',
    digits: 13,
    forms: ['1-4-5-2-1', '1 4 5 2 1'],
    isValid: (d) => (11 - (weighted(d, DOWN_FROM_13_TO_2) % 11)) % 10 === Number(d[12]),
    names: named('thai id\\w*|เลขประจำตัว\\w*'),
  },
  { of: 'South African id', digits: 13, forms: ['13', '6 4 3', '6 4 2 1'], isValid: isSouthAfrican },
];

interface Code {
  /** Country and name. */
  readonly of: string;
  /** How it is written. No two rows match the same text. */
  readonly form: string;
  /** Receives the text without separators. */
  readonly isValid: (code: string) => boolean;
  /** Required if too many other codes look the same. */
  readonly names?: RegExp;
}

const DNI_LETTERS = 'TRWAGMYFPDXBNJZSQVHLCKE';

/** Spain: the letter is a check of the number, in which X, Y, Z are 0, 1, 2. */
function isSpanish(code: string): boolean {
  const digits = code.slice(0, -1).replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter)));
  return DNI_LETTERS.charAt(Number(digits) % 23) === code.at(-1);
}

const HETU_LETTERS = '0123456789ABCDEFHJKLMNPRSTUVWXY';

/** Finland: date of birth, a sign for the century. */
function isFinnish(code: string): boolean {
  const digits = code.replace(/\D/g, '');
  const number = code.slice(0, 6) + code.slice(-4, -1);
  return isDmy(digits) && HETU_LETTERS.charAt(Number(number) % 31) === code.at(-1);
}

/** Values of characters at odd places of an Italian tax code, from 0 and from A. */
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

/** Hong Kong: one or two letters, the check digit in brackets. */
function isHongKong(code: string): boolean {
  const letters = code.replace(/[^A-Z].*$/, '');
  const values = [...letters.padStart(2, ' ')].map((letter) => (letter === ' ' ? 36 : Number.parseInt(letter, 36)));
  const rest = code.slice(letters.length);
  const check = rest.endsWith('A') ? 10 : Number(rest.at(-1));
  const sum = (values[0] as number) * 9 + (values[1] as number) * 8 + weighted(rest, [7, 6, 5, 4, 3, 2]) + check;
  return sum % 11 === 0;
}

/** Ireland: an optional second letter counts nine times. */
function isIrish(code: string): boolean {
  const second = code.length > 8 ? (code.charCodeAt(8) - 64) * 9 : 0;
  return 'WABCDEFGHIJKLMNOPQRSTUV'.charAt((weighted(code, [8, 7, 6, 5, 4, 3, 2]) + second) % 23) === code[7];
}

/** Chile, with K as the check digit. */
const isChilean = (code: string) => weighted(code.padStart(9, '0'), [3, 2, 7, 6, 5, 4, 3, 2]) % 11 === 1;

/** The United Kingdom: unused prefixes. There is no check digit, but hardly anything else looks like it. */
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
