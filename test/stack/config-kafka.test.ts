import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../collector-config/stack/ports.mjs';
import { startBroker } from './support/broker.js';
import { authority, certificates } from './support/certificates.js';
import { collectorPlace, type Place } from './support/collector.js';
import { eventually } from './support/eventually.js';
import { hex, logsRequest, post, tracesRequest } from './support/otlp.js';
import { auditFile, logsFile, metricsFile, readLogs, readMetrics, readSpans, tracesFile } from './support/sink.js';

const AGENT = { more: ['tiers/agent-kafka'] };
const GATEWAY = { backends: ['debug'], more: ['tiers/gateway-kafka'], sink: true };

type Program = Awaited<ReturnType<typeof startBroker>>;

let agent: Place;
let gateway: Place;
let other: Place;
let member: Record<string, string>;
let stranger: Record<string, string>;
let broker: () => Promise<Program>;
const running: Program[] = [];

beforeAll(async () => {
  agent = await collectorPlace();
  gateway = await collectorPlace();
  other = await collectorPlace();
  const { ours } = await certificates(agent.folder);
  const port = await freePort();
  const variables = ({ cert, key }: { cert: string; key: string }) => ({
    MCP_KAFKA_BROKERS: `[127.0.0.1:${port}]`,
    MCP_KAFKA_CA_FILE: ours.ca,
    MCP_KAFKA_CERT_FILE: cert,
    MCP_KAFKA_KEY_FILE: key,
  });
  member = variables(await ours.issue('member'));
  stranger = variables(await (await authority(agent.folder, 'theirs')).issue('stranger'));
  const server = await ours.issue('broker');
  const data = join(agent.folder, 'kafka');
  broker = () => started(startBroker(port, data, { ...server, ca: ours.ca }));
});
afterEach(async () => {
  for (const program of running.splice(0).reverse()) await program.kill();
});
afterAll(() => Promise.all([agent, gateway, other].map(({ remove }) => remove())));

async function started(program: Promise<Program>): Promise<Program> {
  running.push(await program);
  return program;
}

async function acknowledged(count: number): Promise<string[]> {
  const bodies = Array.from({ length: count }, () => JSON.stringify({ id: randomUUID(), text: ' «ü» pw=x \r\n' }));
  for (const body of bodies)
    expect(
      await post(agent.otlp, '/v1/logs', logsRequest([{ eventName: 'mcp_audit.response', body }, { body: 'a log' }])),
    ).toMatchObject({ status: 200 });
  return bodies;
}

const bodies = async (file: string) => (await readLogs(file)).map(({ body }) => body.stringValue);

const allArrive = (records: readonly string[]) =>
  eventually('all records', () => bodies(auditFile(gateway.sink)), {
    accept: (found) => records.every((record) => found.includes(record)),
    timeoutMs: 90_000,
  });

it('carries all signals, unchanged audit records, and each trace whole to one of two gateways', async () => {
  await broker();
  await started(gateway.start(GATEWAY, { ...member, MCP_TRACE_DECISION_WAIT: '5s' }));
  await started(other.start(GATEWAY, { ...member, MCP_TRACE_DECISION_WAIT: '5s' }));
  await started(agent.start(AGENT, member));
  const records = await acknowledged(10);
  const both = async (file: (folder: string) => string, read: (path: string) => Promise<any[]>) =>
    Promise.all([gateway, other].map(({ sink }) => read(file(sink))));
  await eventually('all records', async () => (await both(auditFile, bodies)).flat(), {
    accept: (found) => records.every((record) => found.includes(record)),
    timeoutMs: 60_000,
  });
  await eventually('logs', async () => (await both(logsFile, bodies)).flat(), {
    accept: (found) => found.includes('a log'),
  });
  expect((await both(logsFile, bodies)).flat().filter((body) => body !== 'a log')).toEqual([]);
  // Includes the agent's own metrics.
  const uptimes = async () => {
    const metrics = (await both(metricsFile, readMetrics)).flat();
    return metrics.filter(({ name }) => name === 'otelcol_exporter_sent_spans');
  };
  const ids = Array.from({ length: 40 }, () => hex(16));
  for (const name of ['agent', 'client', 'server'])
    await post(agent.otlp, '/v1/traces', tracesRequest(ids.map((traceId) => ({ name, traceId }))));
  const found = await eventually('all spans', () => both(tracesFile, readSpans), {
    accept: (all) => all.flat().length >= ids.length * 3,
    timeoutMs: 60_000,
  });
  for (const id of ids) expect(found.filter((spans) => spans.some(({ traceId }) => traceId === id))).toHaveLength(1);
  await eventually('metrics', uptimes, { accept: (metrics) => metrics.length > 0 });
});

it('loses nothing when broker, agent and gateway die one after another', async () => {
  let one = await started(agent.start(AGENT, member));
  const records = await acknowledged(10); // Without a broker, they wait at the agent.
  await one.kill();
  const first = await broker();
  one = await started(agent.start(AGENT, member));
  records.push(...(await acknowledged(10)));
  const reader = await started(gateway.start(GATEWAY, member));
  await eventually('some', () => bodies(auditFile(gateway.sink)), { accept: (all) => all.includes(records[0]) });
  await reader.kill();
  records.push(...(await acknowledged(10)));
  await first.kill();
  records.push(...(await acknowledged(10)));
  await one.kill();
  await broker();
  await started(agent.start(AGENT, member));
  await started(gateway.start(GATEWAY, member));
  await allArrive(records);
}, 240_000);

it('a broker refuses an agent with a foreign certificate, and the agent keeps its records', async () => {
  await broker();
  await started(gateway.start(GATEWAY, member));
  const wrong = await started(agent.start(AGENT, stranger));
  const records = await acknowledged(3);
  await eventually('a refusal', () => /unknown certificate authority|bad certificate|tls:/.test(wrong.output));
  expect(await bodies(auditFile(gateway.sink))).not.toContain(records[0]);
  await wrong.kill();
  await started(agent.start(AGENT, member));
  await allArrive(records);
});
