import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DIALECTS } from '../support/dialects.js';
import {
  answered,
  blameless,
  endingOf,
  expectEndings,
  expectNothingOpen,
  failed,
  scenarioTelemetry,
  UNSET,
} from '../support/endings.js';
import { FLAVOURS, text } from '../support/flavours.js';

const telemetry = scenarioTelemetry();

/** Codes of errors that the caller caused, and on the wire: SDK v2 no longer sends -32002. */
const CALLERS_FAULT = [
  { thrown: -32700, v1: -32700, v2: -32700 },
  { thrown: -32600, v1: -32600, v2: -32600 },
  { thrown: -32601, v1: -32601, v2: -32601 },
  { thrown: -32602, v1: -32602, v2: -32602 },
  { thrown: -32002, v1: -32002, v2: -32602 },
];
const SERVERS_FAULT = [-32603, -32000, -32001, -32020, 4711];

describe.each(FLAVOURS)('a request that is answered, on $name', (flavour) => {
  const dialect = DIALECTS[flavour.sdk];

  /** A server with one prompt, whose handler throws: a tool's error would become a result. */
  function pairThatThrows(error: () => unknown) {
    const handler = async () => {
      throw error();
    };
    return flavour.pair({ configure: (server) => server.registerPrompt('boom', {}, handler) });
  }

  it('ends without an error when the answer is a result', async () => {
    const pair = await flavour.pair({ tools: [{ name: 'fine', handler: () => text('ok') }] });
    await dialect.callTool(pair.client, 'fine');
    await expectEndings(telemetry, 'tools/call fine', { client: UNSET, server: UNSET });
    await pair.close();
  });

  it('ends as tool_error on both sides when the result has isError', async () => {
    const pair = await flavour.pair({ tools: [{ name: 'sad', handler: () => ({ ...text('no'), isError: true }) }] });
    expect((await dialect.callTool(pair.client, 'sad')).isError).toBe(true);
    await expectEndings(telemetry, 'tools/call sad', { client: failed('tool_error'), server: failed('tool_error') });
    await pair.close();
  });

  it('ends as tool_error on both sides when the tool throws, which the SDK turns into such a result', async () => {
    const handler = () => {
      throw new Error('secret');
    };
    const pair = await flavour.pair({ tools: [{ name: 'throws', handler }] });
    expect((await dialect.callTool(pair.client, 'throws')).isError).toBe(true);
    await expectEndings(telemetry, 'tools/call throws', {
      client: failed('tool_error'),
      server: failed('tool_error'),
    });
    await pair.close();
  });

  it.each(CALLERS_FAULT)('ends as error $thrown for the caller, and without one for the server', async (row) => {
    const code = row[flavour.sdk];
    const pair = await pairThatThrows(() => dialect.error(row.thrown, 'the caller is wrong'));
    await expect(pair.client.getPrompt({ name: 'boom' })).rejects.toMatchObject({ code });
    await expectEndings(telemetry, 'prompts/get boom', { client: answered(code), server: blameless(code) });
    await pair.close();
  });

  it.each(SERVERS_FAULT)('ends as error %i on both sides when a handler throws that code', async (code) => {
    const pair = await pairThatThrows(() => dialect.error(code, 'the server is wrong'));
    await expect(pair.client.getPrompt({ name: 'boom' })).rejects.toMatchObject({ code });
    await expectEndings(telemetry, 'prompts/get boom', { client: answered(code), server: answered(code) });
    await pair.close();
  });

  it('ends as error -32603 on both sides when a handler throws something without a code', async () => {
    const pair = await pairThatThrows(() => new RangeError('secret'));
    await expect(pair.client.getPrompt({ name: 'boom' })).rejects.toMatchObject({ code: -32603 });
    await expectEndings(telemetry, 'prompts/get boom', { client: answered(-32603), server: answered(-32603) });
    await pair.close();
  });

  it('ends as error -32602 for the caller alone when there is no such prompt', async () => {
    const pair = await pairThatThrows(() => new Error('never called'));
    await expect(pair.client.getPrompt({ name: 'nobody' })).rejects.toMatchObject({ code: -32602 });
    await expectEndings(telemetry, 'prompts/get nobody', { client: answered(-32602), server: blameless(-32602) });
    await pair.close();
  });

  it('ends as error -32601 for the caller alone when the server does not know the method', async () => {
    const pair = await flavour.pair();
    await telemetry.startMeasuring();
    await expect(dialect.request(pair.client, 'acme/unheard')).rejects.toMatchObject({ code: -32601 });
    await expectEndings(telemetry, 'acme/unheard', { client: answered(-32601), server: blameless(-32601) });
    await pair.close();
  });

  it('ends as invalid_result for the caller alone when the result fails the caller’s schema', async () => {
    const pair = await flavour.pair({ tools: [{ name: 'fine', handler: () => text('ok') }] });
    const schema = z.object({ temperature: z.number() });
    const params = { name: 'fine', arguments: {} };
    await expect(pair.client.request({ method: 'tools/call', params }, schema)).rejects.toThrow();
    await expectEndings(telemetry, 'tools/call fine', { client: failed('invalid_result'), server: UNSET });
    await pair.close();
  });

  /** A tool with an output schema, whose results may be corrupted on the way. */
  function pairThatDeclares(falsified: boolean) {
    const tool = { inputSchema: z.object({}), outputSchema: z.object({ temperature: z.number() }) };
    return flavour.pair({
      configure: (server) => {
        server.registerTool('measure', tool, () => ({ content: [], structuredContent: { temperature: 1 } }));
      },
      wrapTransports: (client, server) => [client, falsified ? falsifying(server) : server],
    });
  }

  it('ends as invalid_result for the caller alone when the result fails the tool’s output schema', async () => {
    const pair = await pairThatDeclares(true);
    await pair.client.listTools();
    await expect(dialect.callTool(pair.client, 'measure')).rejects.toThrow(/output schema/);
    await expectEndings(telemetry, 'tools/call measure', { client: failed('invalid_result'), server: UNSET });
    await pair.close();
  });

  it('ends without an error when the result passes the tool’s output schema, also for calls that share their params', async () => {
    const pair = await pairThatDeclares(false);
    await pair.client.listTools();
    const params = { name: 'measure', arguments: {} };
    await Promise.all([1, 2, 3].map(() => pair.client.callTool(params)));
    await expectNothingOpen(telemetry);
    expect(telemetry.all('client', 'tools/call measure').map(endingOf)).toEqual([UNSET, UNSET, UNSET]);
    await pair.close();
  });

  if (flavour.sdk === 'v2') {
    it('ends as invalid_result when the result fails the tool definition that the caller passes', async () => {
      const pair = await pairThatDeclares(true);
      const { tools } = await pair.client.listTools();
      await pair.close();
      telemetry.reset();
      const other = await pairThatDeclares(true);
      const params = { name: 'measure', arguments: {} };
      const call = other.client.callTool(params, { toolDefinition: tools[0] });
      await expect(call).rejects.toThrow(/output schema/);
      await expectEndings(telemetry, 'tools/call measure', { client: failed('invalid_result'), server: UNSET });
      await other.close();
    });
  }
});

/** A transport that replaces the number in its messages by a word. */
function falsifying(transport: any): any {
  const send = transport.send.bind(transport);
  transport.send = (message: any, options: unknown) => {
    if (message.result?.structuredContent === undefined) return send(message, options);
    return send({ ...message, result: { ...message.result, structuredContent: { temperature: 'warm' } } }, options);
  };
  return transport;
}
