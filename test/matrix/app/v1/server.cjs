const { McpServer } = require('@modelcontextprotocol/sdk/server/mcp.js');
const { StdioServerTransport } = require('@modelcontextprotocol/sdk/server/stdio.js');
const {
  StreamableHTTPServerTransport: HttpServerTransport,
} = require('@modelcontextprotocol/sdk/server/streamableHttp.js');
const { CreateMessageResultSchema } = require('@modelcontextprotocol/sdk/types.js');
const { z } = require('zod');
const { runServer } = require('../run-server.cjs');
const { registerTools } = require('./register-tools.cjs');

runServer(
  {
    McpServer,
    StdioServerTransport,
    HttpServerTransport,
    CreateMessageResultSchema,
    z,
    registerTools,
  },
  async (name) => require(name),
);
