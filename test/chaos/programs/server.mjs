/** A server over stdio. One of its tools sets the clock of its process. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const now = Date.now;
const server = new McpServer({ name: 'chaos', version: '1.0.0' });
server.registerTool('echo', { inputSchema: { value: z.string() } }, async ({ value }) => ({
  content: [{ type: 'text', text: value }],
}));
server.registerTool('set_clock', { inputSchema: { offsetMs: z.number() } }, async ({ offsetMs }) => {
  Date.now = () => now() + offsetMs;
  return { content: [] };
});
await server.connect(new StdioServerTransport());
