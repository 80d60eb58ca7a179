/** Spans, metrics and hooks name the peer, as far as it has named itself. */
import { describe, expect, it } from 'vitest';
import { instrumentTransport } from '../../src/index.js';
import type { McpOperationInfo } from '../../src/types.js';
import { DIALECTS } from '../support/dialects.js';
import { expectNothingOpen, scenarioTelemetry } from '../support/endings.js';
import { FLAVOURS, text } from '../support/flavours.js';
import { HTTP_FLAVOURS } from '../support/http.js';
import { ASKABLE, answer, SAMPLING } from '../support/questions.js';
import { pairThatAsks } from '../support/rounds.js';

const telemetry = scenarioTelemetry();

const SERVER = { 'mcp_trail.server.name': 'weather', 'mcp_trail.server.version': '4.5.6' };
const CLIENT = { 'mcp_trail.client.name': 'planner', 'mcp_trail.client.version': '1.2.3' };
const INFO = {
  serverInfo: { name: 'weather', version: '4.5.6' },
  clientInfo: { name: 'planner', version: '1.2.3' },
} as const;

const peerOf = (attributes: object) =>
  Object.fromEntries(Object.entries(attributes).filter(([key]) => /^mcp_trail\.(server|client)\./.test(key)));

describe.each(FLAVOURS)('on $name', (flavour) => {
  it('every span of a client names the server, and every span of a server the client', async () => {
    const pair = await flavour.pair({ ...INFO, tools: [{ name: 'echo', handler: () => text('hi') }] });
    await pair.client.callTool({ name: 'echo', arguments: {} });
    await pair.client.callTool({ name: 'nowhere', arguments: {} }).catch(() => {});
    await expectNothingOpen(telemetry);
    // Including the operation that told it: the answer to `initialize` or `server/discover`.
    expect(telemetry.spans.length).toBeGreaterThanOrEqual(5);
    for (const span of telemetry.spans)
      expect(peerOf(span.attributes), span.name).toEqual(span.kind === 2 ? SERVER : CLIENT);
    await pair.close();
  });

  it('measurements have the names, but not the versions', async () => {
    const pair = await flavour.pair({ ...INFO, config: {}, tools: [{ name: 'echo', handler: () => text('hi') }] });
    await pair.client.callTool({ name: 'echo', arguments: {} });
    await expectNothingOpen(telemetry);
    await pair.close();
    const measured = await telemetry.measurements();
    const names = (side: string) =>
      measured.filter(({ metric }) => metric.startsWith(`mcp.${side}.`)).map(({ attributes }) => peerOf(attributes));
    expect(names('client').length).toBeGreaterThanOrEqual(2);
    expect(names('client')).toEqual(names('client').map(() => ({ 'mcp_trail.server.name': 'weather' })));
    expect(names('server').length).toBeGreaterThanOrEqual(2);
    expect(names('server')).toEqual(names('server').map(() => ({ 'mcp_trail.client.name': 'planner' })));
  });

  it('hooks get the peer, with its name once that is known', async () => {
    const told: { hook: string; info: McpOperationInfo }[] = [];
    const pair = await flavour.pair({
      ...INFO,
      tools: [{ name: 'echo', handler: () => text('hi') }],
      config: {
        requestHook: (_span, info) => told.push({ hook: 'request', info }),
        responseHook: (_span, info) => told.push({ hook: 'response', info }),
      },
    });
    await pair.client.callTool({ name: 'echo', arguments: {} });
    await pair.close();
    const first = told[0]?.info;
    expect(first?.peer).toEqual({ role: 'server', transport: 'in_memory' });
    const calls = told.filter(({ info }) => info.target === 'echo');
    expect(calls.map(({ hook, info }) => [hook, info.side, info.peer])).toEqual(
      expect.arrayContaining([
        ['request', 'client', { role: 'server', transport: 'in_memory', name: 'weather', version: '4.5.6' }],
        ['request', 'server', { role: 'client', transport: 'in_memory', name: 'planner', version: '1.2.3' }],
        ['response', 'server', { role: 'client', transport: 'in_memory', name: 'planner', version: '1.2.3' }],
        ['response', 'client', { role: 'server', transport: 'in_memory', name: 'weather', version: '4.5.6' }],
      ]),
    );
    expect(calls).toHaveLength(4);
    for (const { info } of told) expect(Object.isFrozen(info.peer)).toBe(true);
  });

  it.each([
    ['a megabyte', 'x'.repeat(1_000_000)],
    ['control characters', 'we\u0000at\u001bher\r\n'],
    ['a prototype', '__proto__'],
    ['a secret', ['gh', 'p_', 'a1B2'.repeat(9)].join('')],
  ])(
    'a name that is %s is shown like every other, and is not a metric attribute of full length',
    async (what, name) => {
      const info = { name, version: name };
      const pair = await flavour.pair({ serverInfo: info, clientInfo: info, config: {} });
      await expectNothingOpen(telemetry);
      await pair.close();
      const shown = telemetry.spans.flatMap(({ attributes }) => Object.values(peerOf(attributes)) as string[]);
      expect(shown.length).toBeGreaterThanOrEqual(2);
      for (const value of shown) {
        expect(value.length).toBeLessThanOrEqual(256);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: none of these is shown
        expect(value).not.toMatch(/[\u0000-\u001f]/);
        if (what === 'a secret') expect(value).not.toContain('a1B2');
      }
      for (const { attributes } of await telemetry.measurements()) {
        for (const value of Object.values(peerOf(attributes)))
          expect((value as string).length).toBeLessThanOrEqual(128);
      }
    },
  );

  it.each([undefined, null, 7, {}, ['weather']])('a name that is %o is ignored', async (name) => {
    const tap: any = { send: async () => {}, onmessage: () => {} };
    const handle = instrumentTransport(tap, {});
    const clientInfo = { name, version: name };
    tap.onmessage({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', clientInfo },
    });
    await tap.send({ jsonrpc: '2.0', id: 1, result: { protocolVersion: '2025-11-25', serverInfo: clientInfo } });
    await expectNothingOpen(telemetry);
    expect(peerOf(telemetry.span('server', 'initialize').attributes)).toEqual({});
    handle.disable();
  });
});

