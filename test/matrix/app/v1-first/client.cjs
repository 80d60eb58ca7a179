const { Client } = require('@modelcontextprotocol/sdk/client/index.js');
const { StdioClientTransport } = require('@modelcontextprotocol/sdk/client/stdio.js');
const { CreateMessageRequestSchema: samplingMethod } = require('@modelcontextprotocol/sdk/types.js');
const { runClient } = require('../run-client.cjs');

runClient({ Client, StdioClientTransport, samplingMethod }, async (name) => require(name));
