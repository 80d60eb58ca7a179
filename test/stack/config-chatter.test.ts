/** The commented line in base.yaml that drops frequent spans. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCollector } from '../../collector-config/stack/collector.mjs';
import { collectorPlace, type Place, type Running } from './support/collector.js';
import { eventually } from './support/eventually.js';
import { hex, post, tracesRequest } from './support/otlp.js';
import { allTracesFile, readSpans, tracesFile } from './support/sink.js';

const CHATTER = ['ping', 'tasks/get', 'notifications/progress'];
const OTHERS = ['tools/call', 'pings', 'tasks/result', undefined];

let place: Place;
let collector: Running;

beforeAll(async () => {
  place = await collectorPlace();
});
afterAll(async () => {
  await collector?.kill();
  await place.remove();
});

it('drops pings, polls and progress from traces once uncommented, and still counts them', async () => {
  const [base, ...others] = place.files({ backends: ['debug'], sink: true }) as [string, ...string[]];
  const text = await readFile(base, 'utf8');
  const changed = text.replace(/^( +)# (- 'IsMatch\(span\.attributes\["mcp\.method\.name"\].*)$/m, '$1$2');
  expect(changed).not.toBe(text);
  const file = join(place.folder, 'base.yaml');
  await writeFile(file, changed);
  collector = await startCollector({ otelcol: place.otelcol, files: [file, ...others], env: place.env({}) });
  const spans = [...CHATTER, ...OTHERS].map((method) => ({
    name: method ?? 'GET',
    traceId: hex(16),
    ...(method !== undefined && { attributes: { 'mcp.method.name': method } }),
  }));
  expect(await post(place.otlp, '/v1/traces', tracesRequest(spans))).toMatchObject({ status: 200 });
  const names = async (path: string) => (await readSpans(path)).map(({ name }) => name).sort();
  await eventually('the spans', async () => (await names(tracesFile(place.sink))).length >= OTHERS.length);
  expect(await names(tracesFile(place.sink))).toEqual(OTHERS.map((method) => method ?? 'GET').sort());
  expect(await names(allTracesFile(place.sink))).toEqual(spans.map(({ name }) => name).sort());
});
