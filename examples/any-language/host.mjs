/** A host: starts the server of a configuration, calls its tool twice, and closes it. */
import { readFileSync } from 'node:fs';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

const [, , file = 'host.json'] = process.argv;
const { mcpServers } = JSON.parse(readFileSync(file, 'utf8'));
const { command, args, env } = mcpServers.distances;

const client = new Client({ name: 'host', version: '1.0.0' });
await client.connect(new StdioClientTransport({ command, args, env, stderr: 'inherit' }), { timeout: 120_000 });
for (const city of ['Porto', 'Atlantis']) {
  const { content } = await client.callTool({ name: 'distance', arguments: { city } });
  console.log(`${city}: ${content[0].text}`);
}
await client.close();
