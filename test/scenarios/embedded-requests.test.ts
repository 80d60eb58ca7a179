import { describe, expect, it } from 'vitest';
import { deferred } from '../support/deferred.js';
import { DIALECTS } from '../support/dialects.js';
import {
  answered,
  CANCELLED_BY_PEER,
  expectEndings,
  expectNothingOpen,
  failed,
  scenarioTelemetry,
  UNSET,
} from '../support/endings.js';
import { ABOUT_SERVER, FLAVOURS, text } from '../support/flavours.js';
import { ASKABLE, answer, ELICITATION, ROOTS, SAMPLING } from '../support/questions.js';
import { INPUT_REQUIRED, pairThatAsks } from '../support/rounds.js';
import { activeId, countTraces, idOf, parentIdOf } from '../support/spans.js';

const telemetry = scenarioTelemetry();
const dialect = DIALECTS.v2;

describe('a question within a result, on v2 2026-07-28', () => {
  it('is one server span of the client below the round that asked, active while the handler runs', async () => {
    const handledIn = new Map<string, unknown[]>();
    const questions = [ELICITATION, SAMPLING, ROOTS];
    const configureClient = (client: any) => {
      for (const question of questions) {
        answer(client, dialect, question, async () => {
          const before = activeId();
          await Promise.resolve();
          handledIn.set(question.method, [before, activeId()]);
        });
      }
    };
    const pair = await pairThatAsks([questions], { configureClient });
    telemetry.reset();
    await dialect.callTool(pair.client, 'deploy');
    await expectNothingOpen(telemetry);
    const [first] = telemetry.all('client', 'tools/call deploy');
    for (const { method } of questions) {
      await expectEndings(telemetry, method, { server: UNSET });
      const span = telemetry.span('server', method);
      expect(parentIdOf(span)).toBe(idOf(first));
      expect(span.attributes).toEqual({
        'mcp.method.name': method,
        'mcp.protocol.version': '2026-07-28',
        ...ABOUT_SERVER,
      });
      expect(handledIn.get(method)).toEqual([idOf(span), idOf(span)]);
    }
    expect(countTraces(telemetry.spans)).toBe(1);
    await pair.close();
  });

  it('is below the round that asked, even if that is not the first', async () => {
    const pair = await pairThatAsks([[ELICITATION], [SAMPLING]]);
    await dialect.callTool(pair.client, 'deploy');
    await expectNothingOpen(telemetry);
    const byRound = new Map(
      telemetry.all('client', 'tools/call deploy').map((span) => [span.attributes['mcp_trail.round'], idOf(span)]),
    );
    expect(parentIdOf(telemetry.span('server', ELICITATION.method))).toBe(byRound.get(undefined));
    expect(parentIdOf(telemetry.span('server', SAMPLING.method))).toBe(byRound.get(2));
    await pair.close();
  });

  it('ends with the error of the handler that failed, while the round that asked ends without one', async () => {
    const configureClient = (client: any) =>
      dialect.onRequest(client, ELICITATION.method, () => {
        throw dialect.error(4711, 'secret');
      });
    const pair = await pairThatAsks([[ELICITATION]], { configureClient });
    await expect(dialect.callTool(pair.client, 'deploy')).rejects.toMatchObject({ code: 4711 });
    await expectEndings(telemetry, ELICITATION.method, { server: answered(4711) });
    await expectEndings(telemetry, 'tools/call deploy', { client: INPUT_REQUIRED, server: INPUT_REQUIRED });
    await pair.close();
  });

  it('ends the call, and leaves no span, when the client has no handler for it', async () => {
    const pair = await pairThatAsks([[ELICITATION]], { configureClient: () => {} });
    await expect(dialect.callTool(pair.client, 'deploy')).rejects.toThrow('no handler is registered');
    await expectEndings(telemetry, ELICITATION.method, {});
    await expectEndings(telemetry, 'tools/call deploy', { client: INPUT_REQUIRED, server: INPUT_REQUIRED });
    await pair.close();
  });

  /** A client whose user never answers. */
  async function callUnanswered() {
    const asked = deferred();
    const configureClient = (client: any) =>
      answer(client, dialect, ELICITATION, () => {
        asked.resolve();
        return new Promise(() => {});
      });
    const pair = await pairThatAsks([[ELICITATION]], { configureClient });
    const controller = new AbortController();
    const result = dialect.callTool(pair.client, 'deploy', { signal: controller.signal });
    result.catch(() => {});
    await asked.promise;
    return { pair, controller };
  }

  it('ends as cancelled for a handler that never ends when the caller gives up', async () => {
    const { pair, controller } = await callUnanswered();
    controller.abort();
    await expectEndings(telemetry, ELICITATION.method, { server: CANCELLED_BY_PEER });
    await expectEndings(telemetry, 'tools/call deploy', { client: INPUT_REQUIRED, server: INPUT_REQUIRED });
    await pair.close();
  });

  it('ends as connection_closed for a handler that never ends when the client closes', async () => {
    const { pair } = await callUnanswered();
    await pair.close();
    await expectEndings(telemetry, ELICITATION.method, { server: failed('connection_closed') });
  });
});

describe('a question within a result, on v2 legacy', () => {
  it('is a request of the server, sent and answered within the call', async () => {
    const legacy = FLAVOURS.find(({ name }) => name === 'v2 legacy') as (typeof FLAVOURS)[number];
    const { method, params } = ELICITATION;
    const handler = (_args: unknown, { raw }: { raw: any }) =>
      raw.mcpReq.inputResponses === undefined
        ? { ...INPUT_REQUIRED, inputRequests: { confirm: { method, params } } }
        : text('done');
    const pair = await legacy.pair({
      clientOptions: ASKABLE,
      tools: [{ name: 'deploy', handler }],
      configureClient: (client) => answer(client, dialect, ELICITATION),
    });
    telemetry.reset();
    await dialect.callTool(pair.client, 'deploy');
    await expectEndings(telemetry, 'tools/call deploy', { client: UNSET, server: UNSET });
    await expectEndings(telemetry, method, { client: UNSET, server: UNSET });
    expect(parentIdOf(telemetry.span('client', method))).toBe(idOf(telemetry.span('server', 'tools/call deploy')));
    expect(countTraces(telemetry.spans)).toBe(1);
    await pair.close();
  });
});
