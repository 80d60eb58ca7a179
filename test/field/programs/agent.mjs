/** An agent with the official SDK: lists the tools of a server, calls a tool that it lacks and those of the variable CALLS, and answers what the server asks. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';

const [, , server] = process.argv;
const client = new Client(
  { name: 'agent', version: '1.0.0' },
  { capabilities: { roots: {}, sampling: {}, elicitation: {} } },
);
client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: 'file:///field', name: 'field' }] }));
client.setRequestHandler(CreateMessageRequestSchema, () => ({
  role: 'assistant',
  model: 'field',
  content: { type: 'text', text: 'sampled' },
}));
client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'decline' }));
await client.connect(new StdioClientTransport({ command: server }));

const { tools } = await client.listTools();
console.log(tools.map(({ name }) => name).join(' '));
for (const [name, args] of [['no_such_tool', {}], ...JSON.parse(process.env.CALLS)]) {
  const outcome = await client.callTool({ name, arguments: args }).catch(({ code, message }) => ({ code, message }));
  console.log(JSON.stringify(outcome));
}
await client.close();
