/** Runs the queries of panels and variables on Prometheus, Loki and Jaeger, as Grafana does. */
import type { Target, Variable } from '../../support/dashboards.js';
import { getJson } from '../support/json.js';
import { type Chosen, interpolate, type Range } from './interpolate.js';

export interface Addresses {
  readonly prometheus: string;
  readonly loki: string;
  readonly jaeger: string;
}

/** Tenants of the provisioned data sources. */
const TENANTS: Readonly<Record<string, string>> = { loki_audit: 'mcp-audit', loki: 'mcp-logs' };

/** A row or series: its labels, and its value if it is a single number. */
export interface Found {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Rows, series, streams or spans. Throws if a query does not parse. */
export async function ask(target: Target, chosen: Chosen, range: Range, at: Addresses): Promise<Found[]> {
  if (target.datasource.type === 'jaeger') return askJaeger(target, chosen, range, at.jaeger);
  const once = target.instant === true || target.queryType === 'instant';
  const query = interpolate(target.expr ?? '', chosen, range, once);
  const { data } =
    target.datasource.type === 'prometheus'
      ? await getJson(prometheusUrl(at.prometheus, query, range, once))
      : await getJson(lokiUrl(at.loki, query, range, once), tenantOf(target.datasource.uid));
  return data.result.map(({ metric, stream, value }: any) => ({ labels: metric ?? stream, value: Number(value?.[1]) }));
}

/** Trace ids of a query's exemplars. */
export async function exemplars(target: Target, chosen: Chosen, range: Range, at: Addresses): Promise<string[]> {
  const url = new URL('/api/v1/query_exemplars', at.prometheus);
  const query = interpolate(target.expr ?? '', chosen, range);
  url.search = String(new URLSearchParams({ query, ...secondsOf(range) }));
  const { data } = await getJson(url);
  return data.flatMap((series: any) => series.exemplars.map(({ labels }: any) => labels.trace_id));
}

/** The values of a variable. */
export async function valuesOf(
  { type, query, options, datasource }: Variable,
  chosen: Chosen,
  range: Range,
  at: Addresses,
) {
  if (type !== 'query') return options.map(({ value }) => value);
  if (datasource?.type === 'loki') {
    const url = new URL(`/loki/api/v1/label/${query.label}/values`, at.loki);
    url.search = String(new URLSearchParams(nanosOf(range)));
    return ((await getJson(url, tenantOf(datasource.uid))).data ?? []) as string[];
  }
  const [, selector = '', label] = /^label_values\((.+), (\w+)\)$/.exec(query.query) ?? [];
  const url = new URL(`/api/v1/label/${label}/values`, at.prometheus);
  url.search = String(new URLSearchParams({ 'match[]': interpolate(selector, chosen, range), ...secondsOf(range) }));
  return (await getJson(url)).data as string[];
}

async function askJaeger(
  { queryType, query = '', service = '', tags = '' }: Target,
  chosen: Chosen,
  range: Range,
  base: string,
) {
  if (queryType !== 'search') {
    const { data } = await getJson(new URL(`/api/traces/${interpolate(query, chosen, range)}`, base));
    return (data[0]?.spans ?? []).map(asFound);
  }
  const url = new URL('/api/traces', base);
  const micros = { start: `${range.startMs}000`, end: `${range.endMs}000` };
  const asJson = JSON.stringify(
    Object.fromEntries(
      interpolate(tags, chosen, range)
        .split(' ')
        .map((tag) => tag.split('=')),
    ),
  );
  const of = interpolate(service, chosen, range);
  url.search = String(new URLSearchParams({ service: of, tags: asJson, limit: '20', lookback: 'custom', ...micros }));
  return (await getJson(url)).data.map(asFound);
}

/** Only that the span or trace exists. */
const asFound = (): Found => ({ labels: {}, value: Number.NaN });

function prometheusUrl(base: string, query: string, range: Range, once: boolean) {
  const url = new URL(once ? '/api/v1/query' : '/api/v1/query_range', base);
  const step = String(range.stepMs / 1000);
  const { start, end } = secondsOf(range);
  url.search = String(new URLSearchParams(once ? { query, time: end } : { query, start, end, step }));
  return url;
}

function lokiUrl(base: string, query: string, range: Range, once: boolean) {
  const url = new URL(once ? '/loki/api/v1/query' : '/loki/api/v1/query_range', base);
  const { start, end } = nanosOf(range);
  const step = String(range.stepMs / 1000);
  url.search = String(new URLSearchParams(once ? { query, time: end } : { query, start, end, step, limit: '1000' }));
  return url;
}

const tenantOf = (uid: string) => {
  const tenant = TENANTS[uid.slice(2, -1)];
  if (tenant === undefined) throw new Error(`no tenant is known for the data source ${uid}`);
  return { 'x-scope-orgid': tenant };
};
const secondsOf = ({ startMs, endMs }: Range) => ({ start: String(startMs / 1000), end: String(endMs / 1000) });
const nanosOf = ({ startMs, endMs }: Range) => ({ start: `${startMs}000000`, end: `${endMs}000000` });
