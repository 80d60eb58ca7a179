import { createStorybookMcpHandler } from '@storybook/mcp';
import { serve } from './web-server.mjs';

const components = {
  v: 1,
  components: {
    button: { id: 'button', path: './Button.jsx', name: 'Button', description: 'A button', stories: [], jsDocTags: {} },
  },
};
const handler = await createStorybookMcpHandler({
  manifestProvider: async (_request, path) => {
    if (path.includes('components.json')) return JSON.stringify(components);
    throw new Error(`no ${path}`);
  },
});
serve(handler);
