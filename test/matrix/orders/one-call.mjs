/** Makes one tool call in memory with MCP SDK v1, and ends. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';

const server = new McpServer({ name: 'matrix-server', version: '1.0.0' });
server.registerTool('nothing', { inputSchema: {} }, async () => ({ content: [] }));
const client = new Client({ name: 'matrix-client', version: '1.0.0' });
const [near, far] = InMemoryTransport.createLinkedPair();
await server.connect(far);
await client.connect(near);
await client.callTool({ name: 'nothing', arguments: {} });
await client.close();
console.log('called');
