import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { CreateMessageResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { listen } from './listen.mjs';
import { add, ask, fail, sampling } from './tools.mjs';

const server = new McpServer({ name: 'bundled', version: '1.0.0' });
server.tool('add', { a: z.number(), b: z.number() }, add);
server.tool('fail', fail);
server.tool('ask', (extra) => ask(() => extra.sendRequest(sampling, CreateMessageResultSchema)));

if (process.argv[2] === 'stdio') server.connect(new StdioServerTransport());
else {
  const session = new StreamableHTTPServerTransport({ sessionIdGenerator: () => 'the-only-session' });
  server.connect(session).then(() => listen((request, response) => session.handleRequest(request, response)));
}
