import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { csvLine } from '../../../../src/cli/query/csv.js';
import { FIELDS } from '../../../../src/cli/query/fields.js';
import { randomLine, seeded, TRICKY_TEXTS } from '../../../support/full-records.js';
import { smallTrail } from '../../../support/small-trail.js';
import { record } from '../records.js';
import { queryFiles } from './query-run.js';

/** As a parser that is not ours reads it, by the letter of RFC 4180. */
function cells(text: string): string[][] {
  return parse(text, { record_delimiter: '\r\n', relax_quotes: false, relax_column_count: false });
}

describe('CSV', () => {
  const harmless = ['', 'plain', 'a,b', 'say "hi"', '"', ',', '"",""', ' spaces ', 'ünïcödé 日本語', "it's", 'a;b|c'];

  it('gives back every cell to a parser of somebody else', () => {
    const rows = harmless.flatMap((one) => harmless.map((other) => [one, other, 'end']));
    expect(cells(rows.map(csvLine).join(''))).toEqual(rows);
  });

  it('ends each line as RFC 4180 says', () => {
    expect(csvLine(['a', 'b,c'])).toBe('a,"b,c"\r\n');
  });

  it.each([
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-32602', "'-32602"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['=HYPERLINK("http://evil","x,y")', '\'=HYPERLINK("http://evil","x,y")'],
    ['\t=1+1', "'\\u{9}=1+1"],
    ['\r=1+1', "'\\u{d}=1+1"],
    ['\n=1+1', "'\\u{a}=1+1"],
  ])('does not let a spreadsheet run %j', (value, cell) => {
    expect(cells(csvLine(['a', value]))).toEqual([['a', cell]]);
  });

  it.each(['\uff1d1+1', '\ufeff=1+1', '\u200b=1+1', ' \u202e'])('shows what hides in front of %j', (value) => {
    expect(cells(csvLine([value]))[0]?.[0]).toMatch(/^ ?\\u\{[0-9a-f]+\}/);
  });

  it('has no control characters and no lines in cells', () => {
    const text = csvLine([...TRICKY_TEXTS, '\u001b]0;pwned\u0007', 'two\r\nlines']);
    // A family of emoji needs the joiners in it.
    expect(text.slice(0, -2)).not.toMatch(/\p{Cc}|\p{Cs}|[\u2028\u2029\u202e]/u);
  });

  it('of a query has the fields of the records, cell by cell', async () => {
    const random = seeded(3);
    const lines = Array.from({ length: 50 }, () => randomLine(random, () => random(2) === 0));
    const records = lines.map((line) => JSON.parse(line));
    const keys = ['audit.actor.id', 'user.roles', 'mcp_audit.request.size', 'mcp_audit.sensitive', 'error.type'];
    const { out } = await queryFiles(
      { 'a.jsonl': `${lines.join('\n')}\n` },
      '-o',
      'csv',
      '--limit',
      'none',
      '--fields',
      keys.join(),
    );
    const expected = records.map((fields) => keys.map((key) => String([fields[key] ?? ''])));
    const read = parse(out, { record_delimiter: '\r\n', columns: true }) as Record<string, string>[];
    expect(read.map((row) => keys.map((key) => plainText(row[key])))).toEqual(
      expected.map((row) => row.map(plainText)),
    );
  });

  it('of a query is the trail, cell by cell and to the letter', async () => {
    const trail = smallTrail();
    const strange = {
      'audit.actor.id': 'a,"b";c',
      'user.roles': ['x', 'y'],
      'mcp_audit.policy_tags': ['SOC2', 'HIPAA'],
    };
    const more = JSON.stringify(record('session', 'weather', 0, strange));
    const files = Object.fromEntries(
      Object.entries({ ...trail, 'more.jsonl': [more] }).map(([name, lines]) => [name, `${lines.join('\n')}\n`]),
    );
    const { out } = await queryFiles(files, '-o', 'csv', '--limit', 'none');
    const [head, ...rows] = cells(out);
    expect(head).toEqual(FIELDS.map(({ name }) => name));
    const expected = Object.values(files)
      .flatMap((text) => text.trimEnd().split('\n'))
      .map((line) => JSON.parse(line))
      .map((fields) =>
        FIELDS.map(({ keys, prefix = '' }) => {
          const value = keys.map((key) => fields[key]).find((each) => each !== undefined);
          return String(value ?? '').replace(prefix, '');
        }),
      );
    expect(rows.sort()).toEqual(expected.sort());
    expect(rows.map(([, , , , actor]) => actor)).toContain('a,"b";c');
  });

  it('of a query has all short names as columns', async () => {
    const { out } = await queryFiles(
      { 'a.jsonl': [record('session', 'weather', 0, { 'user.id': 'a,b' })] },
      '-o',
      'csv',
    );
    const [head, row, ...more] = cells(out);
    expect(head?.slice(0, 5)).toEqual(['time', 'event', 'service', 'side', 'actor']);
    expect(row?.slice(0, 5)).toEqual(['2026-11-21T09:20:07.000000000Z', 'session', 'weather', '', 'u-8472']);
    expect(more).toEqual([]);
  });
});

/** Without what shows a character that cannot be seen, and without what keeps a spreadsheet from running a cell. */
function plainText(cell = ''): string {
  return cell
    .replace(/^'(?=[=+@-])/, '')
    .replace(/\\+u\{([0-9a-f]+)\}/g, (_, code) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replace(/\\+(?=[^\x20-\x7e])/gu, '');
}
