/** The stdio servers that are started as processes, and the messages to them. */

export interface ServerRow {
  readonly name: string;
  readonly file: string;
  /** How the package is preloaded. */
  readonly preload: readonly string[];
}

const IMPORT = ['--import', 'mcp-trail/register'];
const REQUIRE = ['--require', 'mcp-trail/register'];

export const SERVERS: readonly ServerRow[] = [
  { name: 'v1', file: 'test/fixtures/safety-server-v1.mjs', preload: IMPORT },
  { name: 'v1 as CommonJS', file: 'test/fixtures/safety-server-v1.cjs', preload: REQUIRE },
  { name: 'v2', file: 'test/fixtures/safety-server-v2.mjs', preload: IMPORT },
];

export const HANDSHAKE: readonly string[] = [
  JSON.stringify({
    jsonrpc: '2.0',
    id: 'handshake',
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'handmade', version: '1' } },
  }),
  JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }),
];

export function callEcho(value: string): string {
  return JSON.stringify({
    jsonrpc: '2.0',
    id: `echo ${value}`,
    method: 'tools/call',
    params: { name: 'echo', arguments: { value } },
  });
}
