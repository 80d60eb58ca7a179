/** Another instrumentation whose span is active when ours would start. */
import { context, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { McpInstrumentationConfig } from '../../src/types.js';
import { auditScenarios, pairsOf } from '../support/audit-endings.js';
import { expectNothingOpen } from '../support/endings.js';
import { FLAVOURS, type Flavour, text } from '../support/flavours.js';
import { activeId, idOf, parentIdOf } from '../support/spans.js';

const { telemetry, audit } = auditScenarios();

const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
const told = () =>
  stderr.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('another instrumentation'));
afterEach(() => {
  stderr.mockClear();
});

/** Makes a span around every delivery, as an instrumentation of transports does. */
function otherAround(transport: any): any {
  let inside = false;
  let own: ((message: any, extra?: unknown) => void) | undefined;
  return Object.defineProperty(transport, 'onmessage', {
    configurable: true,
    get: () => own,
    set: (onmessage) => {
      own =
        onmessage &&
        ((message: any, extra?: unknown) => {
          // Each of layered transports shows the same message, one inside the other.
          if (message.method === undefined || inside) return onmessage(message, extra);
          const attributes = { 'mcp.method.name': message.method };
          const span = trace
            .getTracer('other-mcp')
            .startSpan(`other ${message.method}`, { kind: SpanKind.SERVER, attributes }, ROOT_CONTEXT);
          inside = true;
          context.with(trace.setSpan(ROOT_CONTEXT, span), onmessage, undefined, message, extra);
          inside = false;
          span.end();
        });
    },
  });
}

async function called(flavour: Flavour, config: McpInstrumentationConfig, calls = 1) {
  const active: unknown[] = [];
  const pair = await flavour.pair({
    config,
    instrument: 'server',
    wrapTransports: (client, server) => [client, otherAround(server)],
    tools: [{ name: 'echo', handler: () => text(String(active.push(activeId()))) }],
  });
  telemetry.reset();
  await telemetry.startMeasuring();
  for (let call = 0; call < calls; call++) await pair.client.callTool({ name: 'echo', arguments: {} });
  await expectNothingOpen(telemetry);
  await pair.close();
  return active;
}

const ours = () => telemetry.spans.filter(({ instrumentationScope }) => instrumentationScope.name === 'mcp-trail');

describe.each(FLAVOURS)('on $name', (flavour) => {
  it('ours stands back: no span, no measurement, the handler in the other’s span, records in its trace', async () => {
    const active = await called(flavour, { standBack: true, audit: true }, 2);
    const others = telemetry.spans.filter(({ name }) => name === 'other tools/call');
    expect(ours()).toEqual([]);
    expect(await telemetry.measurements()).toEqual([]);
    expect(others).toHaveLength(2);
    expect(active).toEqual(others.map(idOf));
    const pairs = pairsOf(audit, 'server', 'tools/call');
    expect(pairs.map(({ response }) => response?.trace_id)).toEqual(others.map((span) => span.spanContext().traceId));
    expect(told()).toEqual([]);
  });
});

it('the other one is reported once per process', async () => {
  for (const flavour of FLAVOURS) await called(flavour, {}, 2);
  expect(told()).toHaveLength(1);
  expect(told()[0]).toMatch(/^mcp-trail: another instrumentation \(other-mcp\) .*standBack/);
  expect(ours().length).toBeGreaterThan(0);
  for (const span of ours()) if (span.name === 'tools/call echo') expect(parentIdOf(span)).toBeDefined();
});
