import { MultiServerMCPClient } from '@langchain/mcp-adapters';

const client = new MultiServerMCPClient({ mcpServers: { everything: { command: process.argv[2], args: [] } } });
const tools = await client.getTools();
const call = (name, args) => tools.find((tool) => tool.name === name).invoke(args);
console.log(tools.map(({ name }) => name));
console.log(await call('echo', { message: 'hello' }));
console.log(await call('get-sum', { a: 2, b: 3 }));
await client.close();
