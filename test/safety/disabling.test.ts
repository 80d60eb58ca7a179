/** Hooks are added once, however often an object is instrumented, and are removed without a trace. */
import { createRequire } from 'node:module';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { instrumentClient, instrumentServer, instrumentTransport, McpInstrumentation } from '../../src/index.js';
import { FLAVOURS, type Pair, text } from '../support/flavours.js';
import { endOf, Telemetry, until } from '../support/telemetry.js';
import { copiesOfPackage, installedElsewhere } from './copies.js';
import { storesOf } from './sdk.js';

const telemetry = new Telemetry();
beforeEach(() => telemetry.reset());
afterAll(() => telemetry.shutdown());

const ECHO = { name: 'echo', handler: () => text('hi') };
const CALL = { name: 'echo', arguments: {} };

/** Every object of a pair that may have hooks. */
function hookedObjects({ client, server, clientTransport, serverTransport }: Pair): Record<string, any> {
  return {
    client,
    server,
    clientTransport,
    serverTransport,
    'transport of the server': server.transport,
    'notification handlers of the client': client._notificationHandlers,
    'notification handlers of the server': server._notificationHandlers,
  };
}

/** Own members of an object, and the names of functions: ours have other names or none. */
function ownMembers(object: object): Record<string, string> {
  const members = Reflect.ownKeys(object).map((key) => {
    const { value, get, set, enumerable } = Object.getOwnPropertyDescriptor(object, key) as PropertyDescriptor;
    const ours = typeof value === 'function' && Symbol.for('mcp-trail.wrapper') in value;
    return [String(key), `${get || set ? 'accessor' : typeof value}${ours ? ' of ours' : ''} ${enumerable}`];
  });
  return Object.fromEntries(members);
}

async function callTwice(pair: Pair): Promise<void> {
  for (let time = 0; time < 2; time++) expect((await pair.client.callTool(CALL)).content).toEqual(text('hi').content);
  // In memory, the client has its answer before the server's last callbacks have run.
  await new Promise((resolve) => setImmediate(resolve));
}

function spanCounts(): Record<string, number> {
  return {
    client: telemetry.all('client', 'tools/call echo').length,
    server: telemetry.all('server', 'tools/call echo').length,
  };
}

describe.each(FLAVOURS)('manual instrumentation on $name', (flavour) => {
  it('leaves nothing on any object after it was disabled', async () => {
    const plain = await flavour.pair({ instrument: 'none', tools: [ECHO] });
    const pair = await flavour.pair({ config: {}, tools: [ECHO] });
    const serverHandle = instrumentServer(pair.server);
    await callTwice(pair);
    expect(spanCounts()).toEqual({ client: 2, server: 2 });
    for (const handle of [...pair.handles, serverHandle]) handle.disable();
    await callTwice(plain);
    const expected = hookedObjects(plain);
    for (const [name, object] of Object.entries(hookedObjects(pair))) {
      expect(ownMembers(object), name).toEqual(ownMembers(expected[name]));
      expect(Object.getPrototypeOf(object), name).toBe(Object.getPrototypeOf(expected[name]));
    }
    telemetry.reset();
    await callTwice(pair);
    await pair.client.notification({ method: 'notifications/roots/list_changed' }).catch(() => {});
    expect(telemetry.spans).toEqual([]);
    await pair.close();
    await plain.close();
  });

  it('ends open operations when it is disabled, and the call goes on', async () => {
    let finish = (): void => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const handler = async () => {
      await finished;
      return text('hi');
    };
    const pair = await flavour.pair({ config: {}, tools: [{ name: 'echo', handler }] });
    const stores = [pair.clientTransport, pair.server.transport].map(storesOf);
    const pending = pair.client.callTool(CALL);
    await until(() => stores.every(({ requests }) => requests === 1), 'both operations to be open');
    for (const handle of [...pair.handles, instrumentServer(pair.server)]) handle.disable();
    for (const span of [telemetry.span('client', 'tools/call echo'), telemetry.span('server', 'tools/call echo')]) {
      expect(endOf(span).errorType).toBe('connection_closed');
    }
    expect(stores.map(({ open }) => open)).toEqual([0, 0]);
    finish();
    expect((await pending).content).toEqual(text('hi').content);
    expect(spanCounts()).toEqual({ client: 1, server: 1 });
    await pair.close();
  });

  it('is idempotent, and can be done again after disabling', async () => {
    const pair = await flavour.pair({ instrument: 'none', tools: [ECHO] });
    const first = instrumentClient(pair.client, {});
    expect(instrumentClient(pair.client, {})).toBe(first);
    expect(instrumentClient(pair.client)).toBe(first);
    await callTwice(pair);
    expect(spanCounts()).toEqual({ client: 2, server: 0 });
    first.disable();
    first.disable();
    await callTwice(pair);
    expect(spanCounts()).toEqual({ client: 2, server: 0 });
    const second = instrumentClient(pair.client, {});
    expect(second).not.toBe(first);
    first.disable();
    await callTwice(pair);
    expect(spanCounts()).toEqual({ client: 4, server: 0 });
    expect(instrumentClient(pair.client)).toBe(second);
    second.disable();
    await pair.close();
  });

  it('works after connecting, on both sides, and on the transport as well', async () => {
    const pair = await flavour.pair({ instrument: 'none', tools: [ECHO] });
    instrumentTransport(pair.clientTransport, {});
    instrumentClient(pair.client, {});
    instrumentServer(pair.server, {});
    instrumentServer({ server: pair.server }, {});
    instrumentTransport(pair.server.transport, {});
    await callTwice(pair);
    expect(spanCounts()).toEqual({ client: 2, server: 2 });
    await pair.close();
  });

  it('does nothing when it is disabled by option', async () => {
    const pair = await flavour.pair({ config: { enabled: false }, tools: [ECHO] });
    await callTwice(pair);
    expect(telemetry.spans).toEqual([]);
    const plain = await flavour.pair({ instrument: 'none', tools: [ECHO] });
    for (const [name, object] of Object.entries(hookedObjects(pair))) {
      expect(Object.keys(ownMembers(object)), name).toEqual(Object.keys(ownMembers(hookedObjects(plain)[name])));
    }
    await pair.close();
    await plain.close();
  });
});

