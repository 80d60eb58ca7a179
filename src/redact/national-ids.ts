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
  // United States
  { digits: 9, forms: ['3-2-4'], isValid: isSsn, names: named('ssn|social[ _-]?security\\w*'), id: 'ssn' },
  { digits: 9, forms: ['3-2-4'], isValid: isItin, names: named('itin') },
  // Canada: SIN
  {
    digits: 9,
    forms: ['3-3-3'],
    isValid: luhn,
    names: named('sin|nas|social[ _-]?insurance\\w*'),
  },
  // Australia: TFN, Medicare
  {
    digits: 9,
    forms: [],
    isValid: (d) => weighted(d, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0,
    names: named(`tfn|${TAX}`),
  },
  {
    digits: 10,
    forms: ['4 5 1'],
    isValid: (d) => /^[2-6]/.test(d) && weighted(d, [1, 3, 7, 9, 1, 3, 7, 9]) % 10 === Number(d[8]),
    names: named('medicare\\w*'),
  },
  // United Kingdom: NHS
  {
    digits: 10,
    forms: ['3 3 4', '3-3-4'],
    isValid: (d) => !isRepeated(d) && ends(d, 9, DOWN_FROM_10_TO_2),
    names: named('nhs\\w*'),
  },
  // Netherlands: BSN
  {
    digits: 9,
    forms: ['4.2.3'],
    isValid: (d) => !isRepeated(d) && weighted(d, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0,
    names: named('bsn|burgerservice\\w*|sofi\\w*|citizen[ _-]?service\\w*'),
  },
  // Portugal: NIF
  {
    digits: 9,
    forms: [],
    isValid: (d) => ends(d, 8, DOWN_FROM_9_TO_2, 0),
    names: named(`nif|nipc|contribuinte|${TAX}`),
  },
  // Germany: Steuer-ID
  { digits: 11, forms: ['11', '2 3 3 3'], isValid: isSteuerId, names: named(`idnr|tin|${TAX}`) },
  // France: NIR
  { digits: 15, forms: ['15', '13 2', '1 2 2 2 3 3 2', '1 2 2 2 6 2'], isValid: isNir },
  // Belgium
  { digits: 11, forms: ['11', '2.2.2-3.2', '2.2.2-3-2', '6-3-2', '6 3 2'], isValid: isBelgian },
  // Poland: PESEL
  { digits: 11, forms: ['11'], isValid: isPesel, names: named('pesel') },
  // Sweden
  { digits: 10, forms: ['6-4'], isValid: isSwedish, names: named('personnummer|samordningsnummer|pnr') },
  { digits: 12, forms: ['8-4'], isValid: isSwedishAndGrown },
  { digits: 12, forms: [], isValid: isSwedish, names: named('personnummer|samordningsnummer|pnr') },
  // Norway
  { digits: 11, forms: ['11', '6 5'], isValid: isNorwegian },
  // Denmark: those given since 2007 may have no check
  { digits: 10, forms: ['6-4'], isValid: (d) => isDmy(d) && weighted(d, [4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0 },
  { digits: 10, forms: [], isValid: isDmy, names: named('cpr\\w*|personnummer') },
  // Iceland
  {
    digits: 10,
    forms: ['6-4'],
    isValid: (d) => isDate(two(d, 0) % 40, two(d, 2)) && ends(d, 8, [3, 2, 7, 6, 5, 4, 3, 2]),
    names: named('kennitala'),
  },
  // Estonia, Lithuania; Latvia, as it was given until 2017
  { digits: 11, forms: ['11'], isValid: isBaltic },
  {
    digits: 11,
    forms: ['6-5'],
    isValid: (d) => isDmy(d) && ((1101 - weighted(d, [1, 6, 3, 7, 9, 10, 5, 8, 4, 2])) % 11) % 10 === Number(d[10]),
    names: named('personas kods'),
  },
  // Austria: the date of birth comes last
  {
    digits: 10,
    forms: ['4 6'],
    isValid: (d) => isDmy(d, 4) && weighted(d, [3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 === Number(d[3]),
    names: named('svnr|sv-?nummer|sozialversicherung\\w*|versicherungsnummer'),
  },
  // Switzerland: AHV
  {
    digits: 13,
    forms: ['3.4.4.2', '13'],
    isValid: (d) => d.startsWith('756') && weighted(d, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]) % 10 === 0,
  },
  // Czech Republic, Slovakia
  {
    digits: 10,
    forms: ['6/4'],
    isValid: (d) => isDate(two(d, 4), (two(d, 2) % 50) % 20) && (Number(d.slice(0, 9)) % 11) % 10 === Number(d[9]),
    names: named('rodn[eé] [cč][ií]slo|rc|rodcislo'),
  },
  // Romania: CNP; Bulgaria: EGN; Croatia: OIB; Greece: AMKA
  { digits: 13, forms: [], isValid: isCnp, names: named('cnp|cod numeric\\w*') },
  { digits: 10, forms: [], isValid: isEgn, names: named('egn|егн') },
  { digits: 11, forms: [], isValid: mod11And10, names: named('oib') },
  { digits: 11, forms: ['11'], isValid: (d) => isDmy(d) && luhn(d), names: named('amka|αμκα') },
  // Russia: SNILS, INN
  { digits: 11, forms: ['3-3-3 2', '3-3-3-2'], isValid: isSnils, names: named('snils|снилс') },
  { digits: 12, forms: [], isValid: isInn, names: named('inn|инн') },
  // Turkey
  { digits: 11, forms: ['11'], isValid: isTurkish, names: named('tckn|tc kimlik\\w*') },
  // Israel
  { digits: 9, forms: [], isValid: luhn, names: named('teudat zehut|israeli? id\\w*|ת\\.?ז\\.?|מספר זהות') },
  // Brazil: CPF, CNPJ
  { digits: 11, forms: ['3.3.3-2', '11', '9-2'], isValid: isCpf, names: named('cpf') },
  { digits: 14, forms: ['2.3.3/4-2'], isValid: isCnpj, names: named('cnpj') },
  { digits: 14, forms: ['14'], isValid: (d) => /^\d{8}000[1-9]/.test(d) && isCnpj(d) },
  // Argentina: CUIT; Chile: RUT
  {
    digits: 11,
    forms: ['2-8-1'],
    isValid: (d) => /^[23]/.test(d) && ends(d, 10, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2], 9),
    names: named('cui[tl]'),
  },
  { digits: 9, forms: ['2.3.3-1'], isValid: (d) => ends(d, 8, [3, 2, 7, 6, 5, 4, 3, 2]), names: named('rut|run') },
  { digits: 8, forms: ['1.3.3-1'], isValid: (d) => ends(d, 7, [2, 7, 6, 5, 4, 3, 2]), names: named('rut|run') },
  // India: Aadhaar
  {
    digits: 12,
    forms: ['4 4 4', '4-4-4'],
    isValid: (d) => /^[2-9]/.test(d) && verhoeff(d),
    names: named('aadh?aa?r\\w*|uid(?:ai)?'),
  },
  // China
  { digits: 18, forms: ['18'], isValid: isChinese },
  // Japan: My Number
  { digits: 12, forms: [], isValid: isMyNumber, names: named('my ?number|マイナンバー|個人番号') },
  // Korea
  { digits: 13, forms: ['6-7'], isValid: isKorean, names: named('rrn|resident registration\\w*|주민\\w*') },
  // Thailand
  {
    digits: 13,
    forms: ['1-4-5-2-1', '1 4 5 2 1'],
    isValid: (d) => (11 - (weighted(d, DOWN_FROM_13_TO_2) % 11)) % 10 === Number(d[12]),
    names: named('thai id\\w*|เลขประจำตัว\\w*'),
  },
  // South Africa
  { digits: 13, forms: ['13', '6 4 3', '6 4 2 1'], isValid: isSouthAfrican },
];
