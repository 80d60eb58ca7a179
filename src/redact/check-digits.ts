/** The arithmetic by which a number shows that nobody made it up. Digits come as text; letters count as in base 36. */

/** The sum of the digits, each times its weight; digits beyond the weights do not count. */
export function weighted(digits: string, weights: readonly number[]): number {
  let sum = 0;
  const length = Math.min(digits.length, weights.length);
  for (let index = 0; index < length; index++) sum += (weights[index] as number) * valueAt(digits, index);
  return sum;
}

/** The digit at a place. */
function valueAt(digits: string, index: number): number {
  return digits.charCodeAt(index) - 48;
}

/** ISO/IEC 7812-1, Annex B: cards, and many numbers of persons. */
export function luhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = valueAt(digits, digits.length - 1 - index);
    sum += index % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2;
  }
  return sum % 10 === 0;
}

/** ISO 7064 MOD 97-10, as IBAN has it: letters are two digits. */
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

/** Permutations and group of Verhoeff's check, from the dihedral group of the pentagon. */
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

/** The number that follows from weights modulo 11, where 11 counts as 0 and 10 as `ten`; nothing where that is undefined. */
export function mod11(digits: string, weights: readonly number[], ten?: number): number | undefined {
  const check = (11 - (weighted(digits, weights) % 11)) % 11;
  return check === 10 ? ten : check;
}
