/** The effect of a caller's trace context on ours. */
import { TraceFlags, trace } from '@opentelemetry/api';
import { AlwaysOnSampler, NodeTracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace-node';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { FLAVOURS, text } from '../support/flavours.js';
import { Telemetry } from '../support/telemetry.js';
import { REMOTE } from './values.js';

const telemetry = new Telemetry();
beforeEach(() => telemetry.reset());
afterAll(() => telemetry.shutdown());

const UNSAMPLED = REMOTE.traceparent.replace(/01$/, '00');

describe.each(FLAVOURS)('a server on $name', (flavour) => {
  /** The server's span of one call with this trace context, and what its handler saw. */
  async function calledWith(traceparent: string, trustIncomingContext?: 'parent' | 'link') {
    const active: unknown[] = [];
    const pair = await flavour.pair({
      instrument: 'server',
      config: trustIncomingContext === undefined ? {} : { trustIncomingContext },
      tools: [
        {
          name: 'echo',
          handler: (_args, { raw }) => {
            active.push(trace.getActiveSpan()?.spanContext(), (raw._meta ?? raw.mcpReq._meta).traceparent);
            return text('hi');
          },
        },
      ],
    });
    telemetry.reset();
    const { content } = await pair.client.callTool({ name: 'echo', arguments: {}, _meta: { traceparent } });
    expect(content).toEqual(text('hi').content);
    await pair.close();
    const [span] = telemetry.all('server', 'tools/call echo') as (ReadableSpan | undefined)[];
    return { span, active };
  }

  it('uses the caller as the parent by default, as the convention requires', async () => {
    const { span } = await calledWith(REMOTE.traceparent);
    expect(span?.parentSpanContext).toMatchObject({ traceId: REMOTE.traceId, spanId: REMOTE.spanId, isRemote: true });
    expect(span?.links).toEqual([]);
  });

  it('only links to a caller that it does not trust', async () => {
    const { span, active } = await calledWith(REMOTE.traceparent, 'link');
    expect(span?.parentSpanContext).toBeUndefined();
    expect(span?.spanContext().traceId).not.toBe(REMOTE.traceId);
    expect(span?.links.map(({ context }) => [context.traceId, context.spanId])).toEqual([
      [REMOTE.traceId, REMOTE.spanId],
    ]);
    // The handler runs in our trace, and still sees the original message.
    expect(active).toEqual([expect.objectContaining({ spanId: span?.spanContext().spanId }), REMOTE.traceparent]);
  });

  it('does not let an untrusted caller decide that nothing is recorded', async () => {
    const { span } = await calledWith(UNSAMPLED, 'link');
    expect(span?.spanContext().traceFlags).toBe(TraceFlags.SAMPLED);
    expect(span?.links).toHaveLength(1);
  });

  it('follows the sampling decision of a trusted caller, and serves its call', async () => {
    const { span, active } = await calledWith(UNSAMPLED);
    expect(span).toBeUndefined();
    expect(active[0]).toMatchObject({ traceId: REMOTE.traceId, traceFlags: TraceFlags.NONE });
  });

  it('records an unsampled call if the application’s sampler decides so', async () => {
    trace.disable();
    const ended: ReadableSpan[] = [];
    const processor = {
      onStart() {},
      onEnd: (span: ReadableSpan) => ended.push(span),
      forceFlush,
      shutdown: forceFlush,
    };
    const provider = new NodeTracerProvider({
      sampler: new AlwaysOnSampler(),
      spanProcessors: [processor as never],
    });
    provider.register();
    try {
      await calledWith(UNSAMPLED);
      const span = ended.find(({ name }) => name === 'tools/call echo');
      expect(span?.parentSpanContext?.spanId).toBe(REMOTE.spanId);
    } finally {
      trace.disable();
      telemetry.tracerProvider.register();
    }
  });

  it('measures a call whether or not it is sampled', async () => {
    const count = async () =>
      (await telemetry.series())
        .filter(
          ({ metric, attributes }) => metric === 'mcp.server.operation.duration' && attributes['gen_ai.tool.name'],
        )
        .reduce((sum, series) => sum + series.count, 0);
    const before = await count();
    await calledWith(UNSAMPLED);
    expect(await count()).toBe(before + 1);
  });
});

async function forceFlush(): Promise<void> {}
