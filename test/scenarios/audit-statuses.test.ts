import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { auditScenarios, ending, expectAudited, OK } from '../support/audit-endings.js';
import { deferred } from '../support/deferred.js';
import { type CallOptions, DIALECTS } from '../support/dialects.js';
import { FLAVOURS, type PairOptions, text } from '../support/flavours.js';

const scenario = auditScenarios();
const { telemetry, audit } = scenario;
const config = { audit: true } as const;

/** The JSON-RPC error of a status code. */
const error = (code: number, status: Parameters<typeof ending>[0] = 'error') =>
  ending(status, String(code), String(code));

describe.each(FLAVOURS)('the status of an audited operation that is answered, on $name', (flavour) => {
  const dialect = DIALECTS[flavour.sdk];

  function pairThatThrows(thrown: () => unknown, options: PairOptions = { config }) {
    const handler = async () => {
      throw thrown();
    };
    return flavour.pair({ ...options, configure: (server) => server.registerPrompt('boom', {}, handler) });
  }

  it('is ok when the answer is a result', async () => {
    const pair = await flavour.pair({ config, tools: [{ name: 'fine', handler: () => text('ok') }] });
    await dialect.callTool(pair.client, 'fine');
    await expectAudited(scenario, 'tools/call', { client: OK, server: OK });
    await pair.close();
  });

  it('is tool_error when the result says isError', async () => {
    const pair = await flavour.pair({
      config,
      tools: [{ name: 'sad', handler: () => ({ ...text('no'), isError: true }) }],
    });
    await dialect.callTool(pair.client, 'sad');
    const failed = ending('tool_error', 'tool_error');
    await expectAudited(scenario, 'tools/call', { client: failed, server: failed });
    await pair.close();
  });

  it.each([-32603, -32000, 4711])('is error when a handler throws code %i', async (code) => {
    const pair = await pairThatThrows(() => dialect.error(code, 'the server is wrong'));
    await expect(pair.client.getPrompt({ name: 'boom' })).rejects.toMatchObject({ code });
    await expectAudited(scenario, 'prompts/get', { client: error(code), server: error(code) });
    await pair.close();
  });

  it.each([-32600, -32602])('is error on both sides even if the caller caused it: %i', async (code) => {
    const pair = await pairThatThrows(() => dialect.error(code, 'the caller is wrong'));
    await expect(pair.client.getPrompt({ name: 'boom' })).rejects.toMatchObject({ code });
    await expectAudited(scenario, 'prompts/get', { client: error(code), server: error(code) });
    await pair.close();
  });

  it('is error with the code for a method that the server does not know', async () => {
    const pair = await flavour.pair({ config });
    await expect(dialect.request(pair.client, 'acme/unheard')).rejects.toMatchObject({ code: -32601 });
    await expectAudited(scenario, 'acme/unheard', { client: error(-32601), server: error(-32601) });
    await pair.close();
  });

  it('is the one that the option errorCodes maps the code to', async () => {
    const options = { config: { audit: { errorCodes: { '-32029': 'rate_limited' } } } } as const;
    const pair = await pairThatThrows(() => dialect.error(-32029, 'slow down'), options);
    await expect(pair.client.getPrompt({ name: 'boom' })).rejects.toMatchObject({ code: -32029 });
    const limited = error(-32029, 'rate_limited');
    await expectAudited(scenario, 'prompts/get', { client: limited, server: limited });
    await pair.close();
  });

  // Revision 2026-07-28 has another way to ask for input, and no such code.
  if (flavour.protocolVersion !== '2026-07-28') {
    it('is input_required when a URL has to be visited first', async () => {
      const pair = await pairThatThrows(() => dialect.error(-32042, 'go there'));
      await expect(pair.client.getPrompt({ name: 'boom' })).rejects.toThrow();
      const required = error(-32042, 'input_required');
      await expectAudited(scenario, 'prompts/get', { client: required, server: required });
      await pair.close();
    });
  }

  it('is error for the caller alone when it rejects the result', async () => {
    const pair = await flavour.pair({ config, tools: [{ name: 'fine', handler: () => text('ok') }] });
    const schema = z.object({ temperature: z.number() });
    const params = { name: 'fine', arguments: {} };
    await expect(pair.client.request({ method: 'tools/call', params }, schema)).rejects.toThrow();
    await expectAudited(scenario, 'tools/call', { client: ending('error', 'invalid_result'), server: OK });
    await pair.close();
  });
});

