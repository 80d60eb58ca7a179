/** Clients, servers and transports that are not what hooks expect: they work as before, and are observed as far as possible. */
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { instrumentClient, instrumentServer, instrumentTransport } from '../../src/index.js';
import { FLAVOURS, text } from '../support/flavours.js';
import { endOf, Telemetry } from '../support/telemetry.js';
import { settled, storesOf } from './sdk.js';
import { trapped } from './values.js';

const telemetry = new Telemetry();
beforeEach(() => telemetry.reset());
afterAll(() => telemetry.shutdown());

const ECHO = { name: 'echo', handler: () => text('hi') };
const CALL = { name: 'echo', arguments: {} };
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** An application's transport, which wraps another one and has private members. */
class OwnTransport {
  readonly #inner: any;
  #onmessage: unknown;
  #onclose: unknown;
  #onerror: unknown;

  constructor(inner: any) {
    this.#inner = inner;
  }
  get onmessage() {
    return this.#onmessage;
  }
  set onmessage(value: unknown) {
    this.#onmessage = value;
    this.#inner.onmessage = value;
  }
  get onclose() {
    return this.#onclose;
  }
  set onclose(value: unknown) {
    this.#onclose = value;
    this.#inner.onclose = value;
  }
  get onerror() {
    return this.#onerror;
  }
  set onerror(value: unknown) {
    this.#onerror = value;
    this.#inner.onerror = value;
  }
  start() {
    return this.#inner.start();
  }
  send(message: unknown, options?: unknown) {
    return this.#inner.send(message, options);
  }
  close() {
    return this.#inner.close();
  }
}

