/** mcp-trail loaded and attached, but disabled. */
import { instrumentClient, instrumentServer } from 'mcp-trail';

/** @type {import('./application.mjs').Addition['attach']} */
export function attach(client, server) {
  instrumentClient(client, { enabled: false });
  instrumentServer(server, { enabled: false });
}
