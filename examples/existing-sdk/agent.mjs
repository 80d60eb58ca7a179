/** An MCP client (SDK v1) that calls the tool of the server whose URL is its argument. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const client = new Client({ name: 'agent', version: '1.0.0' });
await client.connect(new StreamableHTTPClientTransport(new URL(process.argv[2])));
const { content } = await client.callTool({ name: 'count_items', arguments: { item: 'apples' } });
console.log(content[0].text);
await client.close();
