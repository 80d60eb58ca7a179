/**
 * The corpus that judges the redactor, in parts: documented formats, which it must hide, and harmless texts, which it must
 * keep. `corpus.test.ts` holds each part to its limit, and `npm run bench:redact` prints the results.
 */
import { HARMLESS_TEXTS } from './benign.js';
import { draw, seeded } from './draw.js';
import { IDENTITIES } from './identities.js';
import { changed, type Format, isHeldOut, missed, type Scrub } from './measure.js';
import { PERSONAL_FORMATS } from './personal-formats.js';
import { SECRET_FORMATS } from './secret-formats.js';

/** One part, and the errors of a redactor in it. */
interface Part {
  readonly name: string;
  readonly error: 'missed' | 'changed';
  readonly size: number;
  /** The share that may be wrong. */
  readonly limit: number;
  /** Names of missed formats, or changed texts. */
  readonly wrong: (scrub: Scrub) => string[];
}

function toHide(name: string, formats: readonly Format[], limit: number): Part {
  return { name, error: 'missed', size: formats.length, limit, wrong: (scrub) => missed(formats, scrub) };
}

function toKeep(name: string, texts: readonly string[], limit: number): Part {
  return { name, error: 'changed', size: texts.length, limit, wrong: (scrub) => changed(texts, scrub) };
}

export const PARTS: readonly Part[] = [
  toHide(
    'formats that rows were written by',
    SECRET_FORMATS.filter((format) => !isHeldOut(format)),
    0.05,
  ),
  toHide('formats that were held out', SECRET_FORMATS.filter(isHeldOut), 0.05),
  toHide('personal data', PERSONAL_FORMATS, 0.05),
  toKeep('harmless texts', HARMLESS_TEXTS, 0.01),
  toKeep('names and ids', IDENTITIES, 0.01),
];

/** Texts of a given size, one for each kind that passes a redactor. */
export function textsToTime(size: number): Readonly<Record<string, string>> {
  const repeated = (unit: string) => unit.repeat(Math.ceil(size / unit.length)).slice(0, size);
  const prose = HARMLESS_TEXTS.filter(
    (text) => /^[A-Z][a-z]+,? [a-z]+ /.test(text) && !/^It is|[\d{]|\S{16}/.test(text),
  );
  const members = HARMLESS_TEXTS.slice(0, 400).map((text, id) => ({ id, name: `item ${id}`, note: text, done: false }));
  const secrets = SECRET_FORMATS.map(([name, , shape]) => `${name}: ${draw(shape, seeded(name)).text}`);
  return {
    prose: repeated(prose.join(' ')),
    'JSON, ids and hashes': repeated(JSON.stringify(members)),
    'code and logs': repeated(HARMLESS_TEXTS.slice(-600).join('\n')),
    base64: draw(`{b${size}}`, seeded('base64')).text,
    'full of secrets': repeated(secrets.join('\n')),
    'names and ids': repeated(IDENTITIES.join('\n')),
  };
}

/** Arguments that make a redactor read much. */
export function callsToTime(): Readonly<Record<string, Record<string, string>>> {
  const text = (unit: string) => unit.repeat(4096).slice(0, 4096);
  const call = (count: number, name: (index: number) => string, value: string) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [name(index), value]));
  return {
    '8 arguments of 40 characters': call(8, (index) => `argument${index}`, 'the quick brown fox jumps over the dogs.'),
    '300 arguments of 4 KiB': call(300, (index) => `argument${index}`, text('the quick brown fox ')),
    '300 arguments with names of 4 KiB': call(300, (index) => index + text('name '), text('the quick brown fox ')),
    'the same, of numbers': call(300, (index) => index + text('4111 '), text('52998224725 ')),
    'the same, encoded': call(300, (index) => index + text('%2541\uff21'), text('a%40\\u0041\uff21')),
  };
}
