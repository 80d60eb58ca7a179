import { createMCPClient } from '@ai-sdk/mcp';
import { Experimental_StdioMCPTransport } from '@ai-sdk/mcp/mcp-stdio';

const client = await createMCPClient({
  transport: new Experimental_StdioMCPTransport({ command: process.argv[2] }),
});
const tools = await client.tools();
const options = { toolCallId: '1', messages: [] };
console.log(Object.keys(tools));
console.log(await tools['echo'].execute({ message: 'hello' }, options));
console.log(await tools['get-sum'].execute({ a: 2, b: 3 }, options));
console.log((await client.listResources()).resources.length);
await client.close();
