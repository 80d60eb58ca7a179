import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROMETHEUS_FLAGS } from '../../collector-config/stack/backends.mjs';
import { eventually } from './support/eventually.js';
import { getJson } from './support/json.js';
import { type CallsInput, callsRequest } from './support/metrics.js';
import { hex, post } from './support/otlp.js';
import { queryMetric } from './support/prometheus.js';
import { scratch } from './support/scratch.js';
import { startPrometheus } from './support/start-prometheus.js';

const MINUTE = 60_000;
const RESOURCE = {
  'service.name': 'weather',
  'service.namespace': 'shop',
  'service.instance.id': 'one',
  'deployment.environment.name': 'test',
  'host.name': 'not-a-label',
};

let place: Awaited<ReturnType<typeof scratch>>;
const started: Awaited<ReturnType<typeof startPrometheus>>[] = [];

async function start(flags: readonly string[]): Promise<string> {
  const program = await startPrometheus(place.folder, flags);
  started.push(program);
  return program.url;
}

const send = async (url: string, ...series: CallsInput[]) =>
  post(url, '/api/v1/otlp/v1/metrics', callsRequest(series, RESOURCE));

/** Twenty successful calls in four minutes, and seconds ago the first twelve failures. */
const firstIncident = (now = Date.now()): CallsInput[] => [
  {
    attributes: { 'gen_ai.tool.name': 'forecast' },
    startMs: now - 5 * MINUTE,
    points: [
      { timeMs: now - 4 * MINUTE, calls: 10 },
      { timeMs: now - 2 * MINUTE, calls: 20 },
      { timeMs: now, calls: 30 },
    ],
  },
  {
    attributes: { 'gen_ai.tool.name': 'forecast', 'error.type': 'tool_error' },
    startMs: now - 5_000,
    points: [{ timeMs: now, calls: 12 }],
  },
];

/** Firing alerts with a name. */
const firing = async (url: string, name: string) => {
  const { data } = await getJson(`${url}/api/v1/alerts`);
  return data.alerts.filter(({ labels, state }: any) => labels.alertname === name && state === 'firing');
};

/** The API reports only the last evaluation of a group, not their number. */
const evaluatedAfter = (url: string, timeMs: number) =>
  eventually('evaluation of the rules', async () => {
    const { data } = await getJson(`${url}/api/v1/rules`);
    return data.groups.every(({ lastEvaluation }: any) => Date.parse(lastEvaluation) > timeMs);
  });

beforeAll(async () => {
  place = await scratch();
});
afterAll(async () => {
  await Promise.all(started.map((program) => program.stop()));
  await place.remove();
});

describe('Prometheus', () => {
  let url: string;
  beforeAll(async () => {
    url = await start([...PROMETHEUS_FLAGS, '--web.enable-admin-api']);
  });

  it('fires on the first errors of a tool, with its labels in the text', async () => {
    expect((await send(url, ...firstIncident())).status).toBe(200);
    const [alert] = await eventually('alert', () => firing(url, 'McpToolErrorRatio'), {
      accept: (alerts: any[]) => alerts.length > 0,
    });
    expect(alert.labels).toMatchObject({ service_name: 'weather', gen_ai_tool_name: 'forecast', severity: 'warning' });
    expect(alert.annotations.summary).toBe('More than 20 % of the calls of forecast fail');
    expect(alert.annotations.description).toMatch(/^\d+\.?\d*% of the calls of tool forecast in weather /);
  });

  it('has exactly the resource labels that rules and dashboards read', async () => {
    const [sample] = await queryMetric(url, 'mcp_server_operation_duration_seconds_count{error_type=""}');
    expect(sample?.labels).toEqual({
      __name__: 'mcp_server_operation_duration_seconds_count',
      job: 'shop/weather',
      instance: 'one',
      service_name: 'weather',
      service_namespace: 'shop',
      deployment_environment_name: 'test',
      mcp_method_name: 'tools/call',
      gen_ai_tool_name: 'forecast',
    });
    const bounds = await queryMetric(url, 'mcp_server_operation_duration_seconds_bucket{error_type="", le=~"10|0.5"}');
    expect(bounds.map(({ labels }) => labels.le).sort()).toEqual(['0.5', '10']);
  });

  it('links a measurement to its trace', async () => {
    const traceId = hex(16);
    const now = Date.now();
    const series = { attributes: { 'gen_ai.tool.name': 'traced' }, startMs: now - 1_000, traceId };
    await send(url, { ...series, points: [{ timeMs: now, calls: 1 }] });
    const query = new URLSearchParams({
      query: 'mcp_server_operation_duration_seconds_bucket{gen_ai_tool_name="traced"}',
      start: String(now / 1000 - 60),
      end: String(now / 1000 + 60),
    });
    const { data } = await getJson(`${url}/api/v1/query_exemplars?${query}`);
    expect(data[0].exemplars[0].labels).toMatchObject({ trace_id: traceId });
  });

  it('accepts metrics an hour late, and rejects them three hours late', async () => {
    const now = Date.now();
    const late = (minutes: number): CallsInput => ({
      attributes: { 'gen_ai.tool.name': 'late' },
      startMs: now - 300 * MINUTE,
      points: [{ timeMs: now - minutes * MINUTE, calls: 5 }],
    });
    expect((await send(url, late(0))).status).toBe(200);
    expect((await send(url, late(60))).status).toBe(200);
    expect((await send(url, late(180))).status).toBe(400);
  });

  it('deletes series with the admin API enabled', async () => {
    const selector = 'mcp_server_operation_duration_seconds_count{gen_ai_tool_name="late"}';
    expect(await queryMetric(url, selector)).toHaveLength(1);
    const match = new URLSearchParams({ 'match[]': '{gen_ai_tool_name="late"}' });
    expect((await post(url, `/api/v1/admin/tsdb/delete_series?${match}`, {})).status).toBe(204);
    expect((await post(url, '/api/v1/admin/tsdb/clean_tombstones', {})).status).toBe(204);
    expect(await queryMetric(url, selector)).toEqual([]);
  });
});

describe('Prometheus without the flags', () => {
  it('misses the first incident without created-timestamp-zero-ingestion', async () => {
    const url = await start(['--web.enable-otlp-receiver']);
    const sentAt = Date.now();
    expect((await send(url, ...firstIncident())).status).toBe(200);
    await eventually(
      'data',
      () => queryMetric(url, 'mcp_server_operation_duration_seconds_count{error_type!=""} == 12'),
      {
        accept: (samples) => samples.length === 1,
      },
    );
    await evaluatedAfter(url, sentAt + 3_000);
    expect(await firing(url, 'McpToolErrorRatio')).toEqual([]);
  });

  it('rejects the Collector without web.enable-otlp-receiver', async () => {
    const url = await start([]);
    expect((await send(url, ...firstIncident())).status).toBe(404);
  });

  it('does not delete without web.enable-admin-api', async () => {
    const url = await start(PROMETHEUS_FLAGS);
    const answer = await post(url, '/api/v1/admin/tsdb/delete_series?match[]=up', {});
    expect(answer.text).toContain('admin APIs disabled');
  });
});
