/**
 * What Kibana's rules find, asked of Elasticsearch itself. ES|QL runs as it is. KQL, and the conditions of EQL, are translated to the
 * query language of Lucene, and their counting and ordering is done here: Kibana and EQL have no jar.
 */
import { readFileSync } from 'node:fs';
import { CONFIG } from '../support/rules.js';
import { AUDIT, type ElasticPlace, type Stored } from './place.js';

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as Record<string, number>;

const ndjson = (file: string): any[] =>
  readFileSync(`${CONFIG}elastic/${file}`, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

export const RULES = new Map(ndjson('rules/mcp-audit.ndjson').map((rule) => [rule.rule_id as string, rule]));

/** Panels of all dashboards, by their title. */
export const PANELS = new Map(
  ['mcp-audit', 'mcp-health', 'mcp-tools'].flatMap((name) => {
    const [dashboard] = ndjson(`dashboards/${name}.ndjson`);
    const panels: any[] = JSON.parse(dashboard.attributes.panelsJSON);
    return panels.map(({ title, embeddableConfig: { attributes } }) => [
      `${name}: ${title}`,
      attributes.state.query.esql as string,
    ]);
  }),
);

/** A time span such as `now-75s` or `10m`, in milliseconds. */
export function millis(text: string): number {
  const [, count, unit] = /(\d+)([smhd])$/.exec(text) as unknown as [string, string, string];
  return Number(count) * (UNITS[unit] as number);
}

const between = (from: number, to: number) => ({ range: { '@timestamp': { gte: from, lte: to } } });

/** Runs an ES|QL query on a time range, as Kibana does. */
export async function esql({ admin }: ElasticPlace, query: string, from: number, to: number) {
  const params = [{ _tstart: new Date(from).toISOString() }, { _tend: new Date(to).toISOString() }];
  const { status, body } = await admin('POST', '_query', { query, params, filter: between(from, to) });
  const columns: string[] = (body.columns ?? []).map(({ name }: { name: string }) => name);
  const rows: Record<string, unknown>[] = (body.values ?? []).map((values: unknown[]) =>
    Object.fromEntries(values.map((value, at) => [columns[at], value])),
  );
  return { status, reason: body.error?.reason as string | undefined, columns, rows };
}

/** KQL, or the condition of an EQL event, as Lucene's query language. */
function lucene(query: string): string {
  const texts: string[] = [];
  const bare = query
    .replace(/"(?:[^"\\]|\\.)*"/g, (text) => `§${texts.push(text) - 1}§`)
    .replace(/\bany where\b/, '')
    .replace(/ (?:==|in) /g, ': ')
    .replace(/ > /g, ': >')
    .replace(/, /g, ' or ')
    .replace(/: /g, ':')
    .replace(/\b(and|or|not)\b/g, (word) => word.toUpperCase());
  return bare.replace(/§(\d+)§/g, (_, at) => String(texts[at]));
}

const matching = (place: ElasticPlace, query: string, from: number, to: number) =>
  place.search(AUDIT, { bool: { filter: [between(from, to), { query_string: { query: lucene(query) } }] } });

/** Combinations of the values of fields, with their number of documents and the time of the first. */
async function groups({ admin }: ElasticPlace, query: string, fields: readonly string[], from: number, to: number) {
  const sources = fields.map((field) => ({ [field]: { terms: { field } } }));
  const { status, body } = await admin('POST', `${AUDIT}/_search`, {
    size: 0,
    query: { bool: { filter: [between(from, to), { query_string: { query: lucene(query) } }] } },
    aggs: { groups: { composite: { size: 10_000, sources }, aggs: { first: { min: { field: '@timestamp' } } } } },
  });
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body.aggregations.groups.buckets as { key: object; doc_count: number; first: { value: number } }[];
}

/** Sequences of events with the same keys, each event after the one before it. */
async function sequences(place: ElasticPlace, query: string, from: number, to: number) {
  const [head, ...lines] = query.split('\n');
  const [, by, maxspan] = /^sequence by (.+) with maxspan=(\w+)$/.exec(String(head)) as unknown as [
    string,
    string,
    string,
  ];
  const fields = by.split(', ').map((field) => field.replace('attributes.', ''));
  const steps: Stored[][] = [];
  for (const line of lines) {
    const [, condition, runs = '1'] = /^ {2}\[(.+)\](?: with runs=(\d+))?$/.exec(line) as unknown as string[];
    const events = await matching(place, String(condition), from, to);
    for (let run = 0; run < Number(runs); run++) steps.push(events);
  }
  const timeOf = ({ source }: Stored) => Date.parse(source['@timestamp']);
  const keyOf = ({ source }: Stored) => JSON.stringify(fields.map((field) => source.attributes[field]));
  const whole = ({ source }: Stored) => fields.every((field) => source.attributes[field] !== undefined);
  const found = new Set<string>();
  for (const first of (steps[0] ?? []).filter(whole)) {
    let last: Stored | undefined = first;
    for (const step of steps.slice(1)) {
      const later: Stored[] = step.filter(
        (event) => last && keyOf(event) === keyOf(first) && timeOf(event) > timeOf(last),
      );
      last = later.sort((one, other) => timeOf(one) - timeOf(other))[0];
    }
    if (last && timeOf(last) - timeOf(first) <= millis(maxspan)) found.add(keyOf(first));
  }
  return [...found];
}

/** What a rule would alert on at a time: rows, documents or keys. */
export async function alerts(place: ElasticPlace, rule: any, at: number): Promise<readonly unknown[]> {
  const from = at - millis(rule.from);
  switch (rule.type) {
    case 'esql': {
      const { rows, reason } = await esql(place, rule.query, from, at);
      if (reason) throw new Error(reason);
      return rows;
    }
    case 'query':
      return (await matching(place, rule.query, from, at)).map(({ source }) => source.attributes);
    case 'threshold': {
      const found = await groups(place, rule.query, rule.threshold.field, from, at);
      return found.filter(({ doc_count }) => doc_count >= rule.threshold.value);
    }
    case 'new_terms': {
      const start = at - millis(rule.history_window_start);
      const found = await groups(place, rule.query, rule.new_terms_fields, start, at);
      return found.filter(({ first }) => first.value >= from);
    }
    case 'eql':
      return sequences(place, rule.query, from, at);
    default:
      throw new Error(`unknown type of rule: ${rule.type}`);
  }
}
