import { context, propagation } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { auditScenarios, pairsOf } from '../support/audit-endings.js';
import { expectNothingOpen } from '../support/endings.js';
import { FLAVOURS, type Pair, type PairOptions, text } from '../support/flavours.js';
import { HTTP_FLAVOURS } from '../support/http.js';

const { telemetry, audit } = auditScenarios();
const config = { audit: true } as const;
const SIDES = ['client', 'server'] as const;
const KEY = 'x-correlation-id';
const ID = 'order-4711.a:b';
const TRACE_ID = /^[\da-f]{32}$/;
const FINE = { name: 'fine', handler: () => text('ok') };

/** Malformed ids, which may be attempts at log injection. */
const MALFORMED: readonly [string, unknown][] = [
  ['too short', 'short'],
  ['with a space', 'order 4711'],
  ['with a line feed', 'order-4711\nforged: yes'],
  ['a line feed at its end', 'order-4711\n'],
  ['a megabyte', 'a'.repeat(1_048_576)],
  ['129 characters', 'a'.repeat(129)],
  ['not ASCII', 'örder-4711'],
  ['a number', 123_456_789],
  ['an object', { toString: () => ID }],
];

function correlationsOf(method: string): Set<unknown> {
  return new Set(
    SIDES.flatMap((side) =>
      pairsOf(audit, side, method).flatMap(({ request, response }) => [
        request['mcp_audit.correlation.id'],
        response['mcp_audit.correlation.id'],
      ]),
    ),
  );
}

/** Keeps the messages that a client's transport sends. */
function noting(sent: any[]): NonNullable<PairOptions['wrapTransports']> {
  return (client, server) => {
    const send = client.send.bind(client);
    client.send = (message: any, options: unknown) => {
      if (message.method === 'tools/call') sent.push(message);
      return send(message, options);
    };
    return [client, server];
  };
}

