import { context, propagation, trace } from '@opentelemetry/api';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { AuditLog } from '../support/audit.js';
import { auditEndingOf, OK, pairsOf } from '../support/audit-endings.js';
import { FLAVOURS, text } from '../support/flavours.js';
import { until } from '../support/telemetry.js';

const audit = new AuditLog();
beforeEach(() => audit.reset());
afterAll(() => audit.shutdown());
const config = { audit: true } as const;
const UUID_V7 = /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

describe.each(FLAVOURS)('the audit trail of an application without a tracer, on $name', (flavour) => {
  it('joins the two records of each side by the operation, and both sides by a correlation id', async () => {
    expect(trace.getTracer('any').startSpan('none').isRecording()).toBe(false);
    expect([propagation.fields(), context.active()]).toEqual([[], expect.anything()]);
    const pair = await flavour.pair({ config, tools: [{ name: 'fine', handler: () => text('ok') }] });
    await pair.client.callTool({ name: 'fine', arguments: {} });
    await until(() => audit.of('mcp_audit.response').length >= 4, 'the ends of two operations on two sides');
    const correlations = (['client', 'server'] as const).map((side) => {
      const [pairOfSide, ...others] = pairsOf(audit, side, 'tools/call');
      expect(others).toEqual([]);
      const { request, response } = pairOfSide as NonNullable<typeof pairOfSide>;
      expect(auditEndingOf(response)).toEqual(OK);
      expect(response['mcp_audit.operation.id']).toMatch(UUID_V7);
      expect(response['mcp_audit.correlation.id']).toBe(request['mcp_audit.correlation.id']);
      for (const record of [request, response]) expect(Object.keys(record)).not.toContain('trace_id');
      return response['mcp_audit.correlation.id'];
    });
    expect(correlations[0]).toMatch(UUID_V7);
    expect(correlations[1]).toBe(correlations[0]);
    await pair.close();
  });

  it('has another correlation id for each call', async () => {
    const pair = await flavour.pair({ config, tools: [{ name: 'fine', handler: () => text('ok') }] });
    for (const _ of [1, 2]) await pair.client.callTool({ name: 'fine', arguments: {} });
    const calls = pairsOf(audit, 'client', 'tools/call');
    expect(new Set(calls.map(({ request }) => request['mcp_audit.correlation.id'])).size).toBe(2);
    await pair.close();
  });
});
