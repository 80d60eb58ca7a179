/**
 * Samples of a written shape, from a seeded generator: this repository contains no secret, and every run sees the same
 * samples.
 */

const DIGITS = '0123456789';
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();

/** The characters for each letter of a placeholder such as `{a32}`. */
const ALPHABETS: Readonly<Record<string, string>> = {
  a: UPPER + LOWER + DIGITS,
  b: `${UPPER}${LOWER}${DIGITS}+/`,
  d: DIGITS,
  h: `${DIGITS}abcdef`,
  H: `${DIGITS}ABCDEF`,
  l: LOWER + DIGITS,
  s: `${UPPER}234567`,
  t: LOWER,
  T: UPPER,
  u: UPPER + DIGITS,
  w: `${UPPER}${LOWER}${DIGITS}_-`,
};

/** Draws the next number in [0, 1). */
export type Random = () => number;

/** A small generator whose numbers depend on the seed alone. */
export function seeded(seed: string): Random {
  let state = 0x811c9dc5;
  for (const character of seed) state = Math.imul(state ^ (character.codePointAt(0) as number), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function drawn(random: Random, alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join('');
}

/** A text, and the parts of it that must be hidden. */
export interface Sample {
  readonly text: string;
  readonly secrets: readonly string[];
}

/**
 * One text of a shape. `{a32}` is 32 characters of alphabet `a`, `{x}` a UUID, `{64:…}` the base64 and `{64u:…}` the
 * base64url of what follows the colon, `{$}` a dollar sign, and `{}` nothing: it keeps apart what scanners would take for a
 * secret. What stands
 * in `[[` and `]]` is secret; without these, all of it is.
 */
export function draw(shape: string, random: Random): Sample {
  const fill = (part: string): string =>
    part
      .replace(/\{\}/g, '')
      .replace(/\{\$\}/g, () => '$')
      .replace(/\{x\}/g, () =>
        [8, 4, 4, 4, 12].map((length) => drawn(random, ALPHABETS['h'] as string, length)).join('-'),
      )
      .replace(/\{([abdhHlstTuw])(\d+)\}/g, (_, letter: string, length: string) =>
        drawn(random, ALPHABETS[letter] as string, Number(length)),
      )
      .replace(/\{64(u?):((?:[^{}]|\{[^{}]*\})*)\}/g, (_, url: string, inner: string) =>
        Buffer.from(inner).toString(url === 'u' ? 'base64url' : 'base64'),
      );
  const filled = fill(shape);
  const secrets = [...filled.matchAll(/\[\[([\s\S]*?)\]\]/g)].map(([, secret]) => secret as string);
  const text = filled.replace(/\[\[([\s\S]*?)\]\]/g, '$1');
  return { text, secrets: secrets.length === 0 ? [text] : secrets };
}
