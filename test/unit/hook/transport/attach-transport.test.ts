import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { InitializedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { instrumentServer, instrumentTransport } from '../../../../src/index.js';
import { Telemetry, until } from '../../../support/telemetry.js';

const telemetry = new Telemetry();
beforeEach(() => telemetry.reset());
afterAll(() => telemetry.shutdown());

describe('a detached transport', () => {
  it('ends its open operations as connection_closed, once', async () => {
    const [near, far] = InMemoryTransport.createLinkedPair();
    far.onmessage = () => {};
    await Promise.all([near.start(), far.start()]);
    const handles = [near, far].map((transport) => instrumentTransport(transport));
    await near.send({ jsonrpc: '2.0', id: 1, method: 'ping' });
    for (const handle of handles) handle.disable();
    await far.send({ jsonrpc: '2.0', id: 1, result: {} });
    expect(telemetry.open).toEqual([]);
    for (const side of ['client', 'server'] as const) {
      expect(telemetry.span(side, 'ping').attributes['error.type']).toBe('connection_closed');
    }
  });

  it('ends the notification whose handler has not finished', async () => {
    const mcp = new McpServer({ name: 'test', version: '1' });
    const [near, far] = InMemoryTransport.createLinkedPair();
    const handle = instrumentServer(mcp);
    let started = false;
    mcp.server.setNotificationHandler(InitializedNotificationSchema, () => {
      started = true;
      return new Promise(() => {});
    });
    await Promise.all([mcp.connect(far), near.start()]);
    await near.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    await until(() => started, 'the handler to start');
    expect(telemetry.open).toEqual(['SERVER notifications/initialized']);
    handle.disable();
    expect(telemetry.span('server', 'notifications/initialized').attributes['error.type']).toBe('connection_closed');
  });

  it('passes messages on as it did before', async () => {
    const [near, far] = InMemoryTransport.createLinkedPair();
    await Promise.all([near.start(), far.start()]);
    const received: unknown[] = [];
    const onmessage = (message: unknown) => received.push(message);
    const { send } = far;
    near.onmessage = onmessage;
    const handles = [near, far].map((transport) => instrumentTransport(transport));
    for (const handle of handles) handle.disable();
    const message = { jsonrpc: '2.0', id: 1, method: 'ping' } as const;
    await far.send(message);
    expect(received).toEqual([message]);
    expect(received[0]).toBe(message);
    expect([far.send, near.onmessage]).toEqual([send, onmessage]);
    expect(Object.getOwnPropertySymbols(far)).toEqual([]);
    expect(telemetry.spans).toEqual([]);
  });
});

it('a `send` that works each time its thenable is read sends each message once', async () => {
  const written: unknown[] = [];
  const lazy = (message: unknown) => ({
    // biome-ignore lint/suspicious/noThenProperty: query builders return such objects.
    then: (fulfilled: () => void) => {
      written.push(message);
      fulfilled();
    },
  });
  const transport: any = { start: async () => {}, close: async () => {}, send: lazy };
  const mcp = new McpServer({ name: 'test', version: '1' }, { capabilities: { tools: { listChanged: true } } });
  mcp.registerTool('noop', {}, () => ({ content: [] }));
  instrumentServer(mcp);
  await mcp.connect(transport);
  written.length = 0;
  transport.onmessage({ jsonrpc: '2.0', id: 1, method: 'ping' });
  await until(() => written.length > 0, 'the answer');
  mcp.sendToolListChanged();
  await until(() => written.length > 1, 'the notification');
  expect(written).toMatchObject([{ id: 1, result: {} }, { method: 'notifications/tools/list_changed' }]);
  expect(telemetry.open).toEqual([]);
});
