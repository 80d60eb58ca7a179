import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { CreateMessageRequestSchema, ResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { runClient } from './client.mjs';

runClient({
  Client,
  StdioClientTransport,
  samplingMethod: CreateMessageRequestSchema,
  anyResult: ResultSchema,
  options: () => ({ capabilities: { sampling: {} } }),
  samples: () => true,
});
