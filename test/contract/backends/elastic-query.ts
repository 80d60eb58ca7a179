import { expect } from 'vitest';
import { ATTRIBUTES, DAMAGED_LINE, FIELDS, METRICS } from './audit-fields.js';

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
/** Fields by their full path in documents. A name without a path is an alias or a query variable. */
const PATH = /(?<![\w.])(?:resource\.attributes|attributes|metrics)\.[\w.]+/g;

/** A query without its string literals, and those literals. */
export function apart(query: string) {
  const texts: string[] = [];
  const bare = query.replace(/"((?:[^"\\]|\\.)*)"/g, (_, text) => {
    texts.push(text);
    return '§';
  });
  return { bare, texts };
}

/** Fields in a query; all must exist. */
const pathsOf = (query: string) => apart(query).bare.match(PATH) ?? [];

const WORDS = ['and', 'or', 'not', 'in', 'true', 'sequence', 'by', 'with', 'maxspan', 'any', 'where', 'runs', ...ROOT];

/** Words of a KQL or EQL query that are not fields, values or keywords: misspelt names. */
export const wordsOf = (query: string) =>
  (
    apart(query)
      .bare.replace(PATH, '')
      .replace(/\b\d+[smh]?\b/g, '')
      .match(/@?[A-Za-z_][\w.]*/g) ?? []
  ).filter((word) => !WORDS.includes(word));

/** Rules for queries in any language. */
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
    expect([...(FIELDS['event_name']?.enum ?? []), DAMAGED_LINE.event]).toContain(text);
  }
  checkValues(query);
}

/** Values compared with a field that has a closed set. */
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
  'TO_DOUBLE',
  'IN',
];

/** Words that Elasticsearch 8.19.4 rejected as column names, each tried. */
const RESERVED = [
  ...['and', 'asc', 'by', 'desc', 'false', 'first', 'in', 'is', 'last', 'like', 'not', 'null', 'nulls', 'on', 'or'],
  ...['rlike', 'true', 'where', 'with'],
];
/** ES|QL can only convert counters; it cannot aggregate or compare them. The Collector reports them as doubles, which `TO_LONG` rejects. */
const COUNTERS = /metrics\.(?:otelcol_exporter_\w+_failed_log_records|otelcol\.elasticsearch\.docs\.processed)/;

/** Checks the form of an ES|QL query and returns its output columns. Elasticsearch's own grammar is not available here. */
export function columnsOf(query: string): string[] {
  checkQuery(query);
  const { bare } = apart(query);
  for (const [, name] of bare.matchAll(/([\w.]+) = /g)) expect(RESERVED).not.toContain(name?.toLowerCase());
  expect(bare.replaceAll(/TO_DOUBLE\([\w.]+\)/g, '')).not.toMatch(COUNTERS);
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
