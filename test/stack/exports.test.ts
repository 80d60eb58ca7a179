/**
 * Records through the real Collector and its exporters, and back: what the archive, the real Loki, and a strict stand-in for Datadog
 * have of them is enough to prove each record, and shows a changed attribute. For Elasticsearch, see `elastic.test.ts`.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { startCollector } from '../../collector-config/stack/collector.mjs';
import { datadogExporters, startDatadog } from './stand-ins/datadog.mjs';
import { collectorPlace, type Place, type Running } from './support/collector.js';
import { getJson } from './support/json.js';
import { deliver, logsRequest } from './support/otlp.js';
import { logRecords, provesTheChain } from './support/signed-chain.js';
import { startLoki } from './support/start-loki.js';

const DATADOG_KEY = '0123456789abcdef0123456789abcdef';

let place: Place;
let collector: Running;
let loki: Awaited<ReturnType<typeof startLoki>>;
let datadog: Awaited<ReturnType<typeof startDatadog>>;

beforeAll(async () => {
  place = await collectorPlace();
  loki = await startLoki({ folder: join(place.folder, 'loki') });
  datadog = await startDatadog({ key: DATADOG_KEY });
  const datadogKey = join(place.folder, 'datadog-key');
  const elsewhere = join(place.folder, 'stand-in.yaml');
  await writeFile(datadogKey, DATADOG_KEY);
  await writeFile(elsewhere, JSON.stringify({ exporters: datadogExporters(datadog.url) }));
  collector = await startCollector({
    otelcol: place.otelcol,
    files: [...place.files({ backends: ['loki', 'datadog', 'archive-file'] }), elsewhere],
    env: place.env({ MCP_LOKI_ENDPOINT: `${loki.url}/otlp`, MCP_DATADOG_API_KEY_FILE: datadogKey }),
  });
  await deliver(place.otlp, logsRequest(logRecords()));
});

afterAll(async () => {
  await collector?.stop();
  await loki?.stop();
  await datadog?.stop();
  await place?.remove();
});

/** Everything that a source exports, as lines, once it has all records. */
const SOURCES: Readonly<Record<string, () => Promise<string[]>>> = {
  'the archive of the Collector': async () => {
    const folder = place.env({})['MCP_ARCHIVE_DIR'] as string;
    const texts = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')));
    return texts.flatMap((text) => text.split('\n').filter(Boolean));
  },
  'the API of Loki': () => lokiAnswer({}),
  'the API of Loki, labels by kind': () => lokiAnswer({ 'x-loki-response-encoding-flags': 'categorize-labels' }),
  'the API of Loki, lines parsed': () => lokiAnswer({}, ' | json'),
  'logs as Datadog receives them': async () => datadog.logs.map(({ fields: _, ...log }) => JSON.stringify(log)),
};

async function lokiAnswer(headers: Record<string, string>, pipeline = ''): Promise<string[]> {
  const url = new URL('/loki/api/v1/query_range', loki.url);
  const range = { start: `${Date.now() - 3_600_000}000000`, end: `${Date.now() + 60_000}000000` };
  url.search = String(new URLSearchParams({ query: `{service_name="weather"}${pipeline}`, limit: '5000', ...range }));
  return [JSON.stringify(await getJson(url, { 'x-scope-orgid': 'mcp-audit', ...headers }))];
}

describe.each(Object.entries(SOURCES))('%s', (name, read) => provesTheChain(name, () => place.folder, read));
