import { describe, expect, test } from 'vitest';
import { writtenOut } from '../../../src/redact/invisible-characters.js';
import { Redactor } from '../../../src/redact/redactor.js';
import { isSensitiveKey } from '../../../src/redact/sensitive-names.js';

const redactor = new Redactor();

describe('no name looks like another', () => {
  test.each([
    ['delete\u200b_file', 'delete\\u200b_file'],
    ['delete\u00ad_file', 'delete\\u00ad_file'],
    ['\ufeffdelete_file', '\\ufeffdelete_file'],
    ['delete\u034f_file', 'delete\\u034f_file'],
    ['delete\ufe0f_file', 'delete\\ufe0f_file'],
    ['delete\u{e0041}_file', 'delete\\udb40\\udc41_file'],
    ['delete\u3164_file', 'delete\\u3164_file'],
    ['\u202eelif_eteled', '\\u202eelif_eteled'],
    ['delete\u0007_file', 'delete\ufffd_file'],
    ['delete\ud800_file', 'delete\ufffd_file'],
    ['delete\u2028_file', 'delete\ufffd_file'],
    ['delete\u00a0file', 'delete\\u00a0file'],
    ['delete\u2011file', 'delete\\u2011file'],
    ['\uff44elete_file', '\\uff44elete_file'],
    ['\u{1d41d}elete_file', '\\ud835\\udc1delete_file'],
    ['delete_\ufb01le', 'delete_\\ufb01le'],
    ['d\u0435lete_file', 'd\\u0435lete_file'],
    ['\u0441\u043e\u0440\u0443_file', '\\u0441\\u043e\\u0440\\u0443_file'],
    ['delete_f\u0456l\u0435', 'delete_f\\u0456l\\u0435'],
    ['\u039fpen', '\\u039fpen'],
  ])('%j is shown as %j', (name, shown) => {
    expect(redactor.name('gen_ai.tool.name', name)).toBe(shown);
    expect(redactor.uri('mcp.resource.uri', `file:///${name}`)).toBe(`file:///${shown}`);
  });

  test('a literal escape differs from a written one', () => {
    const names = [
      'a\u200bb',
      'a\\u200bb',
      'a\\\u200bb',
      'a\\\\u200bb',
      'a\\\\\u200bb',
      'a\\\\\\u200bb',
      'a\\u200Bb',
      'ab',
      'a\\ub',
    ];
    const shown = names.map((name) => redactor.name('gen_ai.tool.name', name));
    expect(shown[0]).toBe('a\\u200bb');
    expect(shown[1]).toBe('a\\\\u200bb');
    expect(new Set(shown).size).toBe(names.length);
    expect(shown.map(read)).toEqual(names);
  });

  test('an escaped name stays as it is when it is escaped again', () => {
    const once = redactor.name('gen_ai.tool.name', 'a\u200b\\u200bb');
    expect(redactor.name('gen_ai.tool.name', once, undefined, { again: true })).toBe(once);
    expect(
      new Redactor({ redact: (_, value) => value, now: () => 0 }).field('gen_ai.tool.name', 'name', 'a\u200b\\u200bb'),
    ).toBe(once);
    expect(new Redactor({ redact: () => 'a\u200bb', now: () => 0 }).field('gen_ai.tool.name', 'name', 'x')).toBe(
      'a\\u200bb',
    );
  });

  test('escaping takes linear time, backslashes included', () => {
    for (const unit of ['\\', '\\u200b', '\\u', '\u200b', '\u0430', '\u{1f5c2}\u200d']) {
      expect(redactor.name('gen_ai.tool.name', unit.repeat(1_000_000)).length).toBeLessThanOrEqual(256);
    }
  });
});

/** What the notation promises. */
function read(shown: string): string {
  return shown.replace(/(\\+)u([\da-fA-F]{4})/g, (_all, slashes: string, code: string) => {
    const literal = '\\'.repeat(slashes.length >> 1);
    return slashes.length % 2 === 0 ? `${literal}u${code}` : literal + String.fromCharCode(Number.parseInt(code, 16));
  });
}

describe('ordinary names stay as they are', () => {
  test.each([
    'get_weather',
    'C:\\Users\\someone',
    '天気を取得',
    'удалить_файл',
    'Поиск с Google',
    '名前の取得',
    'wetter_für_münchen',
    'cafe\u0301',
    'λ-calculus',
    'latency_\u03bcs',
    'حذف_الملف',
    'מחק קובץ',
    'ลบไฟล์',
    'फ़ाइल',
    'area_m²',
    '🗂️ Files',
    '👩‍💻 dev',
    '1️⃣ first',
    '❤️',
    'Foo – Bar… “x” ™',
  ])('%j', (name) => {
    expect(redactor.name('gen_ai.tool.name', name)).toBe(name);
    expect(writtenOut(name)).toBe(name);
  });
});

test('a key hides its value in any spelling', () => {
  for (const key of [
    'pass\u200bword',
    '\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44',
    'p\u0430ssword',
    '\u{1d429}assword',
  ]) {
    expect(isSensitiveKey(key)).toBe(true);
    expect(redactor.value('arguments', { [key]: 'x' })).toEqual({ [writtenOut(key)]: '[REDACTED]' });
  }
});
