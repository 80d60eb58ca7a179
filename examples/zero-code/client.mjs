/** Starts the server in this folder and calls its tool, with MCP SDK v2. The argument is the server's `env` as JSON. */
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const client = new Client({ name: 'agent', version: '1.0.0' });
await client.connect(
  new StdioClientTransport({
    command: process.execPath,
    args: [fileURLToPath(new URL('server.mjs', import.meta.url))],
    env: JSON.parse(process.argv[2] ?? '{}'),
  }),
);
const { content } = await client.callTool({ name: 'get_weather', arguments: { city: 'Lisbon' } });
console.log(content[0].text);
await client.close();
