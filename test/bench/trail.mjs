/** mcp-trail with manual instrumentation; the zero-code start attaches the same hooks. */
import { instrumentClient, instrumentServer } from 'mcp-trail';

/** @type {import('./application.mjs').Addition['attach']} */
export function attach(client, server) {
  instrumentClient(client);
  instrumentServer(server);
}
