/** Proves that the search would find a secret. */
import { describe, expect, it } from 'vitest';
import { type Fake, LOOK_ALIKES, PERSONAL, SECRETS } from './canary/kinds.js';
import { hitsIn, piecesOf } from './canary/search.js';

const ENCODINGS: Readonly<Record<string, (text: string) => string>> = {
  plain: (text) => text,
  'as JSON in JSON': (text) => JSON.stringify(JSON.stringify({ text })),
  'percent-encoded': encodeURIComponent,
  'percent-encoded in small letters': (text) =>
    encodeURIComponent(text).replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
  'as a form has it': (text) => encodeURIComponent(text).replaceAll('%20', '+'),
  'in base64': (text) => Buffer.from(text).toString('base64'),
  'in base64, one byte on': (text) => Buffer.from(`x${text}yz`).toString('base64'),
  'in base64, two bytes on': (text) => Buffer.from(`xx${text}y`).toString('base64'),
  'in base64url': (text) => Buffer.from(`x${text}`).toString('base64url'),
};

describe.each([...SECRETS, ...PERSONAL])('a planted $name', ({ make }) => {
  const fake = make('one');
  const pieces = piecesOf(new Map<string, Fake>([['field', fake]]));
  const found = (text: string) => hitsIn('output', `before ${text} after`, pieces).map(({ field }) => field);

  it.each(Object.entries(ENCODINGS))('is found %s', (_, encode) => {
    expect(found(encode(fake.text))).toEqual(['field']);
  });

  it('is found by half of it', () => {
    const { secret } = fake;
    if (secret.length < 24) return;
    expect(found(secret.slice(0, secret.length / 2 + 11))).toEqual(['field']);
    expect(found(secret.slice(secret.length / 2 - 11))).toEqual(['field']);
  });

  it('is not found in another secret of its kind', () => {
    expect(found(make('two').text)).toEqual([]);
  });
});

it('covers at least 25 kinds of secrets', () => {
  expect(SECRETS.length).toBeGreaterThanOrEqual(25);
  expect(PERSONAL.length).toBeGreaterThanOrEqual(5);
  expect(LOOK_ALIKES.length).toBeGreaterThanOrEqual(20);
});
