/** Every query of the Grafana dashboards on the running stack: it parses, and returns data after the demo. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Stack, startStack } from '../../collector-config/stack/stack.mjs';
import { DASHBOARDS, type Dashboard, GRAFANA, type Panel, type Target, type Variable } from '../support/dashboards.js';
import { type Addresses, ask, exemplars, type Found, valuesOf } from './dashboards/ask.js';
import type { Chosen } from './dashboards/interpolate.js';
import { opened as open, range } from './dashboards/open.js';
import { sendEverything, type Telemetry } from './dashboards/telemetry.js';
import { eventually } from './support/eventually.js';
import { getJson } from './support/json.js';
import { scratch } from './support/scratch.js';

const place = await scratch();
let stack: Stack;
let sent: Telemetry;
let at: Addresses;

beforeAll(async () => {
  stack = await startStack({ folder: place.folder, env: { MCP_TRACE_DECISION_WAIT: '1s' } });
  at = stack.urls;
  sent = await sendEverything(stack.urls.otlp, join(place.folder, 'sent'));
}, 240_000);

afterAll(async () => {
  await stack?.stop();
  await place.remove();
});

const opened = (dashboard: Dashboard) => open(dashboard, sent.traceId, at);

/** The first two values of every choice, and one that must not act as a regular expression. */
async function narrowed(dashboard: Dashboard): Promise<Chosen> {
  const chosen: Record<string, string | readonly string[]> = { ...(await opened(dashboard)) };
  for (const variable of dashboard.templating.list) {
    if (!variable.multi) continue;
    chosen[variable.name] = [...(await valuesOf(variable, chosen, range(), at)).slice(0, 2), 'a.b|c'];
  }
  return chosen;
}

/** Waits for results. A dashboard that opens before there are data has other choices than later. */
const find = (target: Target, choose: () => Chosen | Promise<Chosen>) =>
  eventually('data', async () => ask(target, await choose(), range(), at), { accept: ({ length }) => length > 0 });

const isQuery = ({ type }: Variable) => type === 'query';

/** Labels and attributes in a table: neither the time nor values, which have the letters of queries. */
const columnsOf = ({ transformations = [] }: Panel): string[] =>
  Object.keys(transformations.find(({ id }) => id === 'organize')?.options.renameByName ?? {}).filter(
    (name) => name !== 'Time' && !/^Value( #[A-Z])?$/.test(name),
  );

describe.each(DASHBOARDS.map((dashboard) => [dashboard.uid, dashboard] as const))('%s', (_, dashboard) => {
  const queries = dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map((target) => [`${title} ${target.refId}`, target] as const),
  );

  it.each(dashboard.templating.list.filter(isQuery).map((variable) => [variable.name, variable] as const))(
    'variable %s has values',
    async (_name, variable) => {
      const values = async () => valuesOf(variable, await opened(dashboard), range(), at);
      await eventually('values', values, { accept: ({ length }) => length > 0 });
    },
  );

  it.each(queries)('%s returns data', async (_name, target) => {
    await find(target, () => opened(dashboard));
  });

  it.each(queries)('%s accepts any choice', async (_name, target) => {
    await ask(target, await narrowed(dashboard), range(), at);
  });

  const withExamples = queries.filter(([, target]) => target.exemplar);
  it.each(withExamples)('%s has exemplars that lead to a trace', async (_name, target) => {
    const ids = await eventually('exemplars', async () => exemplars(target, await opened(dashboard), range(), at), {
      accept: ({ length }) => length > 0,
    });
    expect(ids).toContain(sent.traceId);
  });

  const tables = dashboard.panels.filter(({ transformations }) => transformations !== undefined);
  it.each(tables.map((panel) => [panel.title, panel] as const))(
    '%s fills all of its columns',
    async (_title, panel) => {
      const unfilled = async () => {
        const chosen = await opened(dashboard);
        const found = await Promise.all((panel.targets ?? []).map((target) => ask(target, chosen, range(), at)));
        const labels = new Set(found.flat().flatMap(({ labels }) => Object.keys(labels)));
        return columnsOf(panel).filter((column) => !labels.has(column));
      };
      await eventually('value in every column', unfilled, { accept: ({ length }) => length === 0 });
    },
  );

  const marks = dashboard.annotations.list;
  it.each(marks)('annotation $name returns data', async (mark) => {
    const target = { ...mark, refId: 'A' };
    await find(target, () => opened(dashboard));
  });
});

/** Tags of a call's span and process in Jaeger's API, from which Grafana builds links to metrics. */
async function tagsOf(service: string, tool: string): Promise<Map<string, unknown>> {
  const { data } = await getJson(new URL(`/api/traces/${sent.demo.traceId}`, at.jaeger));
  const { spans, processes } = data[0];
  const span = spans.find(
    ({ operationName, processID }: any) =>
      operationName === `tools/call ${tool}` && processes[processID].serviceName === service,
  );
  return new Map([...processes[span.processID].tags, ...span.tags].map(({ key, value }) => [key, value]));
}

