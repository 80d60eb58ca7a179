/**
 * Numbers that a state gives to a person, where they carry a check: digits, how they are written, and how they are checked.
 * How many other numbers pass decides what is asked for besides: where it is one random number in a hundred or fewer, a bare
 * number counts; others count only in the groups that people write them in, or with their name before them.
 */
import { luhn, mod11And10, verhoeff, weighted } from './check-digits.js';
import { named } from './naming.js';
import {
  DOWN_FROM_9_TO_2,
  DOWN_FROM_10_TO_2,
  DOWN_FROM_13_TO_2,
  ends,
  isBaltic,
  isBelgian,
  isChinese,
  isCnp,
  isCnpj,
  isCpf,
  isDate,
  isDmy,
  isEgn,
  isInn,
  isItin,
  isKorean,
  isMyNumber,
  isNir,
  isNorwegian,
  isPesel,
  isRepeated,
  isSnils,
  isSouthAfrican,
  isSsn,
  isSteuerId,
  isSwedish,
  isSwedishAndGrown,
  isTurkish,
  two,
} from './national-checks.js';

export interface NationalId {
  /** Whose, and what it is called there. */
  readonly of: string;
  /** How many digits it has. */
  readonly digits: number;
  /** As it is written, in the lengths of its groups and what stands between them: `3.3.3-2`. One group is a bare number. */
  readonly forms: readonly string[];
  readonly isValid: (digits: string) => boolean;
  /** What it is called; with that before it, it counts in any form. */
  readonly names?: RegExp;
  readonly id?: 'ssn';
}

/** The words around a number of a taxpayer in any country. */
const TAX = 'tax[ _-]?(?:payer)?[ _-]?(?:id|no|number|file|identification)\\w*|steuer\\w*|fiscal\\w*';

/** Numbers of digits alone. Those with letters are in `personal-codes.ts`. */
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
