const { Client, StreamableHTTPClientTransport } = require('@modelcontextprotocol/client');
const { StdioClientTransport } = require('@modelcontextprotocol/client/stdio');
const { runClient } = require('../run-client.cjs');

const samplingMethod = 'sampling/createMessage';
runClient(
  {
    Client,
    StdioClientTransport,
    StreamableHTTPClientTransport,
    samplingMethod,
  },
  async (name) => require(name),
);
