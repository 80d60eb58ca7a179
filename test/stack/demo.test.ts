import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Stack, startStack } from '../../collector-config/stack/stack.mjs';
import { runDemo, type Sent } from './support/demo.js';
import { eventually } from './support/eventually.js';
import { type Line, queryLines } from './support/loki.js';
import { queryMetric } from './support/prometheus.js';
import { scratch } from './support/scratch.js';

/** Duration buckets of the conventions, in seconds. */
const BUCKETS = ['0.01', '0.02', '0.05', '0.1', '0.2', '0.5', '1', '2', '5', '10', '30', '60', '120', '300', '+Inf'];

const place = await scratch();
let stack: Stack;
let sent: Sent;

beforeAll(async () => {
  // Every trace is kept, so decide at once.
  stack = await startStack({ folder: place.folder, env: { MCP_TRACE_DECISION_WAIT: '1s' } });
  sent = await runDemo(stack.urls.otlp);
}, 180_000);

afterAll(async () => {
  await stack?.stop();
  await place.remove();
});

describe('the audit records of the demo, read back from Loki', () => {
  const everything = '{service_name=~".+"} | event_name=~"mcp_audit[.].+"';
  const read = (query: string, count: number) =>
    eventually(`${count} lines of ${query}`, () => queryLines(stack.urls.loki, query), {
      accept: (lines) => lines.length >= count,
      timeoutMs: 60_000,
    });
  const having = (condition: (fields: Record<string, any>) => boolean) =>
    sent.records.filter(({ fields }) => condition(fields)).map(({ line }) => line);
  const texts = (lines: readonly Line[]) => lines.map(({ text }) => text).sort();

  it('are complete, byte for byte, once each', async () => {
    expect(sent.records.length).toBeGreaterThan(50);
    const lines = await read(everything, sent.records.length);
    expect(texts(lines)).toEqual(sent.records.map(({ line }) => line).sort());
  });

  it('keep their event name', async () => {
    for (const { labels, text } of await read(everything, sent.records.length)) {
      expect(labels.event_name).toBe(JSON.parse(text).event_name);
    }
  });

  it.each([
    ['correlation id', 'mcp_audit_correlation_id', (fields: any) => fields['mcp_audit.correlation.id']],
    ['user', 'audit_actor_id', (fields: any) => fields['audit.actor.id']],
    ['tool', 'gen_ai_tool_name', (fields: any) => fields['gen_ai.tool.name']],
  ])('are found by %s', async (_, label, of) => {
    const value = of(sent.records.find(({ fields }) => fields['gen_ai.tool.name'] === 'book_trip')?.fields);
    const wanted = having((fields) => of(fields) === value).sort();
    expect(wanted.length).toBeGreaterThan(0);
    expect(wanted.length).toBeLessThan(sent.records.length);
    const lines = await read(`${everything} | ${label}=${JSON.stringify(value)}`, wanted.length);
    expect(texts(lines)).toEqual(wanted);
  });

  it('are not among the other logs', async () => {
    await read(everything, sent.records.length);
    expect(await queryLines(stack.urls.loki, '{service_name=~".+"}', { tenant: 'mcp-logs' })).toEqual([]);
  });
});

describe('the metrics of the demo, read back from Prometheus', () => {
  it.each(['client', 'server'])(
    'have the duration of %s operations in the buckets of the conventions',
    async (side) => {
      const name = `mcp_${side}_operation_duration_seconds_bucket`;
      const query = `${name}{mcp_method_name="tools/call"}`;
      const samples = await eventually(query, () => queryMetric(stack.urls.prometheus, query), {
        accept: (found) => found.length > 0,
        timeoutMs: 60_000,
      });
      expect(new Set(samples.map(({ labels }) => labels.le))).toEqual(new Set(BUCKETS));
    },
  );

  it('count every tool call, by tool and error type', async () => {
    const query =
      'sum by (gen_ai_tool_name, error_type) (mcp_server_operation_duration_seconds_count{mcp_method_name="tools/call"})';
    const counts = await eventually(query, () => queryMetric(stack.urls.prometheus, query), {
      accept: (found) => found.length >= 5,
      timeoutMs: 60_000,
    });
    const rows = counts.map(({ labels, value }) => [labels.gen_ai_tool_name, labels.error_type ?? '', value]);
    expect(rows.sort()).toEqual([
      // The caller chose a name that the server does not know.
      ['_OTHER', '-32603', 1],
      ['book_trip', 'tool_error', 1],
      ['check_visa', 'tool_error', 1],
      ['find_rooms', '', 1],
      ['plan_trip', '', 1],
    ]);
  });
});

