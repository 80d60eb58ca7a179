/** An OTLP/HTTP JSON receiver on a free loopback port that keeps spans, metrics and log records as plain objects. */
import { once } from 'node:events';
import { createServer } from 'node:http';

const plainValue = (value) => {
  if (value.arrayValue) return (value.arrayValue.values ?? []).map(plainValue);
  if (value.intValue !== undefined) return Number(value.intValue);
  return value.stringValue ?? value.doubleValue ?? value.boolValue;
};

const plainAttributes = (attributes = []) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, plainValue(value)]));

const spansOf = ({ resourceSpans = [] }) =>
  resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) =>
      spans.map((span) => ({
        ...span,
        attributes: plainAttributes(span.attributes),
        resource: plainAttributes(resource.attributes),
        scope,
      })),
    ),
  );

const metricsOf = ({ resourceMetrics = [] }) =>
  resourceMetrics.flatMap(({ resource, scopeMetrics }) =>
    scopeMetrics.flatMap(({ scope, metrics }) =>
      metrics.map((metric) => ({
        ...metric,
        points: (metric.histogram?.dataPoints ?? []).map((point) => ({
          ...point,
          attributes: plainAttributes(point.attributes),
        })),
        resource: plainAttributes(resource.attributes),
        scope,
      })),
    ),
  );

const logsOf = ({ resourceLogs = [] }) =>
  resourceLogs.flatMap(({ resource, scopeLogs }) =>
    scopeLogs.flatMap(({ scope, logRecords }) =>
      logRecords.map((record) => ({
        ...record,
        body: plainValue(record.body),
        attributes: plainAttributes(record.attributes),
        resource: plainAttributes(resource.attributes),
        scope,
      })),
    ),
  );

const recordId = ({ attributes, observedTimeUnixNano, body }) =>
  attributes['audit.record.id'] ?? `${observedTimeUnixNano} ${JSON.stringify(body)}`;

/** Without those that are there: a batch that is sent again at `process.exit()` arrives twice (docs/lifecycle.md). */
const notIn = (received, items, idOf) => items.filter((item) => !received.some((other) => idOf(other) === idOf(item)));

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

/** @returns a receiver; `spans`, `metrics` and `logs` are the received telemetry, `close` stops it. */
export async function startReceiver() {
  const received = { spans: [], metrics: [], logs: [], errors: [] };
  const take = {
    '/v1/traces': (body) => received.spans.push(...notIn(received.spans, spansOf(body), ({ spanId }) => spanId)),
    '/v1/metrics': (body) => received.metrics.push(...metricsOf(body)),
    '/v1/logs': (body) => received.logs.push(...notIn(received.logs, logsOf(body), recordId)),
  };
  const server = createServer(async (request, response) => {
    try {
      take[request.url](await bodyOf(request));
      response.setHeader('content-type', 'application/json').end('{}');
    } catch (error) {
      received.errors.push(`${request.method} ${request.url}: ${error.message}`);
      response.writeHead(400).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    ...received,
    endpoint: `http://127.0.0.1:${server.address().port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Environment variables for an SDK to export everything to a receiver. */
export const exportTo = (endpoint) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  OTEL_TRACES_EXPORTER: 'otlp',
  OTEL_METRICS_EXPORTER: 'otlp',
  OTEL_LOGS_EXPORTER: 'otlp',
});
