import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';
import { listen } from './listen.mjs';
import { add, ask, fail, sampling } from './tools.mjs';

function createServer() {
  const server = new McpServer(
    { name: 'bundled', version: '1.0.0' },
    { capabilities: { tools: { listChanged: true } } },
  );
  server.registerTool('add', { inputSchema: z.object({ a: z.number(), b: z.number() }) }, add);
  server.registerTool('fail', {}, fail);
  server.registerTool('ask', {}, (context) => ask(() => context.mcpReq.requestSampling(sampling.params)));
  return server;
}

if (process.argv[2] === 'stdio') serveStdio(createServer);
else listen(toNodeHandler(createMcpHandler(createServer)));
