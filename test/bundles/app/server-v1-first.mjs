/** A server for the first release of SDK v1, which had neither `McpServer` nor Streamable HTTP. */
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import {
  CallToolRequestSchema,
  CreateMessageResultSchema,
  ListToolsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import * as tools from './tools.mjs';

const server = new Server({ name: 'bundled', version: '1.0.0' }, { capabilities: { tools: {} } });
server.setRequestHandler(ListToolsRequestSchema, () => ({
  tools: ['add', 'fail', 'ask'].map((name) => ({ name, inputSchema: { type: 'object' } })),
}));
server.setRequestHandler(CallToolRequestSchema, ({ params }) => {
  const ask = () => tools.ask(() => server.request(tools.sampling, CreateMessageResultSchema));
  return { add: tools.add, fail: tools.fail, ask }[params.name](params.arguments);
});
server.connect(new StdioServerTransport());