describe.each(FLAVOURS.filter(({ protocolVersion }) => protocolVersion < '2026'))('on $name', (flavour) => {
  it('hooks remain when client and server connect again', async () => {
    const pair = await flavour.pair({ config: {}, tools: [ECHO] });
    await callTwice(pair);
    for (let time = 0; time < 2; time++) {
      await pair.client.close();
      const [clientTransport, serverTransport] = pair.clientTransport.constructor.createLinkedPair();
      await pair.server.connect(serverTransport);
      await pair.client.connect(clientTransport);
      await callTwice(pair);
    }
    expect(spanCounts()).toEqual({ client: 6, server: 6 });
    for (const handle of pair.handles) handle.disable();
    await callTwice(pair);
    expect(spanCounts()).toEqual({ client: 6, server: 6 });
    await pair.close();
  });
});

describe.each(FLAVOURS)('several copies of the package on $name', (flavour) => {
  let elsewhere: ReturnType<typeof installedElsewhere>;
  let copies: Awaited<ReturnType<typeof copiesOfPackage>>;
  beforeAll(async () => {
    elsewhere = installedElsewhere();
    copies = await copiesOfPackage(elsewhere.folder);
  });
  afterAll(() => elsewhere.remove());

  it('observe a client and a server once, in any order', async () => {
    const names = Object.keys(copies);
    expect(new Set(Object.values(copies).map((copy) => copy.instrumentClient)).size).toBe(4);
    for (const [first] of names.entries()) {
      const order = [...names.slice(first), ...names.slice(0, first)];
      telemetry.reset();
      const pair = await flavour.pair({ instrument: 'none', tools: [ECHO] });
      for (const name of order) {
        copies[name]?.instrumentClient(pair.client, {});
        copies[name]?.instrumentServer(pair.server, {});
        copies[name]?.instrumentTransport(pair.clientTransport, {});
      }
      await callTwice(pair);
      expect(spanCounts(), order.join(', ')).toEqual({ client: 2, server: 2 });
      await pair.close();
    }
  });
});

const require = createRequire(import.meta.url);

