import { MCPServerStdio } from '@openai/agents';

const server = new MCPServerStdio({ name: 'everything', command: process.argv[2], args: [] });
await server.connect();
console.log((await server.listTools()).map(({ name }) => name));
console.log(await server.callTool('echo', { message: 'hello' }));
console.log(await server.callTool('get-sum', { a: 2, b: 3 }));
await server.close();
