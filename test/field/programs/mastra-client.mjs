import { MCPClient } from '@mastra/mcp';

const client = new MCPClient({ servers: { everything: { command: process.argv[2], args: [] } } });
const tools = await client.listTools();
console.log(Object.keys(tools));
console.log(await tools['everything_echo'].execute({ message: 'hello' }, {}));
console.log(await tools['everything_get-sum'].execute({ a: 2, b: 3 }, {}));
await client.disconnect();
