/**
 * A server on SDK v1 that observes itself, for the tests of `wrap`: needs `--import mcp-trail/register`, or takes an actor as its
 * first argument, whom its identity hook names. Its second argument is the file of the audit trail of a server behind it.
 */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { trace } from '@opentelemetry/api';
import { instrumentServer, recordAuthorization } from 'mcp-trail';

const [actor, behind] = process.argv.slice(2);

/** @param {unknown} value */
const textOf = (value) => ({ content: [{ type: /** @type {const} */ ('text'), text: JSON.stringify(value ?? null) }] });

const server = new McpServer({ name: 'observed', version: '1.0.0' });
server.registerTool('decide', {}, ({ _meta }) => {
  recordAuthorization({ decision: 'allow', ruleName: 'everyone' });
  trace.getTracer('server').startSpan('work').end();
  return textOf(_meta);
});
server.registerTool('ask', {}, async () => {
  const message = {
    role: /** @type {const} */ ('user'),
    content: { type: /** @type {const} */ ('text'), text: 'well?' },
  };
  return textOf((await server.server.createMessage({ messages: [message], maxTokens: 1 })).model);
});
server.registerTool('behind', {}, async () => {
  const client = new Client({ name: 'between', version: '1.0.0' });
  const env = /** @type {Record<string, string>} */ ({ ...process.env, MCP_TRAIL_AUDIT_FILE: behind });
  const args = ['--import', 'mcp-trail/register', ...process.argv.slice(1, 2)];
  await client.connect(new StdioClientTransport({ command: process.execPath, args, env }));
  const result = await client.callTool({ name: 'decide' });
  await client.close();
  return /** @type {any} */ (result);
});
if (actor) instrumentServer(server, { audit: { identity: () => ({ id: actor }) } });
await server.connect(new StdioServerTransport());
