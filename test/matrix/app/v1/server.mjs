import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport as HttpServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { CreateMessageResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { runServer } from '../run-server.cjs';
import { registerTools } from './register-tools.cjs';

await runServer(
  {
    McpServer,
    StdioServerTransport,
    HttpServerTransport,
    CreateMessageResultSchema,
    z,
    registerTools,
  },
  (name) => import(name),
);
