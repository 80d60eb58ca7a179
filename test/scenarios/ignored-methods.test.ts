/** Ignored methods: they have no telemetry, and context still passes through them. */
import { context, propagation, trace } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { auditScenarios, pairsOf } from '../support/audit-endings.js';
import { DIALECTS } from '../support/dialects.js';
import { expectNothingOpen } from '../support/endings.js';
import { FLAVOURS, text } from '../support/flavours.js';
import { HTTP_FLAVOURS } from '../support/http.js';
import { idOf, parentIdOf } from '../support/spans.js';

const { telemetry, audit } = auditScenarios();

const names = () => [...new Set(telemetry.spans.map(({ name }) => name))].sort();
const measured = async () =>
  [...new Set((await telemetry.measurements()).map(({ attributes }) => attributes['mcp.method.name']))].sort();

describe.each(FLAVOURS)('on $name', (flavour) => {
  it.each([
    ['tools/list', ['tools/list']],
    ['a prefix', ['tools/*']],
    ['several', ['ping', 'tools/call', 'tools/list']],
  ])(
    'a method that is ignored by %s has no span and no measurement, and no hook is called for it',
    async (_how, ignoreMethods) => {
      await telemetry.startMeasuring();
      const hooked: string[] = [];
      const hook = (_span: unknown, { method }: { method: string }) => void hooked.push(method);
      const pair = await flavour.pair({
        tools: [{ name: 'echo', handler: () => text('hi') }],
        config: { ignoreMethods, requestHook: hook, responseHook: hook },
      });
      await pair.client.listTools();
      await pair.client.callTool({ name: 'echo', arguments: {} });
      await pair.client.callTool({ name: 'nowhere', arguments: {} }).catch(() => {});
      await expectNothingOpen(telemetry);
      const ignored = (method: unknown) =>
        ignoreMethods.some((each) => each === method || (each === 'tools/*' && String(method).startsWith('tools/')));
      for (const seen of [names().map((name) => name.split(' ')[0]), await measured(), hooked]) {
        expect(seen.length).toBeGreaterThan(0);
        expect(seen.filter(ignored)).toEqual([]);
      }
      await pair.close();
    },
  );

  it('trace context and baggage pass through an ignored call, from the caller to the tool', async () => {
    const seen: unknown[] = [];
    const pair = await flavour.pair({
      config: { ignoreMethods: ['tools/call'] },
      tools: [
        {
          name: 'echo',
          handler: () => {
            seen.push(propagation.getBaggage(context.active())?.getEntry('user')?.value);
            trace.getTracer('application').startSpan('inner').end();
            return text('hi');
          },
        },
      ],
    });
    telemetry.reset();
    await telemetry.under('agent', () => {
      const baggage = propagation.createBaggage({ user: { value: '7' } });
      return context.with(propagation.setBaggage(context.active(), baggage), () =>
        pair.client.callTool({ name: 'echo', arguments: {} }),
      );
    });
    expect(names()).toEqual(['agent', 'inner']);
    const span = (name: string) => telemetry.spans.find((each) => each.name === name);
    expect(parentIdOf(span('inner'))).toBe(idOf(span('agent')));
    expect(seen).toEqual(['7']);
    await pair.close();
  });

  it('an ignored call without any context is served normally', async () => {
    const pair = await flavour.pair({
      config: { ignoreMethods: ['tools/call', 'initialize', 'server/*', 'notifications/*'] },
      tools: [{ name: 'echo', handler: () => text('hi') }],
    });
    expect((await pair.client.callTool({ name: 'echo', arguments: {} })).content).toEqual(text('hi').content);
    await pair.close();
    await expectNothingOpen(telemetry);
    expect(names().filter((name) => name !== 'tools/list')).toEqual([]);
  });

  it('the audit trail has records of ignored operations, in the caller’s trace', async () => {
    const pair = await flavour.pair({
      config: { audit: true, ignoreMethods: ['tools/*'] },
      tools: [{ name: 'echo', handler: () => text('hi') }],
    });
    await telemetry.under('agent', () => pair.client.callTool({ name: 'echo', arguments: {} }));
    await expectNothingOpen(telemetry);
    const [agent] = telemetry.spans.filter(({ name }) => name === 'agent');
    for (const side of ['client', 'server'] as const) {
      const [call] = pairsOf(audit, side, 'tools/call');
      expect(call?.response).toMatchObject({ 'mcp_audit.status': 'ok', trace_id: agent?.spanContext().traceId });
    }
    await pair.close();
  });

  it('a question during an ignored call has a span', async () => {
    const dialect = DIALECTS[flavour.sdk];
    const pair = await flavour.pair({
      config: { ignoreMethods: ['tools/call'] },
      tools: [
        {
          name: 'log',
          handler: async (_args, { raw }) => {
            await dialect.notifyWithin(raw, 'notifications/message', { level: 'info', data: 'x' });
            return text('');
          },
        },
      ],
    });
    telemetry.reset();
    await telemetry.under('agent', () => pair.client.callTool({ name: 'log', arguments: {} }));
    await expectNothingOpen(telemetry);
    const [agent] = telemetry.spans.filter(({ name }) => name === 'agent');
    for (const span of telemetry.all('client', 'notifications/message')) expect(parentIdOf(span)).toBe(idOf(agent));
    await pair.close();
  });
});

it.each(HTTP_FLAVOURS)('also over HTTP, where the span of the request is not touched, on $name', async (flavour) => {
  const pair = await flavour.pair({
    configure: (server) => server.registerTool('echo', {}, () => text('hi')),
    config: { ignoreMethods: ['tools/*', 'subscriptions/listen'] },
  });
  telemetry.reset();
  await pair.client.callTool({ name: 'echo', arguments: {} });
  await pair.close();
  expect(names().filter((name) => name.startsWith('tools/'))).toEqual([]);
});

it('a task of an ignored call has no links', async () => {
  const flavour = FLAVOURS[2] as (typeof FLAVOURS)[number];
  const pair = await flavour.pair({
    config: { ignoreMethods: ['tools/call'] },
    tools: [{ name: 'research', handler: () => ({ taskId: 't', status: 'working', resultType: 'task', content: [] }) }],
  });
  await telemetry.under('agent', () => pair.client.callTool({ name: 'research', arguments: {} }).catch(() => {}));
  await pair.server.transport.send({
    jsonrpc: '2.0',
    method: 'notifications/tasks',
    params: { taskId: 't', status: 'working' },
  });
  await expectNothingOpen(telemetry);
  for (const span of [
    ...telemetry.all('client', 'notifications/tasks'),
    ...telemetry.all('server', 'notifications/tasks'),
  ]) {
    expect(span.links).toEqual([]);
  }
  await pair.close();
});
