/** MCP spans go to an SDK that was started for them, and those of the application to another one. */
import { context, ROOT_CONTEXT, SamplingDecision, TraceFlags, trace } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  ParentBasedSampler,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startedProviders } from '../../src/emit/default-providers.js';
import { scenarioTelemetry } from '../support/endings.js';
import { FLAVOURS, type Flavour, type PairOptions, text } from '../support/flavours.js';
import { activeId, idOf, parentIdOf } from '../support/spans.js';

scenarioTelemetry();
/** Of roots that the started SDK makes. */
let decisions: SamplingDecision[];
let spans: InMemorySpanExporter;
beforeEach(() => {
  decisions = [];
  spans = new InMemorySpanExporter();
  startedProviders.traces = new NodeTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(spans)],
    sampler: new ParentBasedSampler({
      root: { shouldSample: () => ({ decision: decisions.shift() ?? SamplingDecision.RECORD_AND_SAMPLED }) },
    }),
  });
});
afterEach(() => {
  delete startedProviders.traces;
});

const UNSAMPLED = 'cccccccccccccccc';
const below = trace.setSpanContext(ROOT_CONTEXT, {
  traceId: 'dddddddddddddddddddddddddddddddd',
  spanId: UNSAMPLED,
  traceFlags: TraceFlags.NONE,
});

/** Calls a tool below an unsampled span of the application. Returns the ids of the spans that the tool and the caller have seen. */
async function call(flavour: Flavour, options: PairOptions = {}) {
  let inTool: string | undefined;
  const handler = () => {
    inTool = activeId();
    return text('hi');
  };
  const pair = await flavour.pair({ ...options, tools: [{ name: 'look', handler }] });
  spans.reset();
  return context.with(below, async () => {
    await pair.client.callTool({ name: 'look', arguments: {} });
    const afterwards = activeId();
    await pair.close();
    return { inTool, afterwards };
  });
}

function ended(kind: 'client' | 'server'): ReadableSpan | undefined {
  const kinds = { server: 1, client: 2 };
  return spans.getFinishedSpans().find((span) => span.name === 'tools/call look' && span.kind === kinds[kind]);
}

describe.each(FLAVOURS)('on $name, below a span that the application has not sampled', (flavour) => {
  it('a call is recorded as a trace of its own, and the caller keeps its span', async () => {
    const { inTool, afterwards } = await call(flavour);
    const [client, server] = [ended('client'), ended('server')];
    expect(client).toBeDefined();
    expect(parentIdOf(client)).toBeUndefined();
    expect(parentIdOf(server)).toBe(idOf(client));
    expect(inTool).toBe(idOf(server));
    expect(afterwards).toBe(UNSAMPLED);
  });

  it('a call from a client that is not observed is recorded as a trace of its own', async () => {
    const { inTool } = await call(flavour, { instrument: 'server' });
    expect(ended('server')).toBeDefined();
    expect(parentIdOf(ended('server'))).toBeUndefined();
    expect(inTool).toBe(idOf(ended('server')));
  });

  it("a call that is ignored leaves the application's span active", async () => {
    const { inTool } = await call(flavour, { config: { ignoreMethods: ['tools/call'] } });
    expect(inTool).toBe(UNSAMPLED);
    expect(ended('server')).toBeUndefined();
  });

  it('a span that the started SDK has not sampled decides about those below it', async () => {
    const config = { propagateContext: () => false };
    const pair = await flavour.pair({ config, tools: [{ name: 'look', handler: () => text('hi') }] });
    decisions = [SamplingDecision.NOT_RECORD];
    await context.with(below, () => pair.client.callTool({ name: 'look', arguments: {} }));
    expect(decisions).toEqual([]);
    expect(ended('client')).toBeUndefined();
    expect(ended('server')).toBeUndefined();
    await pair.close();
  });
});