describe.each(FLAVOURS)('the correlation id, on $name', (flavour) => {
  it('is the one in _meta if the caller chose one, on both sides', async () => {
    const pair = await flavour.pair({ config, tools: [FINE] });
    await pair.client.callTool({ name: 'fine', arguments: {}, _meta: { [KEY]: ID } });
    await expectNothingOpen(telemetry);
    expect(correlationsOf('tools/call')).toEqual(new Set([ID]));
    await pair.close();
  });

  it('is the baggage entry if there is one', async () => {
    const pair = await flavour.pair({ config, tools: [FINE] });
    const baggage = propagation.createBaggage({ [KEY]: { value: ID } });
    await context.with(propagation.setBaggage(context.active(), baggage), () =>
      pair.client.callTool({ name: 'fine', arguments: {} }),
    );
    await expectNothingOpen(telemetry);
    expect(correlationsOf('tools/call')).toEqual(new Set([ID]));
    await pair.close();
  });

  it.each(MALFORMED)('is the trace id if the one in _meta is %s', async (_why, id) => {
    const pair = await flavour.pair({ config, tools: [FINE] });
    await telemetry.under('agent', () => pair.client.callTool({ name: 'fine', arguments: {}, _meta: { [KEY]: id } }));
    await expectNothingOpen(telemetry);
    const [found, ...others] = correlationsOf('tools/call');
    expect(others).toEqual([]);
    expect(found).toBe(telemetry.span('client', 'tools/call fine').spanContext().traceId);
    await pair.close();
  });

  it('is the trace id by default, which the message does not repeat', async () => {
    const sent: any[] = [];
    const pair = await flavour.pair({ config, tools: [FINE], wrapTransports: noting(sent) });
    await pair.client.callTool({ name: 'fine', arguments: {} });
    await expectNothingOpen(telemetry);
    const [found] = correlationsOf('tools/call');
    expect(found).toMatch(TRACE_ID);
    expect(sent[0].params._meta.traceparent).toContain(found);
    expect(Object.keys(sent[0].params._meta)).not.toContain(KEY);
    await pair.close();
  });

  it('does not change the params of the caller, including frozen ones', async () => {
    const sent: any[] = [];
    const pair = await flavour.pair({ config, tools: [FINE], wrapTransports: noting(sent) });
    const params = Object.freeze({
      name: 'fine',
      arguments: Object.freeze({}),
      _meta: Object.freeze({ [KEY]: ID, mine: true }),
    });
    await pair.client.callTool(params);
    await expectNothingOpen(telemetry);
    expect(params).toEqual({ name: 'fine', arguments: {}, _meta: { [KEY]: ID, mine: true } });
    expect(sent[0].params._meta).toMatchObject({ [KEY]: ID, mine: true, traceparent: expect.any(String) });
    expect(correlationsOf('tools/call')).toEqual(new Set([ID]));
    await pair.close();
  });

  /** A server whose tool calls another server with its own client. */
  async function gateway(options: PairOptions = {}) {
    const sent: any[] = [];
    const behind: Pair = await flavour.pair({
      config,
      ...options,
      tools: [{ name: 'behind', handler: () => text('deep') }],
      wrapTransports: noting(sent),
    });
    const params = Object.freeze({ name: 'behind', arguments: Object.freeze({}) });
    const front = await flavour.pair({
      config,
      tools: [{ name: 'front', handler: () => behind.client.callTool(params) }],
    });
    const close = () => Promise.all([front.close(), behind.close()]);
    return { front, sent, params, close };
  }

  it('is forwarded by a gateway in _meta, and both servers’ records have it', async () => {
    const { front, sent, params, close } = await gateway();
    await front.client.callTool({ name: 'front', arguments: {}, _meta: { [KEY]: ID } });
    await expectNothingOpen(telemetry);
    expect(sent[0].params._meta[KEY]).toBe(ID);
    expect(params).toEqual({ name: 'behind', arguments: {} });
    expect(correlationsOf('tools/call')).toEqual(new Set([ID]));
    for (const side of SIDES) expect(pairsOf(audit, side, 'tools/call')).toHaveLength(2);
    await close();
  });

  it('is forwarded by a gateway as the trace id by default', async () => {
    const { front, sent, close } = await gateway();
    await front.client.callTool({ name: 'front', arguments: {} });
    await expectNothingOpen(telemetry);
    expect(Object.keys(sent[0].params._meta)).not.toContain(KEY);
    expect(correlationsOf('tools/call').size).toBe(1);
    await close();
  });

  it('is not added to messages that must stay unchanged, and is still that of the client’s handler', async () => {
    const { front, sent, close } = await gateway({ config: { ...config, propagateContext: () => false } });
    await front.client.callTool({ name: 'front', arguments: {}, _meta: { [KEY]: ID } });
    await expectNothingOpen(telemetry);
    for (const key of [KEY, 'traceparent']) expect(Object.keys(sent[0].params._meta ?? {})).not.toContain(key);
    const behind = pairsOf(audit, 'client', 'tools/call').find(
      ({ request }) => request['gen_ai.tool.name'] === 'behind',
    );
    expect(behind?.request['mcp_audit.correlation.id']).toBe(ID);
    await close();
  });

  it('does not change the message compared with no auditing', async () => {
    const messages = async (audited: boolean) => {
      const sent: any[] = [];
      const pair = await flavour.pair({
        config: { audit: audited, propagateContext: () => false },
        tools: [FINE],
        wrapTransports: noting(sent),
      });
      await pair.client.callTool({ name: 'fine', arguments: {} });
      await pair.close();
      return sent;
    };
    expect(await messages(true)).toEqual(await messages(false));
  });
});

describe.each(HTTP_FLAVOURS)('the correlation id over HTTP, on $name', (flavour) => {
  async function callWith(header: string, tool: (server: any) => void = () => {}) {
    const inputSchema: any = flavour.sdk === 'v1' ? {} : z.object({});
    const pair = await flavour.pair({
      config,
      configure: (server) => {
        server.registerTool('fine', { inputSchema }, async () => {
          tool(server);
          return text('ok');
        });
      },
      transportOptions: () => ({ requestInit: { headers: { [KEY]: header } } }),
    });
    await telemetry.under('agent', () => pair.client.callTool({ name: 'fine', arguments: {} }));
    await expectNothingOpen(telemetry);
    const [server] = pairsOf(audit, 'server', 'tools/call');
    await pair.close();
    return server?.response['mcp_audit.correlation.id'];
  }

  it('is that of the HTTP header at the server', async () => {
    expect(await callWith(ID)).toBe(ID);
  });

  it('is the trace id if the header is malformed', async () => {
    expect(await callWith('no id')).toBe(telemetry.span('client', 'tools/call fine').spanContext().traceId);
  });
});
