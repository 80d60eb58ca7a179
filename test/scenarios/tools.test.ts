import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ABOUT_CLIENT, ABOUT_SERVER, FLAVOURS, text } from '../support/flavours.js';
import { endOf, Telemetry } from '../support/telemetry.js';

const telemetry = new Telemetry();
beforeEach(() => telemetry.reset());
afterAll(() => telemetry.shutdown());

describe.each(FLAVOURS)('a tool call on $name', (flavour) => {
  it('is a client span under the caller, and a server span under the client span', async () => {
    const pair = await flavour.pair({
      tools: [{ name: 'echo', input: { text: z.string() }, handler: ({ text: value }) => text(value) }],
    });
    await telemetry.under('agent', () => pair.client.callTool({ name: 'echo', arguments: { text: 'hi' } }));
    const client = telemetry.span('client', 'tools/call echo');
    const server = await telemetry.ended('server', 'tools/call echo');
    const agent = telemetry.spans.find((span) => span.name === 'agent');
    expect(client.parentSpanContext?.spanId).toBe(agent?.spanContext().spanId);
    expect(server.parentSpanContext?.spanId).toBe(client.spanContext().spanId);
    for (const [span, peer] of [
      [client, ABOUT_SERVER],
      [server, ABOUT_CLIENT],
    ] as const) {
      expect(span.attributes).toEqual({
        ...peer,
        'mcp.method.name': 'tools/call',
        'gen_ai.tool.name': 'echo',
        'gen_ai.operation.name': 'execute_tool',
        'mcp.protocol.version': flavour.protocolVersion,
        'jsonrpc.request.id': expect.stringMatching(/^\d+$/),
      });
      expect(endOf(span)).toEqual({ status: SpanStatusCode.UNSET, errorType: undefined });
    }
    await pair.close();
  });

  it('keeps the server span active in the handler, also after it awaited', async () => {
    const active: unknown[] = [];
    const pair = await flavour.pair({
      tools: [
        {
          name: 'slow',
          handler: async () => {
            active.push(trace.getSpan(context.active())?.spanContext().spanId);
            await new Promise((resolve) => setTimeout(resolve, 1));
            active.push(trace.getSpan(context.active())?.spanContext().spanId);
            return text('done');
          },
        },
      ],
    });
    await pair.client.callTool({ name: 'slow', arguments: {} });
    const server = await telemetry.ended('server', 'tools/call slow');
    expect(active).toEqual([server.spanContext().spanId, server.spanContext().spanId]);
    await pair.close();
  });
});
