import { describe, expect, it } from 'vitest';
import { deferred } from '../support/deferred.js';
import { DIALECTS } from '../support/dialects.js';
import { endingOf, expectNothingOpen, failed, scenarioTelemetry, UNSET } from '../support/endings.js';
import { FLAVOURS, text } from '../support/flavours.js';

const telemetry = scenarioTelemetry();
const config = { maxPendingOperations: 3 };

async function evictions(): Promise<number> {
  const counters = (await telemetry.series()).filter(({ metric }) => metric === 'mcp_trail.operations.evicted');
  return counters.reduce((sum, series) => sum + series.sum, 0);
}

describe.each(FLAVOURS)('an operation above the bound, on $name', (flavour) => {
  const dialect = DIALECTS[flavour.sdk];

  /** Calls a tool `count` times at once, and has it answer when all calls have arrived. */
  async function callAtOnce(count: number, instrument: 'client' | 'server') {
    const all = deferred();
    let calls = 0;
    const handler = async () => {
      if (++calls === count) all.resolve();
      await all.promise;
      return text('ok');
    };
    const pair = await flavour.pair({ config, instrument, tools: [{ name: 'wait', handler }] });
    const before = await evictions();
    await Promise.all(Array.from({ length: count }, () => dialect.callTool(pair.client, 'wait')));
    await expectNothingOpen(telemetry);
    await pair.close();
    return (await evictions()) - before;
  }

  it.each(['client', 'server'] as const)('makes the oldest end as _OTHER on the %s, and is counted', async (side) => {
    expect(await callAtOnce(5, side)).toBe(2);
    const endings = telemetry.all(side, 'tools/call wait').map((span) => ({
      id: Number(span.attributes['jsonrpc.request.id']),
      ending: endingOf(span),
    }));
    const byAge = endings.sort((a, b) => a.id - b.id).map(({ ending }) => ending);
    expect(byAge).toEqual([failed('_OTHER'), failed('_OTHER'), UNSET, UNSET, UNSET]);
  });

  it.each(['client', 'server'] as const)('does not exist as long as there is room on the %s', async (side) => {
    expect(await callAtOnce(3, side)).toBe(0);
    const endings = telemetry.all(side, 'tools/call wait').map(endingOf);
    expect(endings).toEqual([UNSET, UNSET, UNSET]);
  });

  it('makes the one with the same id end as _OTHER, and both calls are answered as without mcp-trail', async () => {
    const both = deferred();
    let calls = 0;
    const handler = async () => {
      if (++calls === 2) both.resolve();
      await both.promise;
      return text('ok');
    };
    const pair = await flavour.pair({ instrument: 'server', tools: [{ name: 'wait', handler }] });
    const answers: unknown[] = [];
    const { onmessage } = pair.clientTransport;
    pair.clientTransport.onmessage = (message: any, extra: unknown) => {
      if (message.id === 'twice') answers.push(message.result?.content);
      else onmessage(message, extra);
    };
    // The client's own messages, except for the id.
    const send = pair.clientTransport.send.bind(pair.clientTransport);
    pair.clientTransport.send = (message: any, options: unknown) =>
      send(message.method === 'tools/call' ? { ...message, id: 'twice' } : message, options);
    for (const _ of [1, 2]) dialect.callTool(pair.client, 'wait').catch(() => {});
    await both.promise;
    await expectNothingOpen(telemetry);
    expect(telemetry.all('server', 'tools/call wait').map(endingOf)).toEqual([failed('_OTHER'), UNSET]);
    await pair.close();
    expect(answers).toEqual([text('ok').content, text('ok').content]);
  });
});
