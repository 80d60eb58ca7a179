import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { trace } from '@opentelemetry/api';
import { z } from 'zod';

const text = (value) => ({ content: [{ type: 'text', text: String(value) }] });

function makeServer() {
  const server = new McpServer({ name: 'matrix-server', version: '1.0.0' });
  server.registerTool('add', { inputSchema: z.object({ a: z.number(), b: z.number() }) }, async ({ a, b }) => {
    await new Promise(setImmediate);
    trace.getTracer('matrix').startSpan('work').end();
    return text(a + b);
  });
  server.registerTool('fail', {}, async () => ({ ...text('it did not work'), isError: true }));
  return server;
}

const handler = createMcpHandler(makeServer);

export const POST = (request) => handler.fetch(request);
export const GET = POST;
export const DELETE = POST;
