import { ValibotJsonSchemaAdapter } from '@tmcp/adapter-valibot';
import { StdioTransport } from '@tmcp/transport-stdio';
import { McpServer } from 'tmcp';
import * as v from 'valibot';

const server = new McpServer(
  { name: 'tmcp-server', version: '1.0.0', description: 'Echoes' },
  { adapter: new ValibotJsonSchemaAdapter(), capabilities: { tools: { listChanged: true } } },
);
server.tool(
  { name: 'echo', description: 'Echoes a text', schema: v.object({ text: v.string() }) },
  async ({ text }) => ({ content: [{ type: 'text', text }] }),
);
new StdioTransport(server).listen();
