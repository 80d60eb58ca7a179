import { expect } from 'vitest';
import { ATTRIBUTES, FIELDS, METRICS } from './audit-fields.js';

const ROOT = ['@timestamp', 'event_name', 'trace_id', 'kind', '_index'];
const RESOURCE = ['service.name', 'service.instance.id'].map((name) => `resource.attributes.${name}`);
/** Attributes of the Collector's own metrics. */
const COLLECTOR = ['exporter', 'data_type', 'outcome', 'error.type'].map((name) => `attributes.${name}`);
const KNOWN = new Set([
  ...ROOT,
  ...RESOURCE,
  ...COLLECTOR,
  ...ATTRIBUTES.map((name) => `attributes.${name}`),
  ...[...METRICS, 'otelcol.elasticsearch.docs.processed'].map((name) => `metrics.${name}`),
]);
/** Fields by a path as documents have it. A name without one is an alias at best, or a variable of the query. */
const PATH = /(?<![\w.])(?:resource\.attributes|attributes|metrics)\.[\w.]+/g;

/** A query without the texts in it, and those texts. */
export function apart(query: string) {
  const texts: string[] = [];
  const bare = query.replace(/"((?:[^"\\]|\\.)*)"/g, (_, text) => {
    texts.push(text);
    return '§';
  });
  return { bare, texts };
}

/** Fields that a query names: all of them must exist. */
const pathsOf = (query: string) => apart(query).bare.match(PATH) ?? [];

const WORDS = ['and', 'or', 'not', 'in', 'true', 'sequence', 'by', 'with', 'maxspan', 'any', 'where', 'runs', ...ROOT];

/** What is left of a query in KQL or EQL without fields, values and the words of these languages: a name misspelt. */
export const wordsOf = (query: string) =>
  (
    apart(query)
      .bare.replace(PATH, '')
      .replace(/\b\d+[smh]?\b/g, '')
      .match(/@?[A-Za-z_][\w.]*/g) ?? []
  ).filter((word) => !WORDS.includes(word));

/** What every query must be, in whichever language. */
export function checkQuery(query: string) {
  const { bare, texts } = apart(query);
  expect(bare).not.toContain('"');
  let depth = 0;
  for (const character of bare) {
    if ('([{'.includes(character)) depth++;
    if (')]}'.includes(character)) depth--;
    expect(depth).toBeGreaterThanOrEqual(0);
  }
  expect(depth).toBe(0);
  for (const path of pathsOf(query)) expect([...KNOWN]).toContain(path);
  for (const text of texts.filter((value) => value.startsWith('mcp_audit.'))) {
    expect(FIELDS['event_name']?.enum).toContain(text);
  }
  checkValues(query);
}

/** Values that a field with a closed set is compared with. */
function checkValues(query: string) {
  for (const [name, { enum: allowed }] of Object.entries(FIELDS)) {
    if (!allowed || name === 'event_name') continue;
    const field = `attributes.${name}`.replaceAll('.', '\\.');
    for (const [, list] of query.matchAll(new RegExp(`${field}\\s*(?:==|:|in|IN)\\s*(\\([^)]*\\)|"[^"]*")`, 'g'))) {
      const values = [...String(list).matchAll(/"([^"]*)"/g)].map(([, value]) => value);
      expect(values.length).toBeGreaterThan(0);
      for (const value of values) expect(allowed).toContain(value);
    }
  }
}

const ESQL = /^(WHERE|EVAL|STATS|SORT|LIMIT|KEEP) \S/;
const FUNCTIONS = [
  'COUNT',
  'COUNT_DISTINCT',
  'MAX',
  'MIN',
  'SUM',
  'PERCENTILE',
  'CASE',
  'BUCKET',
  'NOW',
  'TO_LONG',
  'IN',
];

/** Words that Elasticsearch 8.19.4 refused as the name of a column, each tried. */
const RESERVED = [
  ...['and', 'asc', 'by', 'desc', 'false', 'first', 'in', 'is', 'last', 'like', 'not', 'null', 'nulls', 'on', 'or'],
  ...['rlike', 'true', 'where', 'with'],
];
/** Counters can be converted, and nothing else: no function counts or compares them as they are. */
const COUNTERS = /metrics\.(?:otelcol_exporter_\w+_failed_log_records|otelcol\.elasticsearch\.docs\.processed)/;

/** The form of an ES|QL query, and the columns that come out of it. Its grammar is Elasticsearch's own, which is not here. */
export function columnsOf(query: string): string[] {
  checkQuery(query);
  const { bare } = apart(query);
  for (const [, name] of bare.matchAll(/([\w.]+) = /g)) expect(RESERVED).not.toContain(name?.toLowerCase());
  expect(bare.replaceAll(/TO_LONG\([\w.]+\)/g, '')).not.toMatch(COUNTERS);
  const [from, ...commands] = query.split('\n| ');
  expect(from).toMatch(/^FROM [\w.*-]+(, [\w.*-]+)*( METADATA _index)?$/);
  let columns: string[] = [];
  for (const command of commands) {
    expect(command).toMatch(ESQL);
    for (const [, name] of apart(command).bare.matchAll(/\b([A-Za-z_]+)\(/g)) expect(FUNCTIONS).toContain(name);
    if (command.startsWith('STATS '))
      columns = command
        .slice(6)
        .split(/ BY |, (?![^(]*\))/)
        .map(nameOf);
    if (command.startsWith('EVAL ') && columns.length > 0)
      columns.push(
        ...command
          .slice(5)
          .split(/, (?![^(]*\))/)
          .map(nameOf),
      );
    if (command.startsWith('KEEP ')) {
      const kept = command.slice(5).split(', ');
      if (columns.length > 0) expect(columns).toEqual(expect.arrayContaining(kept));
      columns = kept;
    }
  }
  return columns;
}

const nameOf = (column: string) => String(/^([\w.]+)(?: =|$)/.exec(column)?.[1]);
