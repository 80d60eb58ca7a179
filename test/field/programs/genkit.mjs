import { createMcpHost } from '@genkit-ai/mcp';
import { genkit } from 'genkit';

const host = createMcpHost({ name: 'host', mcpServers: { everything: { command: process.argv[2] } } });
const ai = genkit({});
const tools = await host.getActiveTools(ai);
const call = (name, args) => tools.find((tool) => tool.__action.name.endsWith(name))(args);
console.log(tools.map((tool) => tool.__action.name));
console.log(await call('echo', { message: 'hello' }));
console.log(await call('get-sum', { a: 2, b: 3 }));
await host.close();
