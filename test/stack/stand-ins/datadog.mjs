/**
 * A small, strict stand-in for Datadog's intake: only the endpoints that the Collector's exporter uses.
 * Parses payloads with Datadog's own definitions: the models of its API client, and its protobuf files.
 */
import { v2 } from '@datadog/datadog-api-client';
import { ObjectSerializer } from '@datadog/datadog-api-client/dist/packages/datadog-api-client-v2/models/ObjectSerializer.js';
import { datadogDecoders } from './datadog-protobuf.mjs';
import { json, Refused, startServer } from './server.mjs';
import { unparsed } from './unparsed.mjs';

// Documented limits of Datadog's log intake.
const MAX_LOGS = 1_000;
const MAX_PAYLOAD_BYTES = 5_000_000;
const MAX_LOG_BYTES = 1_000_000;
/** Members that the agent's sender adds to the published model. */
const LOG_KEYS = [
  'message',
  'status',
  'timestamp',
  ...Object.values(v2.HTTPLogItem.getAttributeTypeMap()).map(({ baseName }) => baseName),
];

/** @typedef {Record<string, any> & { fields: Record<string, any> }} Log an item, with the parsed JSON of its message */

/** @param {{ key: string, port?: number }} options with the valid API key */
export async function startDatadog({ key, port }) {
  const decoders = await datadogDecoders();
  /** @type {Log[]} */ const logs = [];
  /** @type {any[]} */ const series = [];
  /** @type {any[]} */ const sketches = [];
  /** @type {any[]} */ const spans = [];
  /** @type {{ status: number | undefined }} */ const plan = { status: undefined };
  /** Rejected log requests, by status. @type {Map<number, number>} */
  const refused = new Map();

  /** @type {Record<string, (received: import('./server.mjs').Received) => void>} */
  const intake = {
    '/api/v2/logs': ({ body }) => {
      const items = json(body, 'the logs');
      if (!Array.isArray(items)) {
        // The agent checks the connection with an empty object.
        if (Object.keys(items).length > 0) throw new Refused(400, 'no list of logs');
        return;
      }
      if (items.length > MAX_LOGS || body.length > MAX_PAYLOAD_BYTES)
        throw new Refused(413, `${items.length} logs of ${body.length} bytes are too much`);
      logs.push(...items.map(log));
    },
    '/api/v2/series': ({ headers, body }) => {
      if (headers['content-type'] === 'application/x-protobuf') series.push(...(decoders.series(body).series ?? []));
      else series.push(...checked('MetricPayload', json(body, 'the series')).series);
    },
    '/api/beta/sketches': ({ body }) => {
      sketches.push(...(decoders.sketches(body).sketches ?? []));
    },
    '/api/v0.2/traces': ({ body }) => {
      for (const { chunks = [] } of decoders.traces(body).tracerPayloads ?? [])
        spans.push(...chunks.flatMap(({ spans = [] }) => spans));
    },
  };

  const server = await startServer({
    port,
    refuse: ({ status, message }) => ({ status, body: { errors: [message] } }),
    handle(received) {
      const { method, url, headers } = received;
      const given = headers['dd-api-key'] ?? url.searchParams.get('api_key');
      if (given !== key) return { status: 403, body: { errors: ['Forbidden'] } };
      if (method === 'GET' && url.pathname === '/api/v1/validate') return { status: 200, body: { valid: true } };
      const take = intake[url.pathname];
      if (method !== 'POST' || !take) throw new Refused(404, `nothing at ${method} ${url.pathname}`);
      if (plan.status && url.pathname === '/api/v2/logs') {
        refused.set(plan.status, (refused.get(plan.status) ?? 0) + 1);
        return { status: plan.status, body: { errors: ['told to'] } };
      }
      take(received);
      return { status: 202, body: {} };
    },
  });

  return { ...server, logs, series, sketches, spans, plan, refused };
}

/** Configuration that points `backends/datadog.yaml` to a stand-in. @param {string} url */
export function datadogExporters(url) {
  const here = { endpoint: url };
  const names = ['audit', 'logs', 'traces', 'metrics'].map((signal) => `datadog/${signal}`);
  return Object.fromEntries(names.map((name) => [name, { logs: here, metrics: here, traces: here }]));
}

/** @param {any} item @returns {Log} */
function log(item) {
  const unknown = Object.keys(item).filter((name) => !LOG_KEYS.includes(name));
  if (unknown.length > 0) throw new Refused(400, `a log has unknown members: ${unknown}`);
  if (Buffer.byteLength(JSON.stringify(item)) > MAX_LOG_BYTES) throw new Refused(413, 'a log is too large');
  const { status, timestamp, ...published } = item;
  checked('HTTPLogItem', published);
  if (typeof status !== 'string' || !Number.isInteger(timestamp))
    throw new Refused(400, 'a log without status and timestamp');
  return { ...item, fields: json(Buffer.from(item.message), 'the message of a log') };
}

/** Parses a payload with a model of the API client. @param {string} model @param {unknown} payload */
function checked(model, payload) {
  const parsed = ObjectSerializer.deserialize(payload, model, '');
  const [wrong] = unparsed(parsed);
  if (wrong) throw new Refused(400, `no ${model}: ${wrong}`);
  return parsed;
}