describe.each([
  ['2025-11-25', 0],
  ['2026-07-28', 1], // The answer to a question is a second call, linked to the first.
])('the trace of the demo on %s, read back from Jaeger', (protocol, linked) => {
  let sent: Sent;
  let stored: JaegerSpan[];
  beforeAll(async () => {
    sent = await runDemo(stack.urls.otlp, protocol);
    stored = await eventually('whole trace', () => traceOf(stack.urls.jaeger, sent.traceId), {
      accept: (spans) => spans.length >= sent.spans.length,
      timeoutMs: 60_000,
    });
  });

  it('has exactly the sent spans, once each', () => {
    expect(stored.map(({ id }) => id).sort()).toEqual(sent.spans.map(({ spanId }) => spanId).sort());
  });

  it('has the same names and parents, and one root', () => {
    const outline = (spans: readonly any[]) =>
      spans.map(({ id, name, parentId }) => `${id} ${name} < ${parentId ?? 'nothing'}`).sort();
    const wanted = sent.spans.map((span) => ({ ...span, id: span.spanId, parentId: span.parentSpanId || undefined }));
    expect(outline(stored)).toEqual(outline(wanted));
    expect(stored.filter(({ parentId }) => parentId === undefined)).toHaveLength(1);
  });

  it('has the links', () => {
    const links = (spans: readonly { id: string; links: readonly string[] }[]) =>
      spans.flatMap(({ id, links }) => links.map((target) => `${id} → ${target}`)).sort();
    const wanted = sent.spans.map((span) => ({
      id: span.spanId,
      links: (span.links ?? []).map(({ spanId }: { spanId: string }) => spanId),
    }));
    expect(links(stored)).toEqual(links(wanted));
    expect(links(stored).length).toBeGreaterThanOrEqual(linked);
  });

  it('spans the three services', () => {
    expect(new Set(stored.map(({ service }) => service))).toEqual(new Set(['agent', 'travel', 'booking']));
  });
});

/** A span from Jaeger's API, with its scattered parts joined. */
interface JaegerSpan {
  readonly id: string;
  readonly parentId: string | undefined;
  readonly links: readonly string[];
  readonly name: string;
  readonly service: string;
  readonly kind: string | undefined;
  readonly tags: Record<string, unknown>;
}

/** All spans of a trace; empty if Jaeger does not have it. */
async function traceOf(base: string, traceId: string): Promise<JaegerSpan[]> {
  const response = await fetch(new URL(`/api/traces/${traceId}`, base));
  if (response.status === 404) return [];
  const { data } = (await response.json()) as any;
  return (data ?? []).flatMap(({ spans, processes }: any) => spans.map((span: any) => readable(span, processes)));
}

function readable(span: any, processes: any): JaegerSpan {
  const tags = Object.fromEntries(span.tags.map(({ key, value }: any) => [key, value]));
  const references = (type: string) =>
    span.references.filter(({ refType }: any) => refType === type).map(({ spanID }: any) => spanID as string);
  return {
    id: span.spanID,
    parentId: references('CHILD_OF')[0],
    links: references('FOLLOWS_FROM'),
    name: span.operationName,
    service: processes[span.processID].serviceName,
    kind: tags['span.kind'],
    tags,
  };
}
