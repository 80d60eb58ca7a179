/** An Express application that serves MCP (SDK v1, Streamable HTTP, no sessions) and logs with OpenTelemetry. It contains no mcp-trail code. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { logs, SeverityNumber } from '@opentelemetry/api-logs';
import express from 'express';
import { z } from 'zod';

function createMcpServer() {
  const server = new McpServer({ name: 'stock', version: '1.0.0' });
  server.registerTool('count_items', { inputSchema: { item: z.string() } }, async ({ item }) => {
    logs.getLogger('stock').emit({ severityNumber: SeverityNumber.INFO, body: 'counting' });
    return { content: [{ type: 'text', text: `3 ${item} in stock` }] };
  });
  return server;
}

const app = express();
app.use(express.json());
app.post('/mcp', async (request, response) => {
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true });
  response.once('close', () => transport.close());
  await createMcpServer().connect(transport);
  await transport.handleRequest(request, response, request.body);
});
app.all('/mcp', (_, response) => response.status(405).end());

const http = app.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${http.address().port}/mcp`));
