/** How numbers that states give to persons are checked, by country: days that exist, and digits that follow from the others. */
import { luhn, mod11, mod11And10, mod97, weighted } from './check-digits.js';

export const two = (digits: string, at: number) => digits.charCodeAt(at) * 10 + digits.charCodeAt(at + 1) - 528;

/** Whether a day of a month can be one. */
export function isDate(day: number, month: number): boolean {
  return (
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= (month === 2 ? 29 : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31)
  );
}

/** Year, month, day, from there on. */
export const isYmd = (digits: string, at = 0) => isDate(two(digits, at + 4), two(digits, at + 2));
export const isDmy = (digits: string, at = 0) => isDate(two(digits, at), two(digits, at + 2));

/** Whether the digit at a place is the one that its weights ask for. */
export const ends = (digits: string, at: number, weights: readonly number[], ten?: number) =>
  mod11(digits, weights, ten) === Number(digits[at]);

export const isRepeated = (digits: string) => /^(\d)\1*$/.test(digits);
const down = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, index) => from - index);
const DOWN_FROM_9_TO_1 = down(9, 1);
export const DOWN_FROM_9_TO_2 = down(9, 2);
export const DOWN_FROM_10_TO_2 = down(10, 2);
const DOWN_FROM_11_TO_2 = down(11, 2);
export const DOWN_FROM_13_TO_2 = down(13, 2);

/** Estonia, Lithuania: a second row of weights where the first gives 10. */
export function isBaltic(digits: string): boolean {
  const first = weighted(digits, [1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
  const check = first < 10 ? first : (weighted(digits, [3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11) % 10;
  return /^[1-6]/.test(digits) && isYmd(digits, 1) && check === Number(digits[10]);
}

/** The first ten digits of a German tax id have one digit twice or three times, and no other more than once. */
export function isSteuerId(digits: string): boolean {
  if (digits[0] === '0' || !mod11And10(digits)) return false;
  const different = new Set(digits.slice(0, 10));
  const most = Math.max(...[...different].map((digit) => digits.slice(0, 10).split(digit).length - 1));
  return different.size === 11 - most && (most === 2 || most === 3);
}

export function isCpf(digits: string): boolean {
  return !isRepeated(digits) && ends(digits, 9, DOWN_FROM_10_TO_2, 0) && ends(digits, 10, DOWN_FROM_11_TO_2, 0);
}

const CNPJ_WEIGHTS = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];

/** Letters, which new ones have, count by their code. */
export function isCnpj(text: string): boolean {
  const values = [...text].map((character) => character.charCodeAt(0) - 48);
  return (
    [12, 13].every((at) => {
      const weights = CNPJ_WEIGHTS.slice(13 - at);
      const rest = weights.reduce((sum, weight, index) => sum + weight * (values[index] as number), 0) % 11;
      return values[at] === (rest < 2 ? 0 : 11 - rest);
    }) && !isRepeated(text)
  );
}

export function isTurkish(digits: string): boolean {
  const odd = weighted(digits, [1, 0, 1, 0, 1, 0, 1, 0, 1]);
  const even = weighted(digits, [0, 1, 0, 1, 0, 1, 0, 1]);
  const tenth = (odd * 7 - even + 90) % 10;
  return digits[0] !== '0' && tenth === Number(digits[9]) && (odd + even + tenth) % 10 === Number(digits[10]);
}

export function isNorwegian(digits: string): boolean {
  // Those of people who are not registered yet have 4 added to the day.
  const day = two(digits, 0) % 40;
  return (
    isDate(day, two(digits, 2)) &&
    ends(digits, 9, [3, 7, 6, 1, 8, 9, 4, 5, 2]) &&
    ends(digits, 10, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2])
  );
}

/** France: sex, year and month of birth, department. The last two digits are the rest of the others. */
export function isNir(text: string): boolean {
  if (!/^[12]\d\d(?:0[1-9]|1[0-2]|[2-9]\d)(?:\d\d|2[AB])\d{8}$/.test(text)) return false;
  // Corsica has letters: 2A is 19, 2B is 18.
  const digits = text.replace('2A', '19').replace('2B', '18');
  return 97 - mod97(digits.slice(0, 13)) === Number(digits.slice(13));
}

export function isPesel(digits: string): boolean {
  // 20 is added to the month for those born in this century.
  const month = two(digits, 2);
  const check = (10 - (weighted(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10;
  return (
    isDate(two(digits, 4), month % 20) && month < 40 && (month < 20 || isBorn(digits)) && check === Number(digits[10])
  );
}

/** Two digits of a year of this century in which somebody can be born by now, for a while to come. */
const isBorn = (digits: string, at = 0) => two(digits, at) <= 35;

export function isBelgian(digits: string): boolean {
  const base = digits.slice(0, 9);
  const check = Number(digits.slice(9));
  // Of those born in this century a 2 stands before the others.
  return isYmd(digits) && [base, `2${base}`].some((each) => 97 - mod97(each) === check);
}

/** Korea: those given since October 2020 have no check any more; whoever has one was born later. */
export function isKorean(digits: string): boolean {
  if (!isYmd(digits)) return false;
  const check = (11 - (weighted(digits, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11)) % 10;
  return check === Number(digits[12]) || /^2\d{5}[3478]/.test(digits);
}

/** South Africa: a citizen or a resident; the digit before the last was for something that is over, and is 8 or 9. */
export const isSouthAfrican = (digits: string) => isYmd(digits) && /^\d{10}[012][89]\d$/.test(digits) && luhn(digits);

export function isCnp(digits: string): boolean {
  const rest = weighted(digits, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
  return isYmd(digits, 1) && (rest === 10 ? 1 : rest) === Number(digits[12]);
}

export function isEgn(digits: string): boolean {
  return (
    isDate(two(digits, 4), two(digits, 2) % 20) &&
    (weighted(digits, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11) % 10 === Number(digits[9])
  );
}

/** China: region, date of birth in full. The last may be an X. */
export function isChinese(text: string): boolean {
  if (!/^[1-8]\d{5}(?:19|20)\d{9}[\dX]$/.test(text) || !isDate(two(text, 12), two(text, 10))) return false;
  return '10X98765432'.charAt(weighted(text, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11) === text[17];
}

/** Sweden, with the century or without. Stamps such as `20250618-1530` have the same form. */
export const isSwedish = (digits: string) =>
  isDate(two(digits, digits.length - 6) % 60, two(digits, digits.length - 8)) && luhn(digits.slice(-10));
export const isSwedishAndGrown = (digits: string) => /^(?:19|200|201[0-4])/.test(digits) && isSwedish(digits);

export const isSnils = (digits: string) => (weighted(digits, DOWN_FROM_9_TO_1) % 101) % 100 === Number(digits.slice(9));
export const isInn = (digits: string) =>
  (weighted(digits, [7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11) % 10 === Number(digits[10]) &&
  (weighted(digits, [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11) % 10 === Number(digits[11]);

/** The United States: a number of a range that was ever issued, to a person or, beginning with 9, to a taxpayer without one. */
export const isSsn = (digits: string) => /^(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}$/.test(digits);
export const isItin = (digits: string) => /^9\d\d(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])\d{4}$/.test(digits);

export function isMyNumber(digits: string): boolean {
  const rest = weighted(digits, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
  return (rest < 2 ? 0 : 11 - rest) === Number(digits[11]);
}
