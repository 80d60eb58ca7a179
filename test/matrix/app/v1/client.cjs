const { Client } = require('@modelcontextprotocol/sdk/client/index.js');
const { StdioClientTransport } = require('@modelcontextprotocol/sdk/client/stdio.js');
const { StreamableHTTPClientTransport } = require('@modelcontextprotocol/sdk/client/streamableHttp.js');
const { CreateMessageRequestSchema: samplingMethod } = require('@modelcontextprotocol/sdk/types.js');
const { runClient } = require('../run-client.cjs');

runClient(
  {
    Client,
    StdioClientTransport,
    StreamableHTTPClientTransport,
    samplingMethod,
  },
  async (name) => require(name),
);
