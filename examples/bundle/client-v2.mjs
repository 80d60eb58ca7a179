/** A manually instrumented MCP client (SDK v2) that calls the tool of the server given as its argument. */
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { instrumentClient } from 'mcp-trail';
import { startTelemetry } from './telemetry.mjs';

async function main() {
  startTelemetry('agent');
  const client = new Client({ name: 'agent', version: '1.0.0' });
  instrumentClient(client);
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [process.argv[2]], env: { ...process.env } }),
  );
  const { content } = await client.callTool({ name: 'get_time', arguments: { zone: 'Lisbon' } });
  console.log(content[0].text);
  await client.close();
}

main();