/** Odd transports, and whether they can be observed. */
const TRANSPORTS: Readonly<Record<string, { readonly make: (inner: any) => any; readonly observed: boolean }>> = {
  'with accessors on its class': { make: (inner) => new OwnTransport(inner), observed: true },
  'that is sealed': { make: (inner) => Object.seal(new OwnTransport(inner)), observed: false },
  'that is frozen': { make: (inner) => Object.freeze(new OwnTransport(inner)), observed: false },
  'without a class': {
    make: (inner) => ({
      start: () => inner.start(),
      send: (message: unknown, options: unknown) => inner.send(message, options),
      close: () => inner.close(),
      set onmessage(value: unknown) {
        inner.onmessage = value;
      },
      set onclose(value: unknown) {
        inner.onclose = value;
      },
      set onerror(value: unknown) {
        inner.onerror = value;
      },
    }),
    observed: true,
  },
  'whose send cannot be replaced': {
    make: (inner) => {
      const send = (message: unknown, options: unknown) => inner.send(message, options);
      return Object.defineProperty(new OwnTransport(inner), 'send', { value: send });
    },
    observed: false,
  },
  'whose onmessage cannot be replaced': {
    make: (inner) =>
      Object.defineProperty(new OwnTransport(inner), 'onmessage', {
        get: () => inner.onmessage,
        set: (value) => {
          inner.onmessage = value;
        },
      }),
    observed: false,
  },
  'that is a proxy of one with private members': {
    make: (inner) =>
      new Proxy(new OwnTransport(inner), {
        get(target, key) {
          const value = Reflect.get(target, key, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
        set: (target, key, value) => Reflect.set(target, key, value, target),
      }),
    observed: true,
  },
  'whose session id is a trap': { make: (inner) => trapped(new OwnTransport(inner), 'sessionId'), observed: false },
  'whose own properties are traps': {
    make: (inner) => ['_serverParams', '_wire', '_url'].reduce(trapped, new OwnTransport(inner) as object),
    observed: false,
  },
};

describe.each(FLAVOURS)('on $name', (flavour) => {
  it.each(Object.entries(TRANSPORTS))('a client works over a transport %s', async (_what, { make, observed }) => {
    const outcomes: unknown[] = [];
    for (const instrument of ['none', 'client'] as const) {
      telemetry.reset();
      let transport: any;
      const calls = async () => {
        const pair = await flavour.pair({
          instrument,
          config: {},
          tools: [ECHO],
          wrapTransports: (client, server) => {
            transport = make(client);
            return [transport, server];
          },
        });
        const result = await pair.client.callTool(CALL);
        for (const handle of pair.handles) handle.disable();
        const after = await pair.client.callTool(CALL);
        await pair.close();
        return [result.content, after.content, Reflect.ownKeys(transport)];
      };
      outcomes.push(await settled(calls()));
      const count = telemetry.all('client', 'tools/call echo').length;
      expect(count).toBe(instrument === 'client' && observed ? 1 : 0);
    }
    expect(outcomes[1]).toEqual(outcomes[0]);
  });

  it.each(Object.entries(TRANSPORTS))(
    'a transport %s can be instrumented manually',
    async (_what, { make, observed }) => {
      const outcomes: unknown[] = [];
      for (const instruments of [false, true]) {
        telemetry.reset();
        let transport: any;
        let handle = { disable() {} };
        const calls = async () => {
          const pair = await flavour.pair({
            instrument: 'none',
            tools: [ECHO],
            wrapTransports: (client, server) => {
              transport = make(client);
              if (instruments) handle = instrumentTransport(transport, {});
              return [transport, server];
            },
          });
          const result = await pair.client.callTool(CALL);
          handle.disable();
          const after = await pair.client.callTool(CALL);
          await pair.close();
          return [result.content, after.content, Reflect.ownKeys(transport)];
        };
        outcomes.push(await settled(calls()));
        const count = telemetry.all('client', 'tools/call echo').length;
        expect(count).toBe(instruments && observed ? 1 : 0);
      }
      expect(outcomes[1]).toEqual(outcomes[0]);
    },
  );

  /** What a future SDK may name differently. */
  const PRIVATE = [
    '_requestWithSchemaViaCodec',
    'request',
    '_onclose',
    '_getRequestHandler',
    '_notificationHandlers',
    '_requestMessageId',
    '_clientInfo',
    '_serverInfo',
    'getNegotiatedProtocolVersion',
    'fallbackNotificationHandler',
    'callTool',
    'listen',
  ];

  /** The same client or server without these names. */
  function without(names: readonly string[], target: any): any {
    return new Proxy(target, {
      get(_target, key) {
        if (names.includes(key as string)) return undefined;
        const value = target[key];
        return typeof value === 'function' ? value.bind(target) : value;
      },
      has: (_target, key) => !names.includes(key as string) && key in target,
    });
  }

  it('the transport is observed even if private members have other names', async () => {
    for (const names of [PRIVATE, ...PRIVATE.map((name) => [name])]) {
      telemetry.reset();
      const pair = await flavour.pair({
        instrument: 'none',
        tools: [ECHO, { name: 'refuse', handler: () => ({ ...text('no'), isError: true }) }],
      });
      const handles = [
        instrumentClient(without(names, pair.client), {}),
        instrumentServer(without(names, pair.server), {}),
      ];
      expect((await pair.client.callTool(CALL)).content, names[0]).toEqual(text('hi').content);
      await pair.client.callTool({ name: 'refuse', arguments: {} });
      await settled(pair.client.request({ method: 'no/such/method', params: {} }, z.any()));
      await pair.client.notification({ method: 'notifications/roots/list_changed' }).catch(() => {});
      await turn();
      for (const side of ['client', 'server'] as const) {
        expect(endOf(telemetry.span(side, 'tools/call echo')).errorType, names[0]).toBeUndefined();
        expect(endOf(telemetry.span(side, 'tools/call refuse')).errorType, names[0]).toBe('tool_error');
      }
      expect(telemetry.span('server', 'no/such/method').attributes['rpc.response.status_code']).toBe('-32601');
      expect([pair.clientTransport, pair.server.transport].map((each) => storesOf(each).open)).toEqual([0, 0]);
      for (const handle of handles) handle.disable();
      await pair.close();
    }
  });

  it('a transport that throws instead of rejecting ends its operation', async () => {
    const failure = new Error('no cable');
    let fails = false;
    const pair = await flavour.pair({
      config: {},
      tools: [ECHO],
      wrapTransports(client, server) {
        const { send } = client;
        client.send = function (...args: unknown[]) {
          if (fails) throw failure;
          return send.apply(this, args);
        };
        return [client, server];
      },
    });
    const { clientTransport } = pair;
    const stores = storesOf(clientTransport);
    const messages = [
      { jsonrpc: '2.0', id: 'handmade', method: 'tools/list' },
      { jsonrpc: '2.0', method: 'notifications/roots/list_changed' },
      { jsonrpc: '2.0', id: 'asked', result: {} },
    ];
    telemetry.reset();
    fails = true;
    for (const message of messages) {
      expect(() => clientTransport.send(message)).toThrow(failure);
      await expect((async () => pair.client.callTool(CALL))()).rejects.toBe(failure);
    }
    fails = false;
    expect(stores.open).toBe(0);
    const failed = telemetry.spans.filter((span) => endOf(span).errorType === 'send_failed');
    expect(failed.map((span) => span.name).sort()).toEqual([
      'notifications/roots/list_changed',
      'tools/call echo',
      'tools/call echo',
      'tools/call echo',
      'tools/list',
    ]);

    // The same objects once more: this time they are sent, and observed.
    telemetry.reset();
    for (const message of messages) await clientTransport.send(message);
    await telemetry.ended('client', 'tools/list');
    expect(telemetry.span('client', 'notifications/roots/list_changed').ended).toBe(true);
    await pair.close();
  });

  it('options that throw when read fail a request as without mcp-trail', async () => {
    const traps = ['signal', 'relatedTask', 'timeout', 'onprogress', 'requestSignal', 'resumptionToken'];
    for (const name of traps) {
      const outcomes = [];
      for (const instrument of ['none', 'both'] as const) {
        const pair = await flavour.pair({ instrument, config: {}, tools: [ECHO] });
        const options = trapped({}, name);
        outcomes.push(await settled((async () => pair.client.request({ method: 'tools/list' }, z.any(), options))()));
        outcomes.push(
          await settled(
            (async () => pair.clientTransport.send({ jsonrpc: '2.0', id: 'x', method: 'tools/list' }, options))(),
          ),
        );
        await turn();
        if (instrument === 'both') expect(storesOf(pair.clientTransport).open, name).toBe(0);
        await pair.close();
      }
      expect(outcomes.slice(2), name).toEqual(outcomes.slice(0, 2));
    }
  });
});
