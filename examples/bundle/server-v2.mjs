/** A manually instrumented MCP server (SDK v2), because module hooks cannot see into a bundle. */
import { McpServer } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { instrumentServer } from 'mcp-trail';
import { z } from 'zod';
import { startTelemetry } from './telemetry.mjs';

startTelemetry('clock');
const server = new McpServer({ name: 'clock', version: '1.0.0' });
server.registerTool('get_time', { inputSchema: z.object({ zone: z.string() }) }, async ({ zone }) => ({
  content: [{ type: 'text', text: `It is noon in ${zone}.` }],
}));
instrumentServer(server);
server.connect(new StdioServerTransport());
