import { describe, expect, it } from 'vitest';
import { DIALECTS } from '../support/dialects.js';
import { answered, blameless, endingOf, expectEndings, failed, scenarioTelemetry, UNSET } from '../support/endings.js';
import { ABOUT_CLIENT, ABOUT_SERVER, FLAVOURS, type PairOptions, text } from '../support/flavours.js';
import { ASKABLE, answer, ELICITATION, type Question, ROOTS, SAMPLING } from '../support/questions.js';
import { activeId, countTraces, idOf, parentIdOf } from '../support/spans.js';

const telemetry = scenarioTelemetry();
const LEGACY = FLAVOURS.filter(({ protocolVersion }) => protocolVersion !== '2026-07-28');

describe.each(LEGACY)('a request of the server to its client, on $name', (flavour) => {
  const dialect = DIALECTS[flavour.sdk];

  /** A tool that sends a request to the client. */
  function pairThatAsks({ method, params }: Question, options: PairOptions) {
    const handler = async (_args: unknown, { raw }: { raw: any }) => {
      await dialect.requestWithin(raw, method, params);
      return text('done');
    };
    return flavour.pair({ clientOptions: ASKABLE, tools: [{ name: 'ask', handler }], ...options });
  }

  it.each([SAMPLING, ELICITATION, ROOTS])(
    '$method is a client span of the server below the tool call, and a server span of the client below that',
    async (question) => {
      const { method } = question;
      const handledIn: unknown[] = [];
      const configureClient = (client: any) =>
        answer(client, dialect, question, async () => {
          handledIn.push(activeId());
          await Promise.resolve();
          handledIn.push(activeId());
        });
      const pair = await pairThatAsks(question, { configureClient });
      telemetry.reset();
      await telemetry.under('agent', () => dialect.callTool(pair.client, 'ask'));
      await expectEndings(telemetry, method, { client: UNSET, server: UNSET });
      const asked = telemetry.span('client', method);
      const handled = telemetry.span('server', method);
      expect(parentIdOf(asked)).toBe(idOf(telemetry.span('server', 'tools/call ask')));
      expect(parentIdOf(handled)).toBe(idOf(asked));
      expect(handledIn).toEqual([idOf(handled), idOf(handled)]);
      expect(telemetry.spans).toHaveLength(5);
      expect(countTraces(telemetry.spans)).toBe(1);
      for (const [span, peer] of [
        [asked, ABOUT_CLIENT],
        [handled, ABOUT_SERVER],
      ] as const) {
        expect(span.attributes).toEqual({
          ...peer,
          'mcp.method.name': method,
          'mcp.protocol.version': flavour.protocolVersion,
          'jsonrpc.request.id': asked.attributes['jsonrpc.request.id'],
        });
      }
      await pair.close();
    },
  );

  it('that is rejected by the client is an error of the server, however the server handles it', async () => {
    const configureClient = (client: any) =>
      dialect.onRequest(client, 'roots/list', () => {
        throw dialect.error(4711, 'no');
      });
    const pair = await pairThatAsks(ROOTS, { configureClient });
    await dialect.callTool(pair.client, 'ask');
    await expectEndings(telemetry, 'roots/list', { client: answered(4711), server: answered(4711) });
    await expectEndings(telemetry, 'tools/call ask', { client: failed('tool_error'), server: failed('tool_error') });
    await pair.close();
  });

  it('that the client has no handler for is not an error of the client', async () => {
    const pair = await flavour.pair();
    await telemetry.startMeasuring();
    await expect(dialect.request(pair.server, 'acme/unheard')).rejects.toMatchObject({ code: -32601 });
    await expectEndings(telemetry, 'acme/unheard', { client: answered(-32601), server: blameless(-32601) });
    await pair.close();
  });

  it('outside any tool call, a ping has a separate trace', async () => {
    const pair = await flavour.pair();
    await pair.server.ping();
    await expectEndings(telemetry, 'ping', { client: UNSET, server: UNSET });
    const ping = telemetry.span('client', 'ping');
    expect(parentIdOf(ping)).toBeUndefined();
    expect(parentIdOf(telemetry.span('server', 'ping'))).toBe(idOf(ping));
    await pair.close();
  });

  it('is kept apart from an open request of the client with the same id', async () => {
    const configureClient = (client: any) => answer(client, dialect, ROOTS);
    const handler = async (_args: unknown, { raw }: { raw: any }) => {
      const id: number = raw.requestId ?? raw.mcpReq.id;
      for (let asked = 0; asked <= id; asked++) await dialect.requestWithin(raw, 'roots/list');
      return text('done');
    };
    const tools = [{ name: 'ask', handler }];
    const pair = await flavour.pair({ clientOptions: ASKABLE, configureClient, tools });
    await dialect.callTool(pair.client, 'ask');
    await expectEndings(telemetry, 'tools/call ask', { client: UNSET, server: UNSET });
    const id = telemetry.span('client', 'tools/call ask').attributes['jsonrpc.request.id'];
    for (const kind of ['client', 'server'] as const) {
      const listed = telemetry.all(kind, 'roots/list');
      expect(listed.map((span) => span.attributes['jsonrpc.request.id'])).toContain(id);
      expect(listed.map(endingOf)).toEqual(listed.map(() => UNSET));
    }
    await pair.close();
  });

  it('makes the server process the sender, with the client span', async () => {
    const configureClient = (client: any) => answer(client, dialect, ROOTS);
    const options = { clientOptions: ASKABLE, configureClient, instrument: 'server' as const };
    const pair = await flavour.pair(options);
    telemetry.reset();
    await dialect.request(pair.server, 'roots/list');
    await expectEndings(telemetry, 'roots/list', { client: UNSET });
    await pair.close();
  });
});
