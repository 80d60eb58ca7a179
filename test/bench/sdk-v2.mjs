/** The measured application on version 2 of the MCP SDK, with its default protocol. */
import { Client, InMemoryTransport, LATEST_PROTOCOL_VERSION } from '@modelcontextprotocol/client';
import { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';

/** @type {import('./application.mjs').Sdk} */
export const sdk = {
  packages: ['@modelcontextprotocol/client', '@modelcontextprotocol/server'],
  protocolVersion: LATEST_PROTOCOL_VERSION,
  createTransports: () => InMemoryTransport.createLinkedPair(),
  createClient: () => new Client({ name: 'bench-client', version: '1.0.0' }),
  createServer: (echo) => {
    const server = new McpServer({ name: 'bench-server', version: '1.0.0' });
    server.registerTool('echo', { inputSchema: z.object({ text: z.string() }) }, echo);
    return server;
  },
  requestId: (context) => context.mcpReq.id,
  requestMeta: (context) => context.mcpReq._meta,
};
