/** A manually instrumented MCP server (SDK v1), because module hooks cannot see into a bundle. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { instrumentServer } from 'mcp-trail';
import { z } from 'zod';
import { startTelemetry } from './telemetry.mjs';

startTelemetry('clock');
const server = new McpServer({ name: 'clock', version: '1.0.0' });
server.registerTool('get_time', { inputSchema: { zone: z.string() } }, async ({ zone }) => ({
  content: [{ type: 'text', text: `It is noon in ${zone}.` }],
}));
instrumentServer(server);
server.connect(new StdioServerTransport());