describe('links of the data sources', () => {
  const file = join(GRAFANA, 'provisioning/datasources/mcp-trail.yaml');
  const dataSources: any[] = parse(readFileSync(file, 'utf8')).datasources;
  const { tracesToLogsV2, tracesToMetrics } = dataSources.find(({ uid }) => uid === 'mcp-jaeger').jsonData;
  const prometheus = { refId: 'A', datasource: { type: 'prometheus', uid: `\${prometheus}` } };
  const audit = { refId: 'A', datasource: { type: 'loki', uid: `\${loki_audit}` }, queryType: 'range' };

  it('lead from a trace to its audit records', async () => {
    await find({ ...audit, expr: tracesToLogsV2.query.replace('$${__trace.traceId}', sent.demo.traceId) }, () => ({}));
  });

  it.each(tracesToMetrics.queries as { name: string; query: string }[])(
    'lead from a span to: $name',
    async ({ query }) => {
      const known = await eventually('span', () =>
        query.includes('mcp_client') ? tagsOf('agent', 'check_visa') : tagsOf('travel', 'check_visa'),
      );
      const wanted: { key: string; value: string }[] = tracesToMetrics.tags;
      const tags = wanted.filter(({ key }) => known.has(key)).map(({ key, value }) => `${value}="${known.get(key)}"`);
      expect(tags).toEqual(['mcp_method_name="tools/call"', 'gen_ai_tool_name="check_visa"']);
      await find({ ...prometheus, expr: query.replaceAll('$$__tags', tags.join(', ')) }, () => ({}));
      // The query must also parse for a span without these tags.
      await find({ ...prometheus, expr: query.replaceAll('$$__tags', '') }, () => ({}));
    },
  );

  it('lead from a record to its trace, by an existing label', async () => {
    const [{ matcherRegex }] = dataSources.find(({ uid }) => uid === 'mcp-loki-audit').jsonData.derivedFields;
    await find({ ...audit, expr: `{service_name="travel"} | ${matcherRegex}="${sent.demo.traceId}"` }, () => ({}));
    await find({ datasource: { type: 'jaeger', uid: `\${jaeger}` }, refId: 'A', query: sent.demo.traceId }, () => ({}));
  });
});

describe('numbers', () => {
  const panel = (uid: string, title: string) => {
    const found = DASHBOARDS.find((dashboard) => dashboard.uid === uid);
    const target = found?.panels.find((each) => each.title === title)?.targets?.[0];
    if (found === undefined || target === undefined) throw new Error(`no panel "${title}" in ${uid}`);
    return { dashboard: found, target };
  };
  const asked = async (uid: string, title: string, choice: Chosen, accept: (found: readonly Found[]) => boolean) => {
    const { dashboard, target } = panel(uid, title);
    const found = async () => ask(target, { ...(await opened(dashboard)), ...choice }, range(), at);
    return eventually('the right number', found, { accept });
  };
  const services = { service: ['agent', 'booking', 'travel'] };

  it('counts the audit records of the demo exactly', async () => {
    await asked('mcp-audit', 'Records', services, ([found]) => found?.value === sent.demo.records.length);
  });

  it('counts the operations of a correlation id exactly', async () => {
    const ofTrace = sent.demo.records.filter(({ fields }) => fields['mcp_audit.correlation.id'] === sent.demo.traceId);
    const operations = new Set(ofTrace.map(({ fields }) => fields['mcp_audit.operation.id']).filter(Boolean));
    expect(operations.size).toBeGreaterThan(10);
    const timeline = { correlation: sent.demo.traceId, trace: sent.demo.traceId };
    await asked('mcp-timeline', 'Operations', timeline, ([found]) => found?.value === operations.size);
  });

  it('filters by part of an actor, and exactly as the link of a cell does', async () => {
    const actors = (found: readonly Found[]) => [...new Set(found.map(({ labels }) => labels['audit_actor_id']))];
    const who = (actor: string) =>
      asked('mcp-audit', 'Operations, by actor', { ...services, actor }, ({ length }) => length > 0).then(actors);
    expect(await who('age')).toEqual(['agent']);
    expect(await who('^agent$')).toEqual(['agent']);
    expect((await who('')).sort()).toEqual(['agent', 'travel']);
    const { dashboard, target } = panel('mcp-audit', 'Operations, by actor');
    expect(await ask(target, { ...(await opened(dashboard)), ...services, actor: '^age$' }, range(), at)).toEqual([]);
  });

  it('shows tools with their calls, and as _OTHER one that never succeeded and was never listed', async () => {
    const found = await asked('mcp-tools', 'All tools', services, ({ length }) => length >= 3);
    const tools = found.map(({ labels, value }) => [labels['gen_ai_tool_name'], value >= 1]);
    expect(tools).toEqual(
      expect.arrayContaining([
        ['plan_trip', true],
        ['find_rooms', true],
        ['_OTHER', true],
      ]),
    );
  });
});
