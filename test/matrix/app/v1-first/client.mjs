import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { CreateMessageRequestSchema as samplingMethod } from '@modelcontextprotocol/sdk/types.js';
import { runClient } from '../run-client.cjs';

await runClient({ Client, StdioClientTransport, samplingMethod }, (name) => import(name));
