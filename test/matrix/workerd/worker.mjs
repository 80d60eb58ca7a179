/**
 * A Cloudflare Worker with a client, a server and an OpenTelemetry SDK. It answers with the results of three tool calls, and
 * with the spans.
 */
import { Client, InMemoryTransport } from '@modelcontextprotocol/client';
import { McpServer } from '@modelcontextprotocol/server';
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { instrumentClient, instrumentServer } from 'mcp-trail';
import { z } from 'zod';
import tools from './tools.cjs';

const exporter = new InMemorySpanExporter();
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));

function makeServer() {
  const server = new McpServer({ name: 'matrix-server', version: '1.0.0' });
  server.registerTool('add', { inputSchema: z.object({ a: z.number(), b: z.number() }) }, tools.add);
  server.registerTool('fail', {}, tools.fail);
  server.registerTool('ask', {}, (ctx) => tools.ask(() => ctx.mcpReq.requestSampling(tools.samplingParams)));
  instrumentServer(server);
  return server;
}

function makeClient() {
  const client = new Client({ name: 'matrix-client', version: '1.0.0' }, { capabilities: { sampling: {} } });
  client.setRequestHandler('sampling/createMessage', () => ({
    model: 'matrix',
    role: 'assistant',
    content: { type: 'text', text: 'forty-two' },
  }));
  instrumentClient(client);
  return client;
}

async function callTools() {
  const client = makeClient();
  const [near, far] = InMemoryTransport.createLinkedPair();
  await makeServer().connect(far);
  await client.connect(near);
  const results = await trace.getTracer('matrix').startActiveSpan('agent', async (span) => {
    const add = await client.callTool({ name: 'add', arguments: { a: 2, b: 3 } });
    const fail = await client.callTool({ name: 'fail', arguments: {} });
    const ask = await client.callTool({ name: 'ask', arguments: {} });
    span.end();
    return { add, fail, ask };
  });
  await client.close();
  return results;
}

const plain = (span) => ({
  ...span.spanContext(),
  name: span.name,
  kind: span.kind,
  parentSpanId: span.parentSpanContext?.spanId,
  status: span.status,
  attributes: span.attributes,
  scope: span.instrumentationScope,
});

export default {
  async fetch() {
    const results = await callTools();
    await trace.getTracerProvider().forceFlush?.();
    return Response.json({ results, spans: exporter.getFinishedSpans().map(plain) });
  },
};