describe.each(FLAVOURS)('the status of an audited operation that is not answered, on $name', (flavour) => {
  const dialect = DIALECTS[flavour.sdk];

  /** A tool that answers only when it is aborted, and a promise of its call. */
  async function pairThatHangs(options: PairOptions = {}) {
    const called = deferred();
    const handler = (_args: unknown, { signal }: { signal: AbortSignal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(text('too late')));
        called.resolve();
      });
    const pair = await flavour.pair({ config, ...options, tools: [{ name: 'hang', handler }] });
    const call = (callOptions?: CallOptions) => dialect.callTool(pair.client, 'hang', callOptions);
    return { ...pair, called: called.promise, call };
  }

  it('is timeout for the caller and cancelled for the server when no answer comes in time', async () => {
    const { call, close } = await pairThatHangs();
    await expect(call({ timeout: 20 })).rejects.toThrow('timed out');
    await expectAudited(scenario, 'tools/call', {
      client: ending('timeout', 'timeout'),
      server: ending('cancelled'),
    });
    await close();
  });

  it('is cancelled on both sides when the caller aborts', async () => {
    const { call, called, close } = await pairThatHangs();
    const controller = new AbortController();
    const result = call({ signal: controller.signal });
    await called;
    controller.abort(new Error('secret'));
    await expect(result).rejects.toThrow();
    await expectAudited(scenario, 'tools/call', {
      client: ending('cancelled', 'cancelled'),
      server: ending('cancelled'),
    });
    await close();
  });

  it('is aborted on both sides when the connection closes', async () => {
    const { call, called, close } = await pairThatHangs();
    const result = call();
    await called;
    await Promise.all([close(), expect(result).rejects.toThrow('Connection closed')]);
    const aborted = ending('aborted', 'connection_closed');
    await expectAudited(scenario, 'tools/call', { client: aborted, server: aborted });
  });

  it('is error when the request cannot be written and never reaches the server', async () => {
    const { call, close } = await pairThatHangs({
      wrapTransports: (client, server) => [failing(client), server],
    });
    await expect(call()).rejects.toThrow('EPIPE');
    await expectAudited(scenario, 'tools/call', { client: ending('error', 'send_failed') });
    await close();
  });

  it('is error when there is no connection any more, with the pair of an operation that began and ended', async () => {
    const { call, close } = await pairThatHangs();
    await close();
    await expect(call()).rejects.toThrow('Not connected');
    await expectAudited(scenario, 'tools/call', { client: ending('error', 'not_connected') });
  });

  it('is aborted when there are more open operations than are kept', async () => {
    const { call, called, close } = await pairThatHangs({ config: { ...config, maxPendingOperations: 1 } });
    const controller = new AbortController();
    const first = call({ signal: controller.signal });
    first.catch(() => {});
    await called;
    const second = call({ signal: controller.signal });
    second.catch(() => {});
    controller.abort();
    await Promise.allSettled([first, second]);
    await close();
    const statuses = (side: 'client' | 'server') =>
      audit
        .of('mcp_audit.response', side)
        .filter((each) => each['mcp.method.name'] === 'tools/call')
        .map((each) => `${each['mcp_audit.status']} ${each['error.type']}`);
    expect(statuses('client')[0]).toBe('aborted _OTHER');
    expect(statuses('client')).toHaveLength(2);
    telemetry.reset();
  });
});

/** A transport that cannot write tool calls. */
function failing(transport: any): any {
  const send = transport.send.bind(transport);
  transport.send = async (message: any, options: unknown) => {
    if (message.method === 'tools/call') throw new Error('EPIPE');
    return send(message, options);
  };
  return transport;
}
