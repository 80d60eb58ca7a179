import { Server } from '@redocly/mcp-typescript-sdk/server/index.js';
import { StdioServerTransport } from '@redocly/mcp-typescript-sdk/server/stdio.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@redocly/mcp-typescript-sdk/types.js';

const inputSchema = { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] };
const server = new Server({ name: 'redocly-server', version: '1.0.0' }, { capabilities: { tools: {} } });
server.setRequestHandler(ListToolsRequestSchema, async () => ({ tools: [{ name: 'echo', inputSchema }] }));
server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
  if (params.name !== 'echo') throw new Error(`Unknown tool: ${params.name}`);
  return { content: [{ type: 'text', text: String(params.arguments?.['text']) }] };
});
await server.connect(new StdioServerTransport());
