/** Servers that make their own MCP spans: detected, and we can stand back. */
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startOtlpReceiver } from '../../examples/support/otlp-receiver.mjs';
import { Child } from './child.js';
import { HANDSHAKE } from './stdio-servers.js';
import { REMOTE } from './values.js';

let receiver: Awaited<ReturnType<typeof startOtlpReceiver>>;
beforeAll(async () => {
  receiver = await startOtlpReceiver();
});
beforeEach(() => {
  receiver.spans.length = 0;
  receiver.metrics.length = 0;
});
afterAll(() => receiver.close());

function call(id: number): string {
  const params = { name: 'echo', arguments: {}, _meta: { traceparent: REMOTE.traceparent } };
  return JSON.stringify({ jsonrpc: '2.0', id: `call ${id}`, method: 'tools/call', params });
}

async function serve(sdk: string, env: Record<string, string> = {}) {
  const child = new Child(['--import', 'mcp-trail/register', 'test/fixtures/other-scope-server.mjs', sdk], {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_LOGS_EXPORTER: 'none',
    ...env,
  });
  child.write(...HANDSHAKE);
  for (const id of [1, 2, 3]) {
    child.write(call(id));
    await child.printed(`"id":"call ${id}"`);
  }
  child.endInput();
  const { code, stderr } = await child.ended;
  expect(code).toBe(0);
  const scopes = receiver.spans
    .filter(({ name }) => name === 'tools/call echo')
    .map(({ scope }: any) => scope.name ?? scope);
  return { stderr, scopes: scopes.sort(), spans: [...receiver.spans], metrics: [...receiver.metrics] };
}

describe.each(['v1', 'v2'])('a server of SDK %s that makes its own MCP spans', (sdk) => {
  it('has two spans for each call, and one warning that says what to do', async () => {
    const { stderr, scopes } = await serve(sdk);
    expect(scopes).toEqual([...Array(3).fill('acme-weather'), ...Array(3).fill('mcp-trail')]);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^mcp-trail: another instrumentation \(acme-weather\) .*MCP_TRAIL_STAND_BACK=true/),
    ]);
  });

  it('has only its own spans and metrics with standBack, from the first call on, and an audit trail', async () => {
    const file = join(tmpdir(), `mcp-trail-stand-back-${process.pid}-${sdk}.jsonl`);
    try {
      const env = { MCP_TRAIL_STAND_BACK: 'true', MCP_TRAIL_AUDIT: 'file', MCP_TRAIL_AUDIT_FILE: file };
      const { stderr, scopes, spans, metrics } = await serve(sdk, env);
      expect(stderr).toMatch(/^mcp-trail: audit records are linked, but not signed: .*\n$/);
      expect(scopes).toEqual(Array(3).fill('acme-weather'));
      expect(spans.filter(({ parentSpanId }) => parentSpanId === REMOTE.spanId)).toHaveLength(3);
      expect(spans).toHaveLength(3);
      expect(metrics.map(({ name }) => name).filter((name) => name.startsWith('mcp.'))).toEqual(
        expect.arrayContaining(['mcp.server.operation.duration']),
      );
      for (const metric of metrics as any[]) expect(JSON.stringify(metric)).not.toContain('mcp_trail');
      const records = readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      const ended = records.filter(
        (each) => each.event_name === 'mcp_audit.response' && each['gen_ai.tool.name'] === 'echo',
      );
      expect(ended).toHaveLength(3);
      for (const each of ended) expect(each.trace_id).toBe(REMOTE.traceId);
    } finally {
      rmSync(file, { force: true });
    }
  });
});
