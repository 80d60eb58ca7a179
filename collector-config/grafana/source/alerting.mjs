/**
 * Grafana alerts, generated from the Prometheus and Loki rules, for installations without an Alertmanager.
 * After a change, run `node collector-config/grafana/source/alerting.mjs` and review the diff.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Document, isMap, parse, visit } from 'yaml';

const root = new URL('../../', import.meta.url);

/** Folders of rules, with their data source and its parameters for an instant query. */
const SOURCES = [
  { folder: 'prometheus/rules/', uid: 'mcp-prometheus', query: { instant: true, range: false } },
  { folder: 'loki/rules/mcp-audit/', uid: 'mcp-loki-audit', query: { queryType: 'instant' } },
];

const HEADER = `# The Prometheus and Loki alerts for Grafana's own alerting, which sends them through its contact points. If you run an
# Alertmanager, leave this file out, or every alert is sent twice.
# Generated from prometheus/rules/ and loki/rules/ by source/alerting.mjs: change those. Grafana does not expand variables in
# annotations and queries of this file, so a $ stays a $, unlike in the other folders of provisioning/.
`;

/** Members that are the same in every rule, or nearly so: each on one line, because the file is part of the package. */
const ON_ONE_LINE = new Set(['relativeTimeRange', 'labels']);

const SECONDS = new Map(Object.entries({ s: 1, m: 60, h: 3600 }));

/** Grafana evaluates rules at multiples of ten seconds. @param {string} interval such as `5m` */
function multipleOfTen(interval) {
  const unit = SECONDS.get(interval.slice(-1));
  if (unit === undefined) throw new Error(`the interval ${interval} ends in none of ${[...SECONDS.keys()]}`);
  return `${Math.max(10, Math.floor((Number.parseInt(interval, 10) * unit) / 10) * 10)}s`;
}

/** `McpCallBurst` is `mcp-call-burst`. @param {string} name */
const uidOf = (name) => name.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();

/** In Grafana, `$value` is a text about all queries of a rule. @param {string} text */
const withValueOfQuery = (text) => text.replaceAll('$value', '$values.query.Value');

/** @param {any} rule @param {typeof SOURCES[number]} source */
function alertOf(rule, { uid, query }) {
  const refId = 'query';
  return {
    uid: uidOf(rule.alert),
    title: rule.alert,
    condition: 'condition',
    for: rule.for ?? '0s',
    data: [
      {
        refId,
        relativeTimeRange: { from: 600, to: 0 },
        datasourceUid: uid,
        model: { refId, expr: rule.expr, ...query },
      },
      // The query contains the threshold, and its value can be 0: any result is an alert.
      {
        refId: 'condition',
        datasourceUid: '__expr__',
        model: {
          refId: 'condition',
          type: 'threshold',
          expression: refId,
          conditions: [{ evaluator: { type: 'gt', params: [-1] } }],
        },
      },
    ],
    // No result is the normal case; a failing query is an alert.
    noDataState: 'OK',
    execErrState: 'Error',
    labels: rule.labels,
    annotations: Object.fromEntries(
      Object.entries(rule.annotations).map(([name, text]) => [name, withValueOfQuery(String(text))]),
    ),
  };
}

/** The file, as text. */
export function alerting() {
  const groups = SOURCES.flatMap((source) => {
    const folder = new URL(source.folder, root);
    return readdirSync(folder)
      .sort()
      .flatMap((name) => parse(readFileSync(new URL(name, folder), 'utf8')).groups)
      .map(({ name, interval, rules }) => ({
        orgId: 1,
        name,
        folder: 'MCP',
        interval: multipleOfTen(interval),
        rules: rules.map((rule) => alertOf(rule, source)),
      }));
  });
  return HEADER + compact({ apiVersion: 1, groups });
}

/** @param {object} value */
function compact(value) {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Pair(_, { key, value }) {
      if (isMap(value) && ON_ONE_LINE.has(String(key))) value.flow = true;
    },
    Map(_, map) {
      if (map.get('refId') === 'condition' && map.has('model')) map.flow = true;
    },
  });
  return document.toString({ lineWidth: 0, indentSeq: false, flowCollectionPadding: false });
}

export const path = fileURLToPath(new URL('../provisioning/alerting/mcp-trail.yaml', import.meta.url));

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(path, alerting());
