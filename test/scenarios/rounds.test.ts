import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { deferred } from '../support/deferred.js';
import { DIALECTS } from '../support/dialects.js';
import { endingOf, expectNothingOpen, scenarioTelemetry, UNSET } from '../support/endings.js';
import { answer, ELICITATION } from '../support/questions.js';
import { INPUT_REQUIRED, pairThatAsks } from '../support/rounds.js';
import { countTraces, idOf, linkedIdsOf, parentIdOf } from '../support/spans.js';

const telemetry = scenarioTelemetry();
const dialect = DIALECTS.v2;

/** The spans of one side, in the order of the rounds. */
function rounds(side: 'client' | 'server'): ReadableSpan[] {
  const idNumber = (span: ReadableSpan) => Number(span.attributes['jsonrpc.request.id']);
  return telemetry.all(side, 'tools/call deploy').sort((a, b) => idNumber(a) - idNumber(b));
}

describe('a call of several rounds, on v2 2026-07-28', () => {
  it('is one client and one server span per round, with outcome and number', async () => {
    const pair = await pairThatAsks([[ELICITATION], [ELICITATION]]);
    await dialect.callTool(pair.client, 'deploy');
    await expectNothingOpen(telemetry);
    for (const side of ['client', 'server'] as const) {
      expect(rounds(side).map(endingOf), side).toEqual([INPUT_REQUIRED, INPUT_REQUIRED, UNSET]);
      expect(rounds(side).map((span) => span.attributes['mcp_trail.round'])).toEqual([undefined, 2, 3]);
      expect(new Set(rounds(side).map((span) => span.attributes['jsonrpc.request.id'])).size).toBe(3);
    }
    await pair.close();
  });

  it('links every later round to the first, at the client and at the server', async () => {
    const pair = await pairThatAsks([[ELICITATION], [ELICITATION]]);
    await dialect.callTool(pair.client, 'deploy');
    await expectNothingOpen(telemetry);
    for (const side of ['client', 'server'] as const) {
      const [first, second, third] = rounds(side);
      expect(linkedIdsOf(first)).toEqual([]);
      expect(linkedIdsOf(second)).toEqual([idOf(first)]);
      expect(linkedIdsOf(third)).toEqual([idOf(first)]);
    }
    await pair.close();
  });

  it('is one trace, with the later rounds below the first, when the application has no span', async () => {
    const pair = await pairThatAsks([[ELICITATION], [ELICITATION]]);
    telemetry.reset();
    await dialect.callTool(pair.client, 'deploy');
    await expectNothingOpen(telemetry);
    const [first, second, third] = rounds('client');
    expect([first, second, third].map(parentIdOf)).toEqual([undefined, idOf(first), idOf(first)]);
    expect(rounds('server').map(parentIdOf)).toEqual([first, second, third].map(idOf));
    expect(countTraces(telemetry.spans)).toBe(1);
    await pair.close();
  });

  it('has its rounds side by side below the span of the application, when there is one', async () => {
    const pair = await pairThatAsks([[ELICITATION]]);
    telemetry.reset();
    await telemetry.under('agent', () => dialect.callTool(pair.client, 'deploy'));
    await expectNothingOpen(telemetry);
    const agent = telemetry.spans.find(({ name }) => name === 'agent');
    expect(rounds('client').map(parentIdOf)).toEqual([idOf(agent), idOf(agent)]);
    expect(countTraces(telemetry.spans)).toBe(1);
    await pair.close();
  });

  it('is not linked to the rounds of another call that waits with the same state', async () => {
    const twoAsked = deferred();
    let asked = 0;
    const configureClient = (client: any) =>
      answer(client, dialect, ELICITATION, () => {
        if (++asked === 2) twoAsked.resolve();
        return twoAsked.promise;
      });
    const pair = await pairThatAsks([[ELICITATION]], { configureClient });
    telemetry.reset();
    const call = () => dialect.callTool(pair.client, 'deploy');
    await Promise.all([telemetry.under('one', call), telemetry.under('two', call)]);
    await expectNothingOpen(telemetry);
    const later = rounds('client').filter((span) => span.links.length > 0);
    expect(later).toHaveLength(2);
    for (const span of telemetry.spans) {
      for (const link of span.links) expect(link.context.traceId).toBe(span.spanContext().traceId);
    }
    await pair.close();
  });

  it('is linked by the state alone when the application drives the rounds itself', async () => {
    const pair = await pairThatAsks([[ELICITATION]]);
    const call = (more: object) => {
      const params = { name: 'deploy', arguments: {}, ...more };
      const schema = z.looseObject({});
      return pair.client.request({ method: 'tools/call', params }, schema, { allowInputRequired: true });
    };
    const { requestState } = await call({});
    await call({ requestState, inputResponses: { [ELICITATION.method]: ELICITATION.answer } });
    await expectNothingOpen(telemetry);
    for (const side of ['client', 'server'] as const) {
      const [first, second] = rounds(side);
      expect(rounds(side).map(endingOf)).toEqual([INPUT_REQUIRED, UNSET]);
      expect(linkedIdsOf(second)).toEqual([idOf(first)]);
      expect(second?.attributes['mcp_trail.round']).toBe(2);
    }
    await pair.close();
  });
});
