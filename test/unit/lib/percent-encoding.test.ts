import { describe, expect, test } from 'vitest';
import { percentDecoded } from '../../../src/lib/percent-encoding.js';

const encodedByte = (value: number) => `%${value.toString(16).padStart(2, '0')}`;

/** The platform's decoder of one whole sequence; undefined if it is malformed. */
function decodedByPlatform(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

describe('percent-encoding is decoded', () => {
  test('in any case of its digits, and only once', () => {
    expect(percentDecoded('%2E%2e/%c3%A9 %252e 100% %zz %4')).toBe('../é %2e 100% %zz %4');
  });

  test('for characters of one to four bytes, the first and the last of each length', () => {
    for (const point of [0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfffd, 0xffff, 0x10000, 0x10ffff]) {
      const character = String.fromCodePoint(point);
      const bytes = [...Buffer.from(character)];
      expect(percentDecoded(bytes.map(encodedByte).join(''))).toBe(character);
    }
  });

  test('next to bytes that are not UTF-8, which stay as they are', () => {
    expect(percentDecoded('%ff%2e%2e%2fetc%80')).toBe('%ff../etc%80');
    expect(percentDecoded('%c3%2e%e2%82%2f')).toBe('%c3.%e2%82/');
  });

  test('never from an overlong form, a surrogate, or beyond the last code point', () => {
    for (const text of ['%c0%ae', '%c1%bf', '%e0%80%ae', '%ed%a0%80', '%f0%80%80%ae', '%f4%90%80%80', '%f5%80%80%80']) {
      expect(percentDecoded(text)).toBe(text);
    }
  });

  test('exactly where decodeURIComponent can, for every pair and many triples and quadruples of bytes', () => {
    const edges = [0x00, 0x2e, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
    const leads = Array.from({ length: 64 }, (_, index) => 0xc0 + index);
    const differing: string[] = [];
    const compare = (...values: number[]) => {
      const encoded = values.map(encodedByte).join('');
      const expected = decodedByPlatform(encoded);
      if (expected === undefined) {
        // Characters within it may still be decoded, but it is not one as a whole.
        if ([...percentDecoded(encoded)].length === 1) differing.push(encoded);
      } else if (percentDecoded(encoded) !== expected) differing.push(encoded);
    };
    for (let first = 0; first < 256; first++) for (let second = 0; second < 256; second++) compare(first, second);
    for (const first of leads) {
      for (const second of edges) {
        for (const third of edges) {
          compare(first, second, third);
          for (const fourth of edges) compare(first, second, third, fourth);
        }
      }
    }
    expect(differing).toEqual([]);
  });
});
