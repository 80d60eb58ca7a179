import { NodeStreamableHTTPServerTransport as HttpServerTransport, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';
import { runServer } from '../run-server.cjs';
import { registerTools } from './register-tools.cjs';

await runServer(
  {
    McpServer,
    StdioServerTransport,
    HttpServerTransport,
    serveStdio,
    createMcpHandler,
    toNodeHandler,
    z,
    registerTools,
  },
  (name) => import(name),
);
