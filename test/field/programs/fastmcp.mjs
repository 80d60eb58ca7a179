import { FastMCP } from 'fastmcp';
import { z } from 'zod';

const server = new FastMCP({ name: 'fastmcp-server', version: '1.0.0' });
server.addTool({
  name: 'echo',
  description: 'Echoes a text',
  parameters: z.object({ text: z.string() }),
  execute: async ({ text }) => text,
});
await server.start({ transportType: 'stdio' });
