/** Sends everything that the dashboards show: the demo, and what it leaves out. */
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startNode } from '../../../examples/demo/child.mjs';
import { MCP_DURATION_BUCKETS } from '../../../src/semconv/metrics.js';
import { runDemo, type Sent } from '../support/demo.js';
import { attributes, post } from '../support/otlp.js';

const FIXTURES = fileURLToPath(new URL('../../fixtures/', import.meta.url));
const REGISTER = new URL('../../../dist/esm/register.js', import.meta.url).href;

const POLICY = { version: 1, rules: [{ id: 'tables', tool: 'drop_*', sensitivity: 'highly_restricted' }] };

export interface Telemetry {
  readonly demo: Sent;
  /** A slow trace with application logs. */
  readonly traceId: string;
}

export async function sendEverything(otlp: string, folder: string): Promise<Telemetry> {
  await mkdir(folder, { recursive: true });
  const policy = join(folder, 'policy.json');
  await writeFile(policy, JSON.stringify(POLICY));

  const rest = run('the slow call', ['--import', REGISTER, `${FIXTURES}stack-rest.mjs`], {
    ...environment('reports', otlp),
    MCP_TRAIL_AUDIT_POLICY: policy,
    MCP_TRAIL_AUDIT_PATHS: '/mcp',
  });
  const demo = await runDemo(otlp);
  const server = ['--import', `${FIXTURES}audit-telemetry.mjs`, `${FIXTURES}audit-server.mjs`, 'v1', 'stdio'];
  const serverEnvironment = { ...environment('customers', otlp), MCP_TRAIL_AUDIT_FILE: join(folder, 'audit.jsonl') };
  await run('the audited client', ['--import', REGISTER, `${FIXTURES}audit-client.mjs`, 'v1', 'stdio', ...server], {
    ...environment('platform', otlp),
    SERVER_ENVIRONMENT: JSON.stringify(serverEnvironment),
  });
  const traceId = (await rest).trim();
  await post(otlp, '/v1/metrics', withExemplars(traceId));
  return { demo, traceId };
}

/** Runs a program to its end and returns its output. */
async function run(name: string, args: string[], env: Record<string, string>): Promise<string> {
  const { output, closed } = startNode(name, args, env);
  const { code } = await closed;
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${output.stderr}`);
  return output.stdout;
}

const environment = (service: string, otlp: string) => ({
  PATH: process.env['PATH'] ?? '',
  OTEL_SERVICE_NAME: service,
  OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=staging',
  OTEL_EXPORTER_OTLP_ENDPOINT: otlp,
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  OTEL_LOGS_EXPORTER: 'otlp',
  OTEL_METRICS_EXPORTER: 'otlp',
  OTEL_TRACES_EXPORTER: 'otlp',
  MCP_TRAIL_AUDIT: 'otel',
});

/** The four histograms with an exemplar each, which OpenTelemetry's JavaScript SDK does not send yet. */
function withExemplars(traceId: string) {
  const now = Date.now();
  const name = (side: string, what: string) => `mcp.${side}.${what}.duration`;
  const operation = { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 'drop_table' };
  const metrics = ['client', 'server'].flatMap((side) => [
    histogram(name(side, 'operation'), operation),
    histogram(name(side, 'session'), {}),
  ]);
  const resource = { attributes: attributes({ 'service.name': 'legacy', 'deployment.environment.name': 'staging' }) };
  return { resourceMetrics: [{ resource, scopeMetrics: [{ scope: { name: 'test' }, metrics }] }] };

  function histogram(metric: string, labels: Record<string, string>) {
    const timeUnixNano = `${now}000000`;
    const point = {
      attributes: attributes(labels),
      startTimeUnixNano: `${now - 30_000}000000`,
      timeUnixNano,
      count: '1',
      sum: 0.3,
      explicitBounds: MCP_DURATION_BUCKETS,
      bucketCounts: [...MCP_DURATION_BUCKETS, Number.POSITIVE_INFINITY].map((bound) => (bound === 0.5 ? '1' : '0')),
      exemplars: [{ timeUnixNano, asDouble: 0.3, traceId, spanId: randomBytes(8).toString('hex') }],
    };
    return { name: metric, unit: 's', histogram: { aggregationTemporality: 2, dataPoints: [point] } };
  }
}
