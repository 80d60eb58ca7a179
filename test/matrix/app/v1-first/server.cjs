const { Server } = require('@modelcontextprotocol/sdk/server/index.js');
const { StdioServerTransport } = require('@modelcontextprotocol/sdk/server/stdio.js');
const schemas = require('@modelcontextprotocol/sdk/types.js');
const { runServer } = require('../run-server.cjs');
const { registerTools, withTools } = require('./register-tools.cjs');

runServer({ McpServer: withTools(Server), StdioServerTransport, schemas, registerTools }, async (name) =>
  require(name),
);
