/** The errors of a redactor on the corpus: how much it shows of what it must hide, and changes of what it must keep. */
import { createHash } from 'node:crypto';
import { draw, type Sample, seeded } from './draw.js';

/** A documented format: its name, who documents it, and its shape (see `draw`). */
export type Format = readonly [name: string, source: string, shape: string];

/** A kind of harmless text, and its shape (see `draw`). */
export type Harmless = readonly [name: string, shape: string];

export type Scrub = (text: string) => string;

/** Samples per format. */
const SAMPLES = 3;

/** Surroundings of a value. Each gets a text that may contain quotes and line breaks. */
const SURROUNDINGS: Readonly<Record<string, (text: string) => string>> = {
  alone: (text) => text,
  prose: (text) => `The answer was ${text} and nothing else.`,
  lines: (text) => `first line\n${text}\nlast line`,
  JSON: (text) => JSON.stringify({ id: 7, note: text, next: null }),
  'JSON in JSON': (text) => JSON.stringify({ body: JSON.stringify({ note: text, n: 1 }) }),
  URL: (text) => `https://api.example.com/v1/items?page=2&note=${encodeURIComponent(text)}&n=1`,
  header: (text) => `GET /v1/items HTTP/1.1\r\nAccept: */*\r\nX-Note: ${text}\r\n`,
  'command line': (text) => `tool run --verbose ${text} --output json`,
};

/** Shorter pieces of a secret may occur by chance. */
const PIECE = 12;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Whether the whole secret, or any 12 neighbouring characters of it, are still visible. */
function shows(text: string, secret: string): boolean {
  const length = Math.min(PIECE, secret.length);
  for (let at = 0; at + length <= secret.length; at++) if (text.includes(secret.slice(at, at + length))) return true;
  return false;
}

function leaks({ text, secrets }: Sample, around: (text: string) => string, scrub: Scrub): boolean {
  const result = scrub(around(text));
  const plain = decoded(result.replaceAll('\\\\', '\\').replaceAll('\\n', '\n').replaceAll('\\"', '"'));
  return secrets.some((secret) => shows(result, secret) || shows(plain, secret));
}

/** The surroundings in which samples of a format stay visible. Empty if the format is always hidden. */
export function leaksOf([name, , shape]: Format, scrub: Scrub): string[] {
  const random = seeded(name);
  const samples = Array.from({ length: SAMPLES }, () => draw(shape, random));
  return Object.entries(SURROUNDINGS)
    .filter(([, around]) => samples.some((sample) => leaks(sample, around, scrub)))
    .map(([surrounding]) => surrounding);
}

/** A format counts as hidden if every sample of it is hidden in all surroundings. */
export function missed(formats: readonly Format[], scrub: Scrub): string[] {
  return formats.flatMap((format) => {
    const where = leaksOf(format, scrub);
    return where.length === 0 ? [] : [`${format[0]}: ${where.join(', ')}`];
  });
}

/** The harmless texts, some of each kind, plain and in JSON. */
export function harmlessTexts(kinds: readonly Harmless[], each = 5): string[] {
  return kinds.flatMap(([name, shape]) => {
    const random = seeded(name);
    return Array.from({ length: each }, () => draw(shape, random).text).flatMap((text) => [
      text,
      `It is ${text} here.`,
      JSON.stringify({ id: 7, note: text }),
    ]);
  });
}

/** Those that came back changed. */
export function changed(texts: readonly string[], scrub: Scrub): string[] {
  return texts.filter((text) => scrub(text) !== text);
}

/** A third of the formats, chosen by name alone, is held out while rows of the redactor are written. */
export function isHeldOut([name]: Format): boolean {
  return createHash('sha256').update(name).digest().readUInt32BE() % 3 === 0;
}
