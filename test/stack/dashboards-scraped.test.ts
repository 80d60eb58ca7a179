/**
 * Every Prometheus query of the dashboards, and every series of the rules, on a Prometheus that scrapes the Collector's exporter, with
 * the settings of `prometheus/README.md`.
 */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, it } from 'vitest';
import { PROMETHEUS_FLAGS } from '../../collector-config/stack/backends.mjs';
import { configFiles, startCollector } from '../../collector-config/stack/collector.mjs';
import { freePort } from '../../collector-config/stack/ports.mjs';
import { DASHBOARDS } from '../support/dashboards.js';
import { type Addresses, ask, exemplars } from './dashboards/ask.js';
import { opened, range } from './dashboards/open.js';
import { sendEverything, type Telemetry } from './dashboards/telemetry.js';
import { type Backend, startBackend } from './support/backend.js';
import { collectorPlace, type Place, type Running } from './support/collector.js';
import { eventually } from './support/eventually.js';
import { queryMetric } from './support/prometheus.js';
import { CONFIG, readGroups } from './support/rules.js';
import { startPrometheus } from './support/start-prometheus.js';

type Prometheus = Awaited<ReturnType<typeof startPrometheus>>;

let place: Place;
let backend: Backend;
let pushed: Prometheus;
let scraping: Prometheus;
let collector: Running;
let sent: Telemetry;
let at: Addresses;

beforeAll(async () => {
  place = await collectorPlace();
  // Stands in for Loki and Jaeger, which no query here reads.
  backend = await startBackend();
  const [exporter, scrape] = documentedSettings(await freePort());
  const file = join(place.folder, 'exporter.yaml');
  await writeFile(file, exporter);
  const everyTwoSeconds = scrape.replace('job_name:', 'scrape_interval: 2s\n    job_name:');
  pushed = await startPrometheus(place.folder);
  scraping = await startPrometheus(place.folder, PROMETHEUS_FLAGS, everyTwoSeconds);
  at = { prometheus: scraping.url, loki: backend.url, jaeger: backend.url };
  const env = place.env({
    MCP_LOKI_ENDPOINT: `${backend.url}/otlp`,
    MCP_JAEGER_ENDPOINT: backend.url,
    MCP_PROMETHEUS_ENDPOINT: `${pushed.url}/api/v1/otlp`,
  });
  const files = [...configFiles({ backends: ['loki'] }), file];
  collector = await startCollector({ otelcol: place.otelcol, files, env });
  sent = await sendEverything(place.otlp, join(place.folder, 'sent'));
}, 240_000);

afterAll(async () => {
  await collector?.kill();
  await scraping?.stop();
  await pushed?.stop();
  await backend?.stop();
  await place.remove();
});

/** The two snippets of the README, with a port of this test. */
function documentedSettings(port: number): [string, string] {
  const text = readFileSync(join(CONFIG, 'prometheus/README.md'), 'utf8');
  const [exporter, scrape] = [...text.matchAll(/^ {2}```yaml\n([\s\S]*?)^ {2}```/gm)].map(([, snippet]) =>
    (snippet as string).replace(/^ {2}/gm, '').replace(':9464', `:${port}`),
  );
  if (exporter === undefined || scrape === undefined) throw new Error('no settings for a Prometheus of your own');
  return [exporter, scrape];
}

const queries = DASHBOARDS.flatMap((dashboard) =>
  dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets
      .filter(({ datasource }) => datasource.type === 'prometheus')
      .map((target) => ({ name: `${dashboard.uid}: ${title} ${target.refId}`, dashboard, target })),
  ),
);

it.each(queries)('$name returns data', async ({ dashboard, target }) => {
  const found = async () => ask(target, await opened(dashboard, sent.traceId, at), range(), at);
  await eventually('data', found, { accept: ({ length }) => length > 0 });
});

it.each(queries.filter(({ target }) => target.exemplar))('$name has exemplars', async ({ dashboard, target }) => {
  const ids = async () => exemplars(target, await opened(dashboard, sent.traceId, at), range(), at);
  await eventually('exemplar', ids, { accept: (found) => found.includes(sent.traceId) });
});

it('the rules select the same series as where the Collector pushes', async () => {
  const exprs = (await readGroups('prometheus/rules')).flatMap(({ rules }) => rules.map(({ expr }) => expr));
  const selectors = [...new Set(exprs.flatMap((expr) => expr.match(/\b(?:mcp|otelcol)_\w+(?:\{[^}]*\})?/g) ?? []))];
  // Without `le`: a bound is "10" over OTLP and "10.0" where Prometheus scrapes.
  const by = exprs.flatMap((expr) => expr.match(/(?<=by \()[^)]+/g) ?? []).flatMap((list) => list.split(', '));
  // Without `instance` for applications that give none: where Prometheus scrapes, they have that of the Collector.
  const labelsOf = (selector: string) =>
    [...new Set(by)].filter((label) => label !== 'le' && (label !== 'instance' || !selector.startsWith('mcp_')));
  const seriesOf = async ({ url }: Prometheus) => {
    const counts = await Promise.all(
      selectors.map((each) => queryMetric(url, `count by (${labelsOf(each)}) (${each})`)),
    );
    return counts.map((series, index) => [selectors[index], series.map((one) => JSON.stringify(one)).sort()]);
  };
  const differing = async () => {
    const [one, other] = [await seriesOf(pushed), await seriesOf(scraping)];
    return one.flatMap((each, index) => (isDeepStrictEqual(each, other[index]) ? [] : [[each, other[index]]]));
  };
  await eventually('the same series', differing, { accept: ({ length }) => length === 0, timeoutMs: 30_000 });
});
