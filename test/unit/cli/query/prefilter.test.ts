import { describe, expect, it } from 'vitest';
import { recordsIn } from '../../../../src/cli/exports/found.js';
import { FIELDS } from '../../../../src/cli/query/fields.js';
import { type Filter, filterOf } from '../../../../src/cli/query/filters.js';
import { mayMatch, patternNeedle } from '../../../../src/cli/query/prefilter.js';
import { EXPORTS, type ExportName } from '../../../support/exports.js';
import { randomLine, seeded } from '../../../support/full-records.js';

const NAMES = Object.keys(EXPORTS) as ExportName[];
const LINES = 30;
const PATTERNS = 100;
type Random = (below: number) => number;

/** Ways in which programs write the same JSON. */
const WRITERS: Readonly<Record<string, (json: string) => string>> = {
  'as it is': (json) => json,
  'escaping what is not ASCII': (json) => json.replace(/[^\x20-\x7e\n]/g, escaped),
  'escaping what HTML has': (json) => json.replace(/[<>&\u2028\u2029]/g, escaped),
  'escaping slashes': (json) => json.replaceAll('/', '\\/'),
  'escaping some letters': (json) =>
    json.replace(/"(?:\\.|[^"\\])*"/g, (text) =>
      text.replace(/\\u.{4}|\\.|[aeo]/g, (part) => (part.length === 1 ? escaped(part) : part)),
    ),
};

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** A pattern that matches the text: parts of it, with wildcards between them; or another text. */
function patternFor(text: string, random: Random): string {
  const chars = [...text.slice(0, 60)].map((char) => (/[{}]/.test(char) ? '?' : char));
  if (random(10) === 0) chars.splice(random(chars.length), 1, 'x');
  for (let times = random(4); times > 0; times--) {
    const wild = ['*', '?', '{a,b}', '*?'][random(4)] as string;
    chars.splice(random(chars.length), 1 + random(3), wild);
  }
  return chars.join('') + (text.length > 60 ? '*' : '');
}

function filterFor(records: readonly Readonly<Record<string, unknown>>[], random: Random): Filter | undefined {
  const field = FIELDS[random(FIELDS.length)] as (typeof FIELDS)[number];
  if (field.only === 'column') return undefined;
  const record = records[random(records.length)] ?? {};
  const value = field.keys.map((key) => record[key]).find((each) => each !== undefined);
  const text = String(Array.isArray(value) ? value[random(value.length)] : value);
  const filter = filterOf(field, [patternFor(text, random), ...(random(3) === 0 ? [patternFor(text, random)] : [])]);
  return typeof filter === 'string' ? undefined : filter;
}

describe.each(NAMES)('lines that are left out unread, of the export %s,', (name) => {
  it.each(Object.entries(WRITERS))('have no record that matches, written %s', (_, write) => {
    const random = seeded(NAMES.indexOf(name) + 1);
    const has = () => random(3) > 0;
    const file = EXPORTS[name](Array.from({ length: LINES }, () => randomLine(random, has)));
    const lines = file.split('\n').map((line) => write(line));
    const read = lines.map((line) => ({ bytes: Buffer.from(line), records: recordsIn(line).records }));
    const records = read.flatMap((line) => line.records);
    expect(records).toHaveLength(LINES);
    let matching = 0;
    for (let times = 0; times < PATTERNS; times++) {
      const filter = filterFor(records, random);
      if (filter === undefined) continue;
      const needles = filter.needles === undefined ? [] : [filter.needles];
      for (const line of read) {
        if (!line.records.some(filter.matches)) continue;
        matching += 1;
        if (!mayMatch(line.bytes, needles)) expect.fail(`left out, with ${needles}: ${line.bytes}`);
      }
    }
    expect(matching).toBeGreaterThan(PATTERNS / 10);
  });
});

describe('the bytes that are looked for', () => {
  it.each([
    ['alice', 'alice'],
    ['alice@*', 'alice@'],
    ['*@example.com', '@example.com'],
    ['tools/delete_*', 'delete_'],
    ['file:///{srv,var}/notebooks/?', 'notebooks'],
    ['büro-*-天', 'büro-'],
    ['say "hello\\world"', 'hello'],
  ])('are, for %s, %s', (pattern, needle) => {
    expect(patternNeedle(pattern)?.toString()).toBe(needle);
  });

  it.each(['*', '{alice,bob}', '1000', '-3.5e+7', 'Inf*', 'a*b', '\ud83d', '//'])('do not exist for %s', (pattern) => {
    expect(patternNeedle(pattern)).toBeUndefined();
  });

  it('leave out a line that has nothing of them', () => {
    const needles = [[Buffer.from('alice')]];
    expect(mayMatch(Buffer.from('{"audit.actor.id":"bob"}'), needles)).toBe(false);
    expect(mayMatch(Buffer.from('{"audit.actor.id":"alice"}'), needles)).toBe(true);
    expect(mayMatch(Buffer.from('{"audit.actor.id":"\\u0061lice"}'), needles)).toBe(true);
  });

  it('do not leave out a line that is cut off, which is worth a notice', () => {
    expect(mayMatch(Buffer.from('{"audit.actor.id":"b'), [[Buffer.from('alice')]])).toBe(true);
  });
});
