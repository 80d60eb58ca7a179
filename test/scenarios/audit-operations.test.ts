import { isValidSpanId, isValidTraceId } from '@opentelemetry/api';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AuditLog } from '../support/audit.js';
import { FLAVOURS, text } from '../support/flavours.js';
import { Telemetry } from '../support/telemetry.js';

const telemetry = new Telemetry();
const audit = new AuditLog();
beforeEach(() => {
  telemetry.reset();
  audit.reset();
});
afterAll(async () => {
  await telemetry.shutdown();
  await audit.shutdown();
});

const AUDITED = { config: { audit: true } } as const;
const ECHO = { name: 'echo', input: { text: z.string() }, handler: ({ text: value }: any) => text(value) };

describe.each(FLAVOURS)('the audit trail of a tool call on $name', (flavour) => {
  it('has a record before and one after it, on both sides, joined by the operation', async () => {
    const pair = await flavour.pair({ ...AUDITED, tools: [ECHO] });
    await pair.client.callTool({ name: 'echo', arguments: { text: 'hi' } });
    for (const side of ['client', 'server'] as const) {
      const response = await audit.reached('mcp_audit.response', side, 'tools/call');
      const request = audit.one('mcp_audit.request', side, 'tools/call');
      expect(request).toMatchObject({
        severity_text: 'INFO',
        'audit.action': 'EXECUTE',
        'audit.outcome': 'unknown',
        'audit.target.type': 'mcp.tool',
        'audit.target.id': 'tools/echo',
        'gen_ai.tool.name': 'echo',
        'gen_ai.operation.name': 'execute_tool',
        'mcp.protocol.version': flavour.protocolVersion,
        'mcp_audit.tool.argument.keys': ['text'],
        'mcp_audit.redaction.parameters_scrubbed': true,
        'mcp_audit.access.decision': 'not_evaluated',
      });
      expect(response).toMatchObject({
        severity_number: 9,
        'audit.outcome': 'success',
        'mcp_audit.status': 'ok',
        'mcp_audit.duration_ms': expect.any(Number),
        'mcp_audit.response.content_types': ['text'],
        'mcp_audit.response.size': expect.any(Number),
        'mcp_audit.redaction.payload_redacted': true,
      });
      expect(response['mcp_audit.operation.id']).toBe(request['mcp_audit.operation.id']);
      expect(response['audit.record.id'] > request['audit.record.id']).toBe(true);
    }
    expect(audit.one('mcp_audit.response', 'client', 'tools/call')['mcp_audit.operation.id']).not.toBe(
      audit.one('mcp_audit.response', 'server', 'tools/call')['mcp_audit.operation.id'],
    );
    await pair.close();
  });

  it('has its request before the handler runs', async () => {
    const seen: unknown[] = [];
    const handler = () => {
      seen.push(audit.of('mcp_audit.request', 'server').some((each) => each['gen_ai.tool.name'] === 'look'));
      return text('done');
    };
    const pair = await flavour.pair({ ...AUDITED, tools: [{ name: 'look', handler }] });
    await pair.client.callTool({ name: 'look', arguments: {} });
    expect(seen).toEqual([true]);
    await pair.close();
  });

  it('is in the trace of the spans, and has their trace id as correlation id', async () => {
    const pair = await flavour.pair({ ...AUDITED, tools: [ECHO] });
    await telemetry.under('agent', () => pair.client.callTool({ name: 'echo', arguments: { text: 'hi' } }));
    for (const side of ['client', 'server'] as const) {
      const response = await audit.reached('mcp_audit.response', side, 'tools/call');
      const span = (await telemetry.ended(side, 'tools/call echo')).spanContext();
      expect(response).toMatchObject({
        trace_id: span.traceId,
        span_id: span.spanId,
        'mcp_audit.correlation.id': span.traceId,
      });
      const { log } = audit.emitted.find(
        ({ record }) => record === undefined || record['audit.record.id'] === response['audit.record.id'],
      ) as never as { log: any };
      expect(log.spanContext).toMatchObject({ traceId: span.traceId, spanId: span.spanId });
      expect(isValidTraceId(span.traceId) && isValidSpanId(span.spanId)).toBe(true);
    }
    await pair.close();
  });
});
