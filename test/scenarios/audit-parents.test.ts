/** A record has the parent of its span: that of the caller, sampled or not. */
import { context, ROOT_CONTEXT, type Span, TraceFlags, trace } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { parentIdOf } from '../../src/emit/parents.js';
import { recordAuthorization } from '../../src/index.js';
import type { AuditRecord } from '../../src/semconv/audit-record.js';
import { auditScenarios, type Pair, pairsOf } from '../support/audit-endings.js';
import { DIALECTS } from '../support/dialects.js';
import { expectNothingOpen } from '../support/endings.js';
import { FLAVOURS, text } from '../support/flavours.js';

const { telemetry, audit } = auditScenarios();
const CALLER = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

/** The records of a call that an application makes in a span, by side; the last is the handler's decision. */
async function callWithin(flavour: (typeof FLAVOURS)[number], sampled: boolean) {
  const pair = await flavour.pair({
    config: { audit: true },
    tools: [{ name: 'fine', handler: async () => text(String(recordAuthorization({ decision: 'allow' }))) }],
  });
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  const caller = trace.setSpanContext(context.active(), { ...CALLER, traceFlags, isRemote: false });
  await context.with(caller, () => DIALECTS[flavour.sdk].callTool(pair.client, 'fine'));
  await expectNothingOpen(telemetry);
  await pair.close();
  const of = (side: 'client' | 'server') => Object.values(pairsOf(audit, side, 'tools/call')[0] as Pair);
  return { client: of('client'), server: [...of('server'), audit.of('mcp_audit.authorization')[0] as AuditRecord] };
}

describe.each(FLAVOURS)('the parent of a span, on $name', (flavour) => {
  it.each([true, false])('is in the records of both sides (sampled: %s)', async (sampled) => {
    const { client, server } = await callWithin(flavour, sampled);
    const [sent] = client;
    for (const record of client) expect(record).toMatchObject({ ...ids(CALLER), span_id: sent?.span_id });
    for (const record of server) expect(record).toMatchObject(ids({ ...CALLER, spanId: sent?.span_id ?? '' }));
  });

  it('is missing if there is none, and for records about the trail', async () => {
    const pair = await flavour.pair({ config: { audit: true } });
    await expectNothingOpen(telemetry);
    await pair.close();
    const method = flavour.protocolVersion === '2026-07-28' ? 'server/discover' : 'initialize';
    const [{ request }] = pairsOf(audit, 'client', method) as [Pair];
    expect(request.span_id).toBeDefined();
    for (const record of [request, ...audit.of('mcp_audit.started')]) {
      expect(Object.keys(record)).not.toContain('parent_span_id');
    }
  });
});

const ids = ({ traceId, spanId }: typeof CALLER) => ({ trace_id: traceId, parent_span_id: spanId });

it('a span that stands for its parent has none: it was not started here', () => {
  const parent = trace.setSpanContext(ROOT_CONTEXT, { ...CALLER, traceFlags: TraceFlags.SAMPLED });
  const child = { ...CALLER, spanId: '00f067aa0ba902b7', traceFlags: TraceFlags.SAMPLED };
  expect(parentIdOf(trace.wrapSpanContext(child), parent)).toBe(CALLER.spanId);
  expect(parentIdOf(trace.getSpan(parent) as Span, parent)).toBeUndefined();
  expect(parentIdOf(trace.wrapSpanContext(child), ROOT_CONTEXT)).toBeUndefined();
  expect(parentIdOf(trace.wrapSpanContext({ ...child, traceId: 'a'.repeat(32) }), parent)).toBeUndefined();
  const invalid = trace.setSpanContext(ROOT_CONTEXT, { ...CALLER, spanId: '0'.repeat(16), traceFlags: 1 });
  expect(parentIdOf(trace.wrapSpanContext(child), invalid)).toBeUndefined();
});

it('the parent of a span is in the body alone', async () => {
  const [flavour] = FLAVOURS as [(typeof FLAVOURS)[number]];
  await callWithin(flavour, true);
  for (const { log } of audit.emitted) expect(Object.keys(log.attributes)).not.toContain('parent_span_id');
});
