/** A server and its client in one thread. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';

/** Returns a function that calls the tool. @param {string} tool */
export async function connect(tool) {
  const server = new McpServer({ name: 'chaos', version: '1.0.0' });
  server.registerTool(tool, {}, async () => ({ content: [] }));
  const client = new Client({ name: 'chaos', version: '1.0.0' });
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  await server.connect(theirs);
  await client.connect(ours);
  return () => client.callTool({ name: tool, arguments: {} });
}
