import { describe, expect, it } from 'vitest';
import { fitInto, painter, visible, visibleJson, widthOf } from '../../../src/cli/text.js';

describe('text for a terminal', () => {
  it('escapes control sequences', () => {
    expect(visible('a\u001b[31mred\nline\u202Ertl\u0000\u009b1m\u2028\ud800')).toBe(
      'a\\u{1b}[31mred\\u{a}line\\u{202e}rtl\\u{0}\\u{9b}1m\\u{2028}\\u{d800}',
    );
  });

  it('escapes invisible and deceptive characters', () => {
    expect(visible('d\u0435lete\u034f_\uff46ile\u00a0x')).toBe('d\\u{435}lete\\u{34f}_\\u{ff46}ile\\u{a0}x');
  });

  it('distinguishes its escapes from those in the record', () => {
    expect(visible('a\\u200bb')).toBe('a\\u200bb');
    expect(visible('a\\u{200b}b')).toBe('a\\\\u{200b}b');
    expect(visible('a\u200bb')).toBe('a\\u{200b}b');
  });

  it('does not change ordinary text of any language', () => {
    for (const text of ['tools/call größe 天気 😀', 'удалить_файл', '🗂️ Files', 'C:\\users\\x', '├─ └─ │'])
      expect(visible(text)).toBe(text);
  });

  it('cuts a megabyte, at a whole character', () => {
    expect(visible('😀'.repeat(500_000), 10)).toBe(`${'😀'.repeat(9)}…`);
    expect(visible('😀'.repeat(10), 10)).toBe('😀'.repeat(10));
    expect(visible('x'.repeat(1_000_000)).length).toBe(200);
  });

  it('counts cells, not characters', () => {
    expect(['abc', '天気', 'e\u0301', '😀', ''].map(widthOf)).toEqual([3, 4, 1, 2, 0]);
  });

  it('fits into a width, and marks the cut', () => {
    expect(fitInto('abcdef', 6)).toBe('abcdef');
    expect(fitInto('abcdef', 4)).toBe('abc…');
    expect(fitInto('天気予報', 4)).toBe('天…');
    expect(fitInto('abc', 1)).toBe('…');
    expect(fitInto('abc', 0)).toBe('');
  });

  it('is coloured if the terminal has colours', () => {
    expect(painter(true).red('no')).toBe('\u001b[31mno\u001b[0m');
    expect(painter(true).red('  ')).toBe('  ');
    expect(painter(false).red('no')).toBe('no');
  });

  it('is JSON without control sequences, and the same value', () => {
    const value = { 'k\u009b': ['\u001b[2J', '\u202e', '\u{e0041}', '\ud800', '天\n', '\u034f\u00a0'] };
    const text = visibleJson(value);
    expect(JSON.parse(text)).toEqual(value);
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{C}|\u034f|\u00a0/u);
  });
});
