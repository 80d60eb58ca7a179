import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { z } from 'zod';
import { runClient } from './client.mjs';

/** Over HTTP it speaks revision 2026-07-28, which has listen streams and no requests of the server. */
const isModern = (target) => target.startsWith('http:');

runClient({
  Client,
  StdioClientTransport,
  StreamableHTTPClientTransport,
  samplingMethod: 'sampling/createMessage',
  anyResult: z.looseObject({}),
  options: (target) => ({
    capabilities: { sampling: {} },
    ...(isModern(target) && { versionNegotiation: { mode: { pin: '2026-07-28' } } }),
  }),
  samples: (target) => !isModern(target),
  listen: async (client, target) => {
    if (isModern(target)) await (await client.listen({ toolsListChanged: true })).close();
  },
});