/** SDK copies whose classes are patched when they are loaded, or that were loaded before. */
const CLASSES = [
  {
    name: 'v1',
    ...(require('@modelcontextprotocol/sdk/client/index.js') as Record<string, any>),
    ...(require('@modelcontextprotocol/sdk/server/mcp.js') as Record<string, any>),
    ...(require('@modelcontextprotocol/sdk/inMemory.js') as Record<string, any>),
    ...(require('@modelcontextprotocol/sdk/shared/protocol.js') as Record<string, any>),
  },
  {
    name: 'v2',
    ...(require('@modelcontextprotocol/client') as Record<string, any>),
    ...(require('@modelcontextprotocol/server') as Record<string, any>),
  },
].map(({ name, ...exports }) => ({ name, exports: exports as Record<string, any> }));

describe.each(CLASSES)('the instrumentation of the classes of $name', ({ name, exports }) => {
  const { Client, McpServer, InMemoryTransport, Protocol } = exports;

  async function pairOf(ClientClass: any = Client, ServerClass: any = McpServer): Promise<Pair> {
    const client = new ClientClass({ name: 'client', version: '1' });
    const mcp = new ServerClass({ name: 'server', version: '1' });
    mcp.registerTool('echo', { inputSchema: name === 'v1' ? {} : z.object({}) }, () => text('hi'));
    const [clientTransport, serverTransport] = InMemoryTransport.createLinkedPair();
    await mcp.connect(serverTransport);
    await client.connect(clientTransport);
    const close = () => client.close();
    return { client, server: mcp.server, clientTransport, serverTransport, handles: [], close };
  }

  const methods = () =>
    [Protocol, Client].map(({ prototype }) => Object.getOwnPropertyDescriptor(prototype, 'connect'));

  it('restores their methods, however often it is enabled and disabled', async () => {
    const before = methods();
    const instrumentation = new McpInstrumentation();
    try {
      for (let time = 1; time <= 3; time++) {
        instrumentation.enable();
        expect(methods()).not.toEqual(before);
        const pair = await pairOf();
        await callTwice(pair);
        expect(spanCounts()).toEqual({ client: 2 * time, server: 2 * time });
        instrumentation.disable();
        instrumentation.disable();
        expect(methods()).toEqual(before);
        // Objects that were attached before pass everything on.
        await callTwice(pair);
        await pair.close();
        const late = await pairOf();
        await callTwice(late);
        await late.close();
        expect(spanCounts()).toEqual({ client: 2 * time, server: 2 * time });
      }
    } finally {
      instrumentation.disable();
    }
  });

  it('observes once beside a second instrumentation, another copy of the package, and manual instrumentation', async () => {
    const before = methods();
    const elsewhere = installedElsewhere();
    const instrumentations: McpInstrumentation[] = [];
    try {
      const copies = Object.values(await copiesOfPackage(elsewhere.folder));
      const all = [McpInstrumentation, McpInstrumentation, ...copies.map((copy) => copy.McpInstrumentation)];
      for (const Each of all) instrumentations.push(new Each());
      const pair = await pairOf();
      instrumentClient(pair.client, {});
      for (const copy of copies) copy.instrumentServer(pair.server, {});
      await callTwice(pair);
      expect(spanCounts()).toEqual({ client: 2, server: 2 });
      await pair.close();
    } finally {
      for (const instrumentation of instrumentations.reverse()) instrumentation.disable();
      elsewhere.remove();
    }
    expect(methods()).toEqual(before);
  });

  it('observes subclasses, which keep their behaviour', async () => {
    const ways: string[] = [];
    class OwnClient extends Client {
      async connect(transport: unknown, ...rest: unknown[]) {
        ways.push('connect');
        return super.connect(transport, ...rest);
      }
      request(...args: unknown[]) {
        ways.push((args[0] as { method: string }).method);
        return super.request(...args);
      }
    }
    class FurtherClient extends OwnClient {}
    const instrumentation = new McpInstrumentation();
    try {
      for (const Each of [OwnClient, FurtherClient]) {
        telemetry.reset();
        ways.length = 0;
        const pair = await pairOf(Each);
        await pair.client.request({ method: 'tools/call', params: CALL }, z.any());
        expect(ways.filter((way) => way !== 'initialize')).toEqual(['connect', 'tools/call']);
        await telemetry.ended('server', 'tools/call echo');
        expect(spanCounts()).toEqual({ client: 1, server: 1 });
        await pair.close();
      }
    } finally {
      instrumentation.disable();
    }
  });
});
