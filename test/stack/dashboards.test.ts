/** Every query of the dashboards for Grafana, on the running stack: it parses, and after the demo it finds something. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Stack, startStack } from '../../collector-config/stack/stack.mjs';
import { DASHBOARDS, type Dashboard, type Variable } from '../support/dashboards.js';
import { type Addresses, ask, exemplars, valuesOf } from './dashboards/ask.js';
import type { Chosen, Range } from './dashboards/interpolate.js';
import { sendEverything, type Telemetry } from './dashboards/telemetry.js';
import { eventually } from './support/eventually.js';
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

const range = (): Range => ({ startMs: Date.now() - 900_000, endMs: Date.now(), stepMs: 15_000 });

/** What is chosen when a dashboard opens; in the timeline, what a link to it fills in. */
async function opened({ uid, templating }: Dashboard): Promise<Chosen> {
  const chosen: Record<string, string | string[]> = {};
  for (const { includeAll, allValue, name } of templating.list) if (includeAll) chosen[name] = allValue ?? '';
  for (const variable of templating.list) {
    const { name, type, includeAll } = variable;
    if (type === 'datasource' || includeAll) continue;
    chosen[name] = type === 'textbox' ? '' : ((await valuesOf(variable, chosen, range(), at))[0] ?? '');
  }
  if (uid === 'mcp-timeline') Object.assign(chosen, { correlation: sent.traceId, trace: sent.traceId });
  return chosen;
}

/** The first two values of everything that can be chosen, and one that must not be read as a regular expression. */
async function narrowed(dashboard: Dashboard): Promise<Chosen> {
  const chosen: Record<string, string | readonly string[]> = { ...(await opened(dashboard)) };
  for (const variable of dashboard.templating.list) {
    if (!variable.multi) continue;
    chosen[variable.name] = [...(await valuesOf(variable, chosen, range(), at)).slice(0, 2), 'a.b|c'];
  }
  return chosen;
}

const isQuery = ({ type }: Variable) => type === 'query';

describe.each(DASHBOARDS.map((dashboard) => [dashboard.uid, dashboard] as const))('%s', (_, dashboard) => {
  const queries = dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map((target) => ({ name: `${title} ${target.refId}`, target })),
  );

  it.each(dashboard.templating.list.filter(isQuery).map((variable) => [variable.name, variable] as const))(
    'variable %s has values',
    async (_name, variable) => {
      const chosen = await opened(dashboard);
      await eventually('values', () => valuesOf(variable, chosen, range(), at), { accept: ({ length }) => length > 0 });
    },
  );

  it.each(queries)('$name finds something', async ({ target }) => {
    const found = await eventually('data', async () => ask(target, await opened(dashboard), range(), at));
    expect(found).toBeGreaterThan(0);
  });

  it.each(queries)('$name takes any choice', async ({ target }) => {
    await ask(target, await narrowed(dashboard), range(), at);
  });

  const withExamples = queries.filter(({ target }) => target.exemplar);
  it.runIf(withExamples.length > 0).each(withExamples)(
    '$name has exemplars, which lead to a trace',
    async ({ target }) => {
      const ids = await eventually('exemplars', async () => exemplars(target, await opened(dashboard), range(), at), {
        accept: ({ length }) => length > 0,
      });
      expect(ids).toContain(sent.traceId);
    },
  );

  const marks = dashboard.annotations.list;
  it.runIf(marks.length > 0).each(marks)('annotation "$name" finds something', async (mark) => {
    const target = { ...mark, refId: 'A' };
    await eventually('data', async () => ask(target, await opened(dashboard), range(), at));
  });
});
