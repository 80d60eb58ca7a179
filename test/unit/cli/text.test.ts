import { describe, expect, it } from 'vitest';
import { fitInto, painter, visible, visibleJson, widthOf } from '../../../src/cli/text.js';

describe('text for a terminal', () => {
  it('shows what a terminal would obey', () => {
    expect(visible('a\u001b[31mred\nline\u202Ertl\u0000\u009b1m\u2028\ud800')).toBe(
      'a\\u{1b}[31mred\\u{a}line\\u{202e}rtl\\u{0}\\u{9b}1m\\u{2028}\\u{d800}',
    );
  });

  it('leaves ordinary text of any language alone', () => {
    expect(visible('tools/call größe 天気 😀')).toBe('tools/call größe 天気 😀');
  });

  it('cuts a megabyte, at a whole character', () => {
    expect(visible('😀'.repeat(500_000), 10)).toBe(`${'😀'.repeat(9)}…`);
    expect(visible('😀'.repeat(10), 10)).toBe('😀'.repeat(10));
    expect(visible('x'.repeat(1_000_000)).length).toBe(200);
  });

  it('counts the cells it takes, not the characters', () => {
    expect(['abc', '天気', 'e\u0301', '😀', ''].map(widthOf)).toEqual([3, 4, 1, 2, 0]);
  });

  it('fits into a width, and says where it was cut', () => {
    expect(fitInto('abcdef', 6)).toBe('abcdef');
    expect(fitInto('abcdef', 4)).toBe('abc…');
    expect(fitInto('天気予報', 4)).toBe('天…');
    expect(fitInto('abc', 1)).toBe('…');
    expect(fitInto('abc', 0)).toBe('');
  });

  it('is coloured where there are colours', () => {
    expect(painter(true).red('no')).toBe('\u001b[31mno\u001b[0m');
    expect(painter(true).red('  ')).toBe('  ');
    expect(painter(false).red('no')).toBe('no');
  });

  it('is JSON that a terminal does not obey, and the same value', () => {
    const value = { 'k\u009b': ['\u001b[2J', '\u202e', '\u{e0041}', '\ud800', '天\n'] };
    const text = visibleJson(value);
    expect(JSON.parse(text)).toEqual(value);
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
  });
});
