/** An MCP server with one tool, for MCP SDK v1. */
const { McpServer } = require('@modelcontextprotocol/sdk/server/mcp.js');
const { StdioServerTransport } = require('@modelcontextprotocol/sdk/server/stdio.js');
const { z } = require('zod');

const server = new McpServer({ name: 'weather', version: '1.0.0' });
server.registerTool('get_weather', { inputSchema: { city: z.string() } }, async ({ city }) => ({
  content: [{ type: 'text', text: `It is sunny in ${city}.` }],
}));
server.connect(new StdioServerTransport());
