/** An MCP server with one tool, for MCP SDK v2. */
import { McpServer } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

const server = new McpServer({ name: 'weather', version: '1.0.0' });
server.registerTool('get_weather', { inputSchema: z.object({ city: z.string() }) }, async ({ city }) => ({
  content: [{ type: 'text', text: `It is sunny in ${city}.` }],
}));
await server.connect(new StdioServerTransport());
