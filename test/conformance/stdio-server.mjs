/** The example server of the conformance comparison over stdio: both revisions, one per connection. */
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { createServer } from './catalogue.mjs';

serveStdio(({ era }) => {
  if (era === 'legacy') return createServer();
  const server = createServer({
    toolsChanged: () => server.sendToolListChanged(),
    promptsChanged: () => server.sendPromptListChanged(),
  });
  return server;
});
