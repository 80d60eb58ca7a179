import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CreateMessageRequestSchema as samplingMethod } from '@modelcontextprotocol/sdk/types.js';
import { runClient } from '../run-client.cjs';

await runClient(
  {
    Client,
    StdioClientTransport,
    StreamableHTTPClientTransport,
    samplingMethod,
  },
  (name) => import(name),
);
