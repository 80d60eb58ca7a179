/** The measured application on version 1 of the MCP SDK. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { LATEST_PROTOCOL_VERSION } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';

/** @type {import('./application.mjs').Sdk} */
export const sdk = {
  packages: ['@modelcontextprotocol/sdk'],
  protocolVersion: LATEST_PROTOCOL_VERSION,
  createTransports: () => InMemoryTransport.createLinkedPair(),
  createClient: () => new Client({ name: 'bench-client', version: '1.0.0' }),
  createServer: (echo) => {
    const server = new McpServer({ name: 'bench-server', version: '1.0.0' });
    server.registerTool('echo', { inputSchema: { text: z.string() } }, echo);
    return server;
  },
  requestId: (extra) => extra.requestId,
  requestMeta: (extra) => extra._meta,
};
