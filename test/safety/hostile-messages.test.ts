/** Whatever arrives, the peer behaves as without mcp-trail: the same answers, errors and handler calls. */
import { inspect } from 'node:util';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { FLAVOURS, type Flavour, text } from '../support/flavours.js';
import { Telemetry, until } from '../support/telemetry.js';
import { settled, storesOf } from './sdk.js';
import {
  HOSTILE_ANSWERS,
  HOSTILE_REQUESTS,
  MALFORMED_COMPANIONS,
  MALFORMED_TRACEPARENTS,
  type MakeMessage,
  NO_MESSAGES,
  REMOTE,
  TRAPS,
} from './values.js';

const telemetry = new Telemetry();
beforeEach(() => telemetry.reset());
afterAll(() => telemetry.shutdown());

type Side = 'client' | 'server';

interface Behaviour {
  /** Messages that the receiver sent. */
  readonly wire: unknown[];
  /** Arguments of the handlers and callbacks of both ends, and how promises settled. */
  readonly seen: unknown[];
}

/** What a peer does when handmade messages arrive one after the other, each while one of its requests is open. */
async function behaviour(
  flavour: Flavour,
  receiver: Side,
  instrument: Side | 'none',
  messages: Readonly<Record<string, MakeMessage>>,
): Promise<Record<string, Behaviour>> {
  let current: Behaviour = { wire: [], seen: [] };
  const see = (...what: unknown[]) =>
    current.seen.push(inspect(what, { depth: 5, maxStringLength: 200, breakLength: Number.POSITIVE_INFINITY }));
  let open: string | number | undefined;
  let running = (): void => {};
  let release = (): void => {};
  const pair = await flavour.pair({
    instrument,
    config: { captureArguments: true, captureResults: true, captureErrorMessages: true },
    configureClient(client) {
      client.onerror = (error: Error) => see('client error', error.message);
      client.fallbackNotificationHandler = async ({ method }: any) => see('client notified', method);
    },
    configure({ server }) {
      server.onerror = (error: Error) => see('server error', error.message);
      server.fallbackNotificationHandler = async ({ method }: any) => see('server notified', method);
    },
    tools: [
      {
        name: 'echo',
        input: { value: z.string().optional() },
        handler: ({ value = '' }, { raw }) => {
          const meta = Object.keys(raw._meta ?? raw.mcpReq?._meta ?? {});
          see(
            'echo runs',
            value.length,
            meta.filter((key) => key !== 'traceparent'),
          );
          return text('echo');
        },
      },
      {
        name: 'wait',
        handler: async (_args, { signal, raw }) => {
          open ??= raw.requestId ?? raw.mcpReq.id;
          running();
          await new Promise<void>((resolve) => {
            release = resolve;
          });
          see('wait ends', signal.aborted);
          return text('waited');
        },
      },
    ],
    wrapTransports(client, server) {
      const transport = receiver === 'client' ? client : server;
      const { send } = transport;
      transport.send = function (message: any, options: unknown) {
        current.wire.push(withoutTrace(message));
        return send.call(this, message, options);
      };
      return [client, server];
    },
  });
  const stores = instrument === 'none' ? undefined : storesOf(pair[`${instrument}Transport`]);
  const from = receiver === 'client' ? pair.serverTransport : pair.clientTransport;

  const behaviours: Record<string, Behaviour> = {};
  for (const [name, make] of Object.entries(messages)) {
    current = { wire: [], seen: [] };
    open = undefined;
    const started = new Promise<void>((resolve) => {
      running = resolve;
    });
    const pending = settled(pair.client.callTool({ name: 'wait', arguments: {} }));
    await started;
    const sent = await settled(from.send(make(open as unknown as string | number)));
    // The order of two callbacks within one turn of the event loop is not guaranteed.
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    see('sent', sent);
    release();
    see('pending', await pending);
    see('afterwards', await settled(pair.client.callTool({ name: 'echo', arguments: { value: 'x' } })));
    behaviours[name] = current;
  }
  await pair.close();
  if (stores !== undefined) {
    await until(() => stores.open === 0, 'all operations to end');
    expect(stores.requests).toBe(0);
  }
  return behaviours;
}

/** A message for comparison, without what we add to it. */
function withoutTrace(message: any): unknown {
  const copy = JSON.parse(JSON.stringify(message));
  const { params = {} } = copy;
  delete params._meta?.traceparent;
  if (Object.keys(params._meta ?? {}).length === 0) delete params._meta;
  if (Object.keys(params).length === 0) delete copy.params;
  return copy;
}

