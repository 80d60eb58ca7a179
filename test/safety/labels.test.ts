/** Peers choose names and codes, but not how many of them become metric attributes. */
import { afterAll, expect, it } from 'vitest';
import { instrumentTransport } from '../../src/index.js';
import { Telemetry, until } from '../support/telemetry.js';
import { storesOf } from './sdk.js';

const telemetry = new Telemetry();
afterAll(() => telemetry.shutdown());

it('metrics have only names that have succeeded, up to a bound', async () => {
  const transport: any = { send: async () => {}, onmessage: () => {} };
  instrumentTransport(transport, {});
  const version = (n: number) => ({ _meta: { 'io.modelcontextprotocol/protocolVersion': `v${n}` } });
  const answers: Readonly<Record<string, (n: number) => object>> = {
    succeeds: () => ({ result: {} }),
    fails: (n) => ({ error: { code: n, message: `failure ${n}` } }),
    refuses: () => ({ result: { isError: true } }),
    'fails oddly': (n) => ({ error: { code: `code ${n}`, message: '' } }),
  };
  for (const [outcome, answer] of Object.entries(answers)) {
    for (let n = 0; n < 800; n++) {
      const calls = [
        { method: 'tools/call', params: { name: `${outcome} tool ${n}` } },
        { method: 'prompts/get', params: { name: `${outcome} prompt ${n}` } },
        { method: `${outcome}/${n}`, params: {} },
        { method: 'ping', params: version(n) },
        { method: 'x'.repeat(200) + n, params: {} },
      ];
      for (const [kind, call] of calls.entries()) {
        const id = `${outcome} ${kind} ${n}`;
        transport.onmessage({ jsonrpc: '2.0', id, ...call });
        void transport.send({ jsonrpc: '2.0', id, ...answer(n) });
      }
      transport.onmessage({ jsonrpc: '2.0', method: `${outcome}/${n}` });
      if (n % 200 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }
  await until(() => storesOf(transport).open === 0, 'all answers to be sent');

  const names: Record<string, Set<unknown>> = {};
  for (const { metric, attributes } of await telemetry.series()) {
    if (metric !== 'mcp.server.operation.duration') continue;
    for (const [key, value] of Object.entries(attributes)) {
      names[key] = (names[key] ?? new Set()).add(value);
      expect(String(value).length, key).toBeLessThanOrEqual(128);
    }
  }
  const counts = Object.fromEntries(Object.entries(names).map(([key, { size }]) => [key, size]));
  expect(counts).toEqual({
    // Names that have succeeded, up to a number of each kind, and `_OTHER` for all others.
    'gen_ai.tool.name': 501,
    'gen_ai.prompt.name': 501,
    'mcp.method.name': expect.toSatisfy((count: number) => count > 100 && count <= 150),
    'mcp.protocol.version': expect.toSatisfy((count: number) => count > 10 && count <= 20),
    // The first codes, `_OTHER`, and `tool_error`.
    'rpc.response.status_code': 51,
    'error.type': 52,
    'gen_ai.operation.name': 1,
  });
}, 240_000);

it('servers that are instrumented one by one, with options, share the bound', async () => {
  for (let server = 0; server < 12; server++) {
    const transport: any = { send: async () => {}, onmessage: () => {} };
    const handle = instrumentTransport(transport, {});
    for (let n = 0; n < 50; n++) {
      transport.onmessage({
        jsonrpc: '2.0',
        id: n,
        method: 'tools/call',
        params: { name: `server ${server} tool ${n}` },
      });
      void transport.send({ jsonrpc: '2.0', id: n, result: {} });
    }
    await until(() => storesOf(transport).open === 0, 'all answers to be sent');
    handle.disable();
  }
  const tools = (await telemetry.series())
    .filter(({ metric }) => metric === 'mcp.server.operation.duration')
    .map(({ attributes }) => attributes['gen_ai.tool.name']);
  expect(new Set(tools.filter((name) => name !== undefined)).size).toBe(501);
});
