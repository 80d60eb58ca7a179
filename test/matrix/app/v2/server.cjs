const { NodeStreamableHTTPServerTransport: HttpServerTransport, toNodeHandler } = require('@modelcontextprotocol/node');
const { createMcpHandler, McpServer } = require('@modelcontextprotocol/server');
const { StdioServerTransport, serveStdio } = require('@modelcontextprotocol/server/stdio');
const { z } = require('zod');
const { runServer } = require('../run-server.cjs');
const { registerTools } = require('./register-tools.cjs');

runServer(
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
  async (name) => require(name),
);