/** What hostile names and values become on a span. */
function expectBoundedSpans(): void {
  for (const span of telemetry.spans) {
    expect(span.name.length).toBeLessThanOrEqual(600);
    expect(Object.keys(span.attributes).length).toBeLessThanOrEqual(20);
    for (const [key, value] of Object.entries(span.attributes)) {
      const content = key.startsWith('gen_ai.tool.call.');
      expect(String(value).length, key).toBeLessThanOrEqual(content ? 8192 : 1024);
    }
    expect((span.status.message ?? '').length).toBeLessThanOrEqual(8192);
    expect(span.ended).toBe(true);
  }
}

describe.each(FLAVOURS)('on $name', (flavour) => {
  it.each(['server', 'client'] as const)('a %s behaves the same towards hostile messages', async (side) => {
    const messages = { ...NO_MESSAGES, ...HOSTILE_REQUESTS, ...HOSTILE_ANSWERS };
    const plain = await behaviour(flavour, side, 'none', messages);
    expect(Object.keys(plain)).toHaveLength(Object.keys(messages).length);
    const observed = await behaviour(flavour, side, side, messages);
    for (const name of Object.keys(messages)) expect(observed[name], name).toEqual(plain[name]);
    expectBoundedSpans();
  });

  it.each(Object.keys(TRAPS))('a server and a client behave as without mcp-trail when %s arrives', async (name) => {
    const message = { [name]: TRAPS[name] as MakeMessage };
    for (const side of ['server', 'client'] as const) {
      // The SDK's own stdio entry stops reading at these, and stdio cannot transport them.
      if (side === 'server' && flavour.name === 'v2 2026-07-28') continue;
      expect(await behaviour(flavour, side, side, message), side).toEqual(
        await behaviour(flavour, side, 'none', message),
      );
    }
    expectBoundedSpans();
  });
});

/** Calls one after the other with these `_meta`. Returns what the handler saw of each. */
async function callsWith(flavour: Flavour, metas: Readonly<Record<string, object>>, instrument: 'server' | 'none') {
  const seen: Record<string, unknown> = {};
  const pair = await flavour.pair({
    instrument,
    config: {},
    tools: [
      {
        name: 'echo',
        handler: (_args, { raw }) => {
          const { traceparent, tracestate, baggage } = raw._meta ?? raw.mcpReq._meta;
          return text(inspect({ traceparent, tracestate, baggage }, { maxStringLength: 200, maxArrayLength: 3 }));
        },
      },
    ],
  });
  telemetry.reset();
  for (const [name, _meta] of Object.entries(metas)) {
    seen[name] = await settled(pair.client.callTool({ name: 'echo', arguments: {}, _meta }));
  }
  await pair.close();
  return seen;
}

describe.each(FLAVOURS)('a server on $name', (flavour) => {
  it('starts a new trace if the traceparent of a call is malformed', async () => {
    const metas = Object.fromEntries(
      Object.entries(MALFORMED_TRACEPARENTS).map(([name, traceparent]) => [name, { traceparent }]),
    );
    const plain = await callsWith(flavour, metas, 'none');
    expect(await callsWith(flavour, metas, 'server')).toEqual(plain);
    const spans = telemetry.all('server', 'tools/call echo');
    expect(spans).toHaveLength(Object.keys(metas).length);
    for (const [index, span] of spans.entries()) {
      expect(span.parentSpanContext, Object.keys(metas)[index]).toBeUndefined();
      expect(span.links).toEqual([]);
    }
    expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(spans.length);
  });

  it('is called in the trace of its caller whatever is beside the traceparent', async () => {
    const metas = Object.fromEntries(
      Object.entries(MALFORMED_COMPANIONS).map(([name, others]) => [
        name,
        { traceparent: REMOTE.traceparent, ...others },
      ]),
    );
    const plain = await callsWith(flavour, metas, 'none');
    expect(await callsWith(flavour, metas, 'server')).toEqual(plain);
    const spans = telemetry.all('server', 'tools/call echo');
    expect(spans).toHaveLength(Object.keys(metas).length);
    for (const [index, span] of spans.entries()) {
      expect(span.parentSpanContext, Object.keys(metas)[index]).toMatchObject({
        traceId: REMOTE.traceId,
        spanId: REMOTE.spanId,
        isRemote: true,
      });
    }
  });
});

// SDK v2's stdio server reads from a queue, where no ambient context belongs to a message.
describe.each(FLAVOURS.filter(({ protocolVersion }) => protocolVersion < '2026'))('in memory, on $name', (flavour) => {
  it('a server has the ambient parent if the traceparent of a call is malformed', async () => {
    for (const [name, traceparent] of Object.entries(MALFORMED_TRACEPARENTS)) {
      await telemetry.under('ambient', () => callsWith(flavour, { [name]: { traceparent } }, 'server'));
      const ambient = telemetry.spans.find((span) => span.name === 'ambient');
      const span = telemetry.span('server', 'tools/call echo');
      expect(span.parentSpanContext?.spanId, name).toBe(ambient?.spanContext().spanId);
    }
  });
});
