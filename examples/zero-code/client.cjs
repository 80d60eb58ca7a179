/** Starts the server in this folder and calls its tool, with MCP SDK v1. The argument is the server's `env` as JSON. */
const path = require('node:path');
const { Client } = require('@modelcontextprotocol/sdk/client/index.js');
const { StdioClientTransport } = require('@modelcontextprotocol/sdk/client/stdio.js');

async function main() {
  const client = new Client({ name: 'agent', version: '1.0.0' });
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [path.join(__dirname, 'server.cjs')],
      env: JSON.parse(process.argv[2] ?? '{}'),
    }),
  );
  const { content } = await client.callTool({ name: 'get_weather', arguments: { city: 'Lisbon' } });
  console.log(content[0].text);
  await client.close();
}

main();
