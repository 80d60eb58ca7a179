import { createTool } from '@mastra/core/tools';
import { MCPServer } from '@mastra/mcp';
import { z } from 'zod';

const echo = createTool({
  id: 'echo',
  description: 'Echoes a text',
  inputSchema: z.object({ text: z.string() }),
  execute: async ({ text }) => ({ text }),
});
const server = new MCPServer({ id: 'mastra-server', name: 'mastra-server', version: '1.0.0', tools: { echo } });
await server.startStdio();
