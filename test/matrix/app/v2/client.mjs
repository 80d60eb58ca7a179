import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { runClient } from '../run-client.cjs';

const samplingMethod = 'sampling/createMessage';
await runClient(
  {
    Client,
    StdioClientTransport,
    StreamableHTTPClientTransport,
    samplingMethod,
  },
  (name) => import(name),
);
