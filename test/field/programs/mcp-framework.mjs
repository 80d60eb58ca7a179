import { mkdirSync, writeFileSync } from 'node:fs';
import { MCPServer } from 'mcp-framework';

// It finds its tools in the folder `tools` of its base.
const base = new URL('base/', import.meta.url);
mkdirSync(new URL('tools/', base), { recursive: true });
writeFileSync(
  new URL('tools/Echo.js', base),
  `import { MCPTool } from 'mcp-framework';
import { z } from 'zod';
export default class Echo extends MCPTool {
  name = 'echo';
  description = 'Echoes a text';
  schema = z.object({ text: z.string().describe('what to echo') });
  async execute({ text }) { return text; }
}
`,
);
const server = new MCPServer({ name: 'mcp-framework-server', version: '1.0.0', basePath: base.pathname });
await server.start();