it.each(FLAVOURS.filter(({ protocolVersion }) => protocolVersion !== '2026-07-28'))(
  'a server’s request names the client on the server’s span, and the server on the client’s span, on $name',
  async (flavour) => {
    const { method, params } = SAMPLING;
    const dialect = DIALECTS[flavour.sdk];
    const pair = await flavour.pair({
      ...INFO,
      clientOptions: ASKABLE,
      configureClient: (client) => answer(client, dialect, SAMPLING),
      tools: [
        {
          name: 'ask',
          handler: (_args, { raw }) => dialect.requestWithin(raw, method, params).then(() => text('')),
        },
      ],
    });
    await pair.client.callTool({ name: 'ask', arguments: {} });
    await expectNothingOpen(telemetry);
    expect(peerOf(telemetry.span('client', method).attributes)).toEqual(CLIENT);
    expect(peerOf(telemetry.span('server', method).attributes)).toEqual(SERVER);
    await pair.close();
  },
);

it('a question in a result names the server that asks, on 2026-07-28', async () => {
  const pair = await pairThatAsks([[SAMPLING]], INFO);
  await pair.client.callTool({ name: 'deploy', arguments: {} });
  await expectNothingOpen(telemetry);
  expect(peerOf(telemetry.span('server', SAMPLING.method).attributes)).toEqual(SERVER);
  await pair.close();
});

it.each(HTTP_FLAVOURS)('over HTTP the client knows the server, and where it is, on $name', async (flavour) => {
  const told: McpOperationInfo[] = [];
  const pair = await flavour.pair({
    configure: (server) => server.registerTool('echo', {}, () => text('hi')),
    config: { requestHook: (_span, info) => told.push(info) },
  });
  await pair.client.callTool({ name: 'echo', arguments: {} });
  const called = await telemetry.ended('client', 'tools/call echo');
  const served = await telemetry.ended('server', 'tools/call echo');
  expect(peerOf(called.attributes)).toEqual({
    'mcp_trail.server.name': 'http-server',
    'mcp_trail.server.version': '1.0.0',
  });
  // A server that is made for one request of a legacy client has not seen its name.
  const known = flavour.sessions || flavour.protocolVersion === '2026-07-28';
  expect(peerOf(served.attributes)).toEqual(
    known ? { 'mcp_trail.client.name': 'http-client', 'mcp_trail.client.version': '1.0.0' } : {},
  );
  const call = told.find(({ side, target }) => side === 'client' && target === 'echo');
  const { port } = new URL((pair.clientTransport as any)._url);
  expect(call?.peer).toEqual({
    role: 'server',
    transport: 'http',
    host: '127.0.0.1',
    port: Number(port),
    name: 'http-server',
    version: '1.0.0',
  });
  await pair.close();
});

it('a proxy that forwards messages distinguishes both ends by the methods that only one of them may send', async () => {
  const towardsServer: any = { send: async () => {}, onmessage: () => {} };
  const handle = instrumentTransport(towardsServer, {});
  const say = { jsonrpc: '2.0' };
  await towardsServer.send({
    ...say,
    id: 1,
    method: 'initialize',
    params: { clientInfo: { name: 'planner', version: '1.2.3' } },
  });
  towardsServer.onmessage({
    ...say,
    id: 1,
    result: { protocolVersion: '2025-11-25', serverInfo: { name: 'weather', version: '4.5.6' } },
  });
  towardsServer.onmessage({ ...say, method: 'notifications/progress', params: { progressToken: 1, progress: 1 } });
  towardsServer.onmessage({ ...say, id: 2, method: 'ping' });
  await towardsServer.send({ ...say, id: 2, result: {} });
  await expectNothingOpen(telemetry);
  expect(telemetry.spans).toHaveLength(3);
  for (const { name, attributes } of telemetry.spans) expect(peerOf(attributes), name).toEqual(SERVER);
  handle.disable();
});
