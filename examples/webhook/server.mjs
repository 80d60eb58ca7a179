/** An MCP server whose audit records go to the URL `WEBHOOK_URL`, and nowhere else. */
import { McpServer } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { instrumentServer } from 'mcp-trail';
import { z } from 'zod';
import { WebhookSink } from './webhook-sink.mjs';

const server = new McpServer({ name: 'weather', version: '1.0.0' });
server.registerTool('get_weather', { inputSchema: z.object({ city: z.string() }) }, async ({ city }) => ({
  content: [{ type: 'text', text: `It is sunny in ${city}.` }],
}));
instrumentServer(server, { audit: { sinks: [new WebhookSink(process.env.WEBHOOK_URL)] } });
await server.connect(new StdioServerTransport());
