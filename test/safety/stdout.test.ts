/** On a stdio server, stdout carries the protocol: every byte of it is the same as without mcp-trail. */
import { describe, expect, it } from 'vitest';
import { Child, type Ended } from './child.js';
import { callEcho, HANDSHAKE, SERVERS, type ServerRow } from './stdio-servers.js';

/** Everything that prints, as verbose as possible. */
const TALKATIVE = {
  OTEL_TRACES_EXPORTER: 'console',
  OTEL_METRICS_EXPORTER: 'console',
  OTEL_LOGS_EXPORTER: 'console',
  OTEL_LOG_LEVEL: 'debug',
  OTEL_NODE_RESOURCE_DETECTORS: 'all',
  MCP_TRAIL_CAPTURE_ARGUMENTS: 'true',
  MCP_TRAIL_TRUST_PROXY: 'what',
};

// Composed here, so that no file contains it.
const SECRET = ['sk', 'live', 'a'.repeat(24), process.pid].join('-');

const message = (id: unknown, method: string, params?: unknown) =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params });

/** Valid and invalid input. */
const CONVERSATION = [
  ...HANDSHAKE,
  message(1, 'tools/list', {}),
  message(2, 'tools/call', { name: 'fail', arguments: {} }),
  message(3, 'tools/call', { name: 'missing', arguments: {} }),
  message(4, 'tools/call', { name: 'echo', arguments: { value: 1 } }),
  message(5, 'no/such/method', {}),
  message(6, 'tools/call', {
    name: 'echo',
    arguments: { value: 'traced' },
    _meta: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', progressToken: 6 },
  }),
  message(7, 'tools/call', { name: 'echo', arguments: { value: 'untraced' }, _meta: { traceparent: 'ff' } }),
  'this is not JSON',
  '{"jsonrpc":"2.0"}',
  '[]',
  `[${message(8, 'ping')}]`,
  '"text"',
  message(null, 'ping'),
  message(9, 'tools/call', 'no object'),
  JSON.stringify({ jsonrpc: '2.0', id: 'nobody asked', result: {} }),
  JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 404 } }),
  message(10, 'ping'),
];

/** Sends one line at a time if it is answered, so that the server decides the order of answers. */
async function converse({ file, preload }: ServerRow, traced: boolean): Promise<Ended> {
  const args = [...(traced ? preload : []), file, `--token=${SECRET}`];
  const child = new Child(args, traced ? TALKATIVE : {});
  child.write(...CONVERSATION);
  child.write(callEcho('last'));
  await child.printed('"id":"echo last"');
  child.endInput();
  return child.ended;
}

describe.each(SERVERS)('a stdio server on $name', (server) => {
  it('writes the same bytes with everything turned on', async () => {
    const [plain, traced] = await Promise.all([converse(server, false), converse(server, true)]);
    expect(plain.stdout.split('\n').length).toBeGreaterThan(10);
    expect(traced.stdout).toBe(plain.stdout);
    expect([traced.code, traced.signal]).toEqual([plain.code, plain.signal]);

    // It was observed, and everything was printed elsewhere.
    expect(plain.stderr).not.toContain('tools/call');
    expect(traced.stderr).toContain("name: 'tools/call echo'");
    expect(traced.stderr).toContain('mcp.server.operation.duration');
    expect(traced.stderr).toContain('a record of the application');
    expect(traced.stderr).toMatch(/^\[otel\]/m);
    expect(traced.stderr).toContain('mcp-trail: MCP_TRAIL_TRUST_PROXY is "what"; accepted: true, false');

    // The resource has the process attributes without the command line.
    expect(traced.stderr).toContain('process.pid');
    expect(traced.stderr + traced.stdout).not.toContain('process.command_args');
    expect(traced.stderr + traced.stdout).not.toContain('process.command_line');
    expect(traced.stderr + traced.stdout).not.toContain(SECRET);
  });
});
