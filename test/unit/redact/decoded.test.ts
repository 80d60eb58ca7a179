import { describe, expect, test } from 'vitest';
import { DECODERS, type Decoded } from '../../../src/redact/invisible-characters.js';
import { scrub } from '../../../src/redact/scrub.js';
import { safeUri } from '../../../src/redact/uri.js';
import { AT, LOOK_ALIKES, noise, SECRETS } from './samples.js';

const clean = (text: string) => scrub(text, text.length, true);

/** Ways to write a text so that it looks the same, or nearly. */
const DISGUISES: Record<string, (text: string) => string> = {
  'zero-width spaces': (text) => text.split('').join('\u200b'),
  'joiners and soft hyphens': (text) => text.replace(/(.)(.)/g, '$1\u00ad$2\u200d'),
  'direction marks': (text) => text.split('').join('\u202c'),
  'combining grapheme joiners': (text) => text.split('').join('\u034f'),
  'variation selectors and tags': (text) => text.split('').join('\ufe0f\u{e0020}'),
  'byte order marks': (text) => text.split('').join('\ufeff'),
  'control characters': (text) => text.split('').join('\u0000'),
  'full-width characters': (text) => text.replace(/[!-~]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0)),
  'mathematical letters and digits': (text) =>
    text
      .replace(/[a-z]/g, (c) => String.fromCodePoint(c.charCodeAt(0) - 97 + 0x1d68a))
      .replace(/[A-Z]/g, (c) => String.fromCodePoint(c.charCodeAt(0) - 65 + 0x1d670))
      .replace(/[0-9]/g, (c) => String.fromCodePoint(c.charCodeAt(0) - 48 + 0x1d7f6)),
  'Cyrillic letters': (text) => text.replace(/[aceopxy]/g, (c) => 'асеорху'.charAt('aceopxy'.indexOf(c))),
  'digits of another script': (text) => text.replace(/\d/g, (c) => String.fromCharCode(0x660 + Number(c))),
  underlines: (text) => text.split('').join('\u0332'),
  'odd spaces and dashes': (text) => text.replaceAll(' ', '\u00a0').replaceAll('-', '\u2011'),
  'escapes of JSON': (text) => text.replace(/./g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
  'zero-width spaces, percent-encoded': (text) => text.split('').join('%E2%80%8B'),
  'zero-width spaces as escapes of JSON': (text) => text.split('').join('\\u200b'),
};

describe('invisible and look-alike characters hide nothing from the patterns', () => {
  for (const [name, disguise] of Object.entries(DISGUISES)) {
    test.each(Object.entries(SECRETS).filter(([, { secret }]) => !/\n/.test(secret)))(
      `${name} in: %s`,
      (_, { secret, text = secret }) => {
        const result = clean(`see ${disguise(text)}, there`);
        expect(result).not.toContain(disguise(secret));
        expect(result).toMatch(/\[REDACTED:[a-z-]+\]/);
      },
    );
  }

  test('only the secret is replaced', () => {
    const token = `${['gh', 'p_'].join('')}${noise(18)}\u200b${noise(18)}`;
    expect(clean(`\u00e9\u200b「天気」 ${token}\u200b, ﬁn\u00ad`)).toBe(
      '\u00e9\u200b「天気」 [REDACTED:github]\u200b, ﬁn\u00ad',
    );
  });
});

describe('percent-encoding hides no secret', () => {
  test.each(Object.entries(SECRETS))('%s, encoded as a part of a URI', (_, { secret, text = secret }) => {
    const uri = `https://example.com/a/${encodeURIComponent(text)}`;
    expect(safeUri(uri)).not.toContain(encodeURIComponent(secret));
    expect(safeUri(uri.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()))).not.toContain(secret);
  });

  test('only the secret is replaced', () => {
    const text = `a%20b/${encodeURIComponent(`https://joe:pw7${AT}h.example.com/x?y`)}/c%2Fd`;
    expect(clean(text)).toBe('a%20b/https%3A%2F%2F[REDACTED:userinfo]%40h.example.com%2Fx%3Fy/c%2Fd');
  });

  test('a partly encoded secret is hidden whole', () => {
    const token = `${['gh', 'p_'].join('')}${noise(36)}`;
    const encoded = token.replace('_', '%5F').replace('A', '%41');
    expect(clean(`see ${encoded}, there`)).toBe('see [REDACTED:github], there');
  });
});

test('encoded look-alikes stay', () => {
  const changed = LOOK_ALIKES.map(encodeURIComponent).filter((text) => clean(text) !== text);
  expect(changed).toEqual([]);
});

/** The result of the first decoder that changes a text. */
const decode = (text: string) => DECODERS.map((decoder) => decoder(text)).find((decoded) => decoded !== undefined);

describe('a decoded text', () => {
  test.each([
    ['x%20y%E2%82%AC%41z%', 'x y€Az%'],
    ['a\\u0041b\\u200bc', 'aAb\u200bc'],
    ['g\u200bh\u00adp\u034f_\u202e1\u{e0041}', 'ghp_1'],
    ['\uff47\uff48\uff50\uff3f\uff11 \u{1d557}\u{1d7d9}', 'ghp_1 f1'],
    ['e\u0301\u00e9', 'ee'],
    ['p\u0430\u0441\u0455\u03bf\u2011\u00a0\u3000x', 'pacso-  x'],
    ['\u0664\u0661\u096a\u{1e950}', '4140'],
    ['a\u0000b\u2028c\ud800', 'abc'],
  ])('%j is %j', (text, expected) => {
    expect(decode(text)?.text).toBe(expected);
  });

  test.each(['', 'plain\n\ttext', '100 %', '%zz', '%C3%zz', '%FF', '天気', 'C:\\Users'])(
    '%j stays as it is',
    (text) => {
      expect(decode(text)).toBeUndefined();
    },
  );

  test('a decoded stretch maps to its place in the original, and no more', () => {
    const original = 'x%20\u200by\u200b\u{1d557}z';
    const { text, origin } = decode(original) as Decoded;
    const place = (part: string) => {
      const start = text.indexOf(part);
      const { start: from, end } = origin({ start, end: start + part.length });
      return original.slice(from, end);
    };
    expect(text).toBe('x%20yfz');
    expect(['%20', 'y', 'f', 'yf', text].map(place)).toEqual(['%20', 'y', '\u{1d557}', 'y\u200b\u{1d557}', original]);
  });
});
