import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { authority, certificates } from './support/certificates.js';
import { collectorPlace, type Place, type Running } from './support/collector.js';
import { eventually } from './support/eventually.js';
import { hex, logsRequest, post, tracesRequest } from './support/otlp.js';
import { auditFile, logsFile, readLogs, readSpans, tracesFile } from './support/sink.js';

const GATEWAY = { backends: ['debug'], overlays: ['tls'], sink: true };
const AGENT = { more: ['tiers/agent'] };

let agent: Place;
let gateways: [Place, Place];
let server: Record<string, string>;
let client: Record<string, string>;
let stranger: Record<string, string>;
let misled: Record<string, string>;
const running: Running[] = [];

beforeAll(async () => {
  agent = await collectorPlace();
  gateways = [await collectorPlace(), await collectorPlace()];
  const { ours, server: overlay } = await certificates(agent.folder);
  server = overlay;
  const address = ({ ports }: Place) => `127.0.0.1:${ports['MCP_OTLP_GRPC_PORT']}`;
  const variables = ({ cert, key }: { cert: string; key: string }) => ({
    MCP_GATEWAY_ENDPOINT: address(gateways[0]),
    MCP_GATEWAYS: `[${gateways.map(address).join(', ')}]`,
    MCP_GATEWAY_CA_FILE: ours.ca,
    MCP_GATEWAY_CERT_FILE: cert,
    MCP_GATEWAY_KEY_FILE: key,
  });
  client = variables(await ours.issue('agent'));
  const theirs = await authority(agent.folder, 'theirs');
  stranger = variables(await theirs.issue('stranger'));
  misled = { ...client, MCP_GATEWAY_CA_FILE: theirs.ca };
});
afterEach(async () => {
  for (const one of running.splice(0)) {
    await one.kill();
  }
});
afterAll(() => Promise.all([agent, ...gateways].map(({ remove }) => remove())));

async function start(place: Place, choice: Parameters<Place['start']>[0], env: Record<string, string>) {
  const collector = await place.start(choice, env);
  running.push(collector);
  return collector;
}

const send = async (path: string, request: unknown) =>
  expect(await post(agent.otlp, path, request)).toMatchObject({ status: 200 });

it('sends each trace whole to one gateway, and uses all gateways', async () => {
  for (const gateway of gateways) await start(gateway, GATEWAY, { ...server, MCP_TRACE_DECISION_WAIT: '3s' });
  await start(agent, AGENT, client);
  const ids = Array.from({ length: 60 }, () => hex(16));
  for (const name of ['agent', 'client', 'server', 'database'])
    await send('/v1/traces', tracesRequest(ids.map((traceId) => ({ name, traceId }))));

  const spans = () => Promise.all(gateways.map(({ sink }) => readSpans(tracesFile(sink))));
  const found = await eventually('all spans', spans, { accept: (all) => all.flat().length >= ids.length * 4 });
  const at = found.map((all) => new Set(all.map(({ traceId }) => traceId)));
  for (const id of ids) {
    expect(at.filter((seen) => seen.has(id))).toHaveLength(1);
    const names = found
      .flat()
      .filter(({ traceId }) => traceId === id)
      .map(({ name }) => name);
    expect(names.sort()).toEqual(['agent', 'client', 'database', 'server']);
  }
  for (const seen of at) expect(seen.size).toBeGreaterThan(5);
});

it('only gateways sample, over spans that arrive in parts', async () => {
  const percent = { MCP_TRACE_SAMPLE_PERCENT: '0', MCP_TRACE_DECISION_WAIT: '8s' };
  for (const gateway of gateways) await start(gateway, GATEWAY, { ...server, ...percent });
  await start(agent, AGENT, { ...client, ...percent });
  const ids = Array.from({ length: 20 }, () => hex(16));
  await send('/v1/traces', tracesRequest(ids.map((traceId) => ({ name: 'first', traceId }))));
  await send('/v1/traces', tracesRequest([{ name: 'dropped', traceId: hex(16) }]));
  await setTimeout(1_000);
  await send('/v1/traces', tracesRequest(ids.map((traceId) => ({ name: 'failed', traceId, error: true }))));
  const read = async () => (await Promise.all(gateways.map(({ sink }) => readSpans(tracesFile(sink))))).flat();
  const ours = async () => (await read()).filter(({ traceId }) => ids.includes(traceId));
  await eventually('both spans of every trace', ours, { accept: (all) => all.length >= 40 });
  expect((await read()).map(({ name }) => name)).not.toContain('dropped');
});

it('audit records wait at the agent for their gateway, even if the agent is killed', async () => {
  const records = Array.from({ length: 30 }, () => ({
    eventName: 'mcp_audit.response',
    body: JSON.stringify({ id: randomUUID(), text: ' «ü» password=hunter2 \r\n' }),
  }));
  const first = await start(agent, AGENT, client);
  for (const record of records) await send('/v1/logs', logsRequest([record, { body: 'hello' }]));
  await first.kill();
  await start(agent, AGENT, client);
  await start(gateways[0], GATEWAY, server);
  const read = async () => (await readLogs(auditFile(gateways[0].sink))).map(({ body }) => body.stringValue);
  await eventually('all records', read, {
    accept: (bodies) => records.every(({ body }) => bodies.includes(body)),
    timeoutMs: 60_000,
  });
  await send('/v1/logs', logsRequest([{ body: 'a log' }]));
  const logs = async () => (await readLogs(logsFile(gateways[0].sink))).map(({ body }) => body.stringValue);
  await eventually('a log', logs, { accept: (bodies) => bodies.includes('a log') });
});

it.each([
  ['gateways refuse an agent with a foreign certificate', () => stranger],
  ['an agent refuses gateways of another CA', () => misled],
])('%s, and it keeps its records', async (_, variables) => {
  await start(gateways[0], GATEWAY, server);
  const wrong = await start(agent, AGENT, variables());
  const body = JSON.stringify({ id: randomUUID() });
  await send('/v1/logs', logsRequest([{ eventName: 'mcp_audit.response', body }]));
  await eventually('a refusal', () => /unknown authority|certificate/.test(wrong.output));
  const read = async () => (await readLogs(auditFile(gateways[0].sink))).map((record) => record.body.stringValue);
  expect(await read()).not.toContain(body);
  await wrong.kill();
  await start(agent, AGENT, client);
  await eventually('it, from the right one', read, { accept: (bodies) => bodies.includes(body), timeoutMs: 60_000 });
});
