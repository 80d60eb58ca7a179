import { describe, expect, it } from 'vitest';
import { type Entry, entriesOf } from '../../../../src/cli/timeline/entries.js';
import { causesOf } from '../../../../src/cli/timeline/nesting.js';
import { call, type Fields, record, throughGateway } from '../records.js';

const label = ({ service, side }: Entry) => `${service} ${side}`;

/** Each entry with its cause, as `weather server < gateway client (message)`. */
function causes(records: readonly Fields[]): string[] {
  const entries = entriesOf(records);
  const found = causesOf(entries);
  return entries.map((entry) => {
    const cause = found.get(entry);
    if (cause === undefined) return label(entry);
    return `${label(entry)} < ${label(cause.parent)} (${cause.by}${cause.guess ? '?' : ''})`;
  });
}

function shifted(records: readonly Fields[], ms: number): Fields[] {
  return records.map((each) => ({ ...each, time: new Date(Date.parse(String(each['time'])) + ms).toISOString() }));
}

const GATEWAY = [
  'agent client',
  'gateway server < agent client (message)',
  'gateway client < gateway server (process)',
  'weather server < gateway client (message)',
];

describe('causes', () => {
  it('are not made up for operations of other traces, methods, tools or request ids', () => {
    const sent = call('agent', { side: 'client', from: 0, to: 100 });
    const others = [
      { trace_id: 'f'.repeat(32) },
      { 'mcp.method.name': 'tools/list' },
      { 'jsonrpc.request.id': '2' },
      { 'gen_ai.tool.name': 'x' },
    ];
    for (const fields of others) {
      const received = call('weather', { side: 'server', from: 5, to: 95, fields });
      expect(causes([...sent, ...received])).toEqual(['agent client', 'weather server']);
    }
  });

  it('lead from the agent through a gateway to the server, although all have one request id', () => {
    const { agent, gateway, weather } = throughGateway();
    expect(causes([...agent, ...gateway, ...weather])).toEqual(GATEWAY);
    expect(causes([...weather, ...gateway, ...agent].reverse()).sort()).toEqual([...GATEWAY].sort());
  });

  it('lead there too when all happens in one millisecond', () => {
    const one = { from: 0, to: 0 };
    const records = [
      ...call('agent', { side: 'client', ...one }),
      ...call('gateway', { side: 'server', ...one }),
      ...call('gateway', { side: 'client', ...one }),
      ...call('weather', { side: 'server', ...one }),
    ];
    const found = causes(records);
    expect(found[2]).toBe('gateway client < gateway server (process)');
    expect(found.filter((text) => text.includes('message'))).toHaveLength(2);
  });

  it.each([-5000, -40, 40, 5000])('lead there when the clock of the server is off by %i ms', (ms) => {
    const { agent, gateway, weather } = throughGateway();
    const named = (records: Fields[], name: string) =>
      records.map((each) => ({ ...each, 'mcp_audit.server.name': name }));
    const [received, sent] = [gateway.slice(0, 2), gateway.slice(2)];
    const records = [
      ...named(agent, 'gateway'),
      ...named(received, 'gateway'),
      ...named(sent, 'weather'),
      ...named(shifted(weather, ms), 'weather'),
    ];
    const certain = ms < 90;
    expect(causes(records)).toEqual(certain ? GATEWAY : GATEWAY.with(3, 'weather server < gateway client (message?)'));
  });

  it('tell how early a message was received', () => {
    const entries = entriesOf([
      ...call('agent', { side: 'client', from: 50, to: 100 }),
      ...call('weather', { side: 'server', from: 10, to: 40 }),
    ]);
    expect([...causesOf(entries).values()]).toMatchObject([{ by: 'message', earlyMs: 40 }]);
  });

  it('say nothing of clocks for the rounding of milliseconds', () => {
    const entries = entriesOf([
      ...call('agent', { side: 'client', from: 2, to: 100 }),
      ...call('weather', { side: 'server', from: 0, to: 40 }),
    ]);
    expect([...causesOf(entries).values()]).toMatchObject([{ by: 'message', earlyMs: 0 }]);
  });

  it('are looked for by the correlation id where nothing is traced', () => {
    const { agent, gateway, weather } = throughGateway();
    const untraced = [...agent, ...gateway, ...weather].map(({ trace_id: _, ...each }) => each);
    expect(causes(untraced)).toEqual(GATEWAY);
  });

  it('go back to the agent when a tool asks the model behind it', () => {
    const sampling = {
      'mcp.method.name': 'sampling/createMessage',
      'gen_ai.tool.name': undefined,
      'audit.target.id': undefined,
    };
    const records = [
      ...call('agent', { side: 'client', from: 0, to: 100 }),
      ...call('travel', { side: 'server', from: 5, to: 95 }),
      ...call('travel', { side: 'client', from: 10, to: 90, fields: sampling }),
      ...call('agent', { side: 'server', from: 15, to: 85, fields: sampling }),
    ];
    expect(causes(records)).toEqual([
      'agent client',
      'travel server < agent client (message)',
      'travel client < travel server (process)',
      'agent server < travel client (message)',
    ]);
  });

  it('are marked as guesses where a process handles two calls of the trace at once', () => {
    const records = [
      ...call('gateway', { side: 'server', from: 0, to: 100, rpc: 1, tool: 'a' }),
      ...call('gateway', { side: 'server', from: 10, to: 90, rpc: 2, tool: 'b' }),
      ...call('gateway', { side: 'client', from: 20, to: 80, rpc: 1, tool: 'c' }),
      ...call('gateway', { side: 'client', from: 95, to: 96, rpc: 2, tool: 'd' }),
      ...call('gateway', { side: 'client', from: 101, to: 102, rpc: 3, tool: 'e' }),
    ];
    expect(causes(records).slice(2)).toEqual([
      'gateway client < gateway server (process?)',
      'gateway client < gateway server (process)',
      'gateway client',
    ]);
  });

  it('are not looked for in another instance of the service', () => {
    const instance = (id: string) => ({ 'service.instance.id': id });
    const records = [
      ...call('gateway', { side: 'server', from: 0, to: 100, fields: instance('a') }),
      ...call('gateway', { side: 'client', from: 20, to: 80, rpc: 7, fields: instance('b') }),
    ];
    expect(causes(records)).toEqual(['gateway server', 'gateway client']);
  });

  it('of an event are the operation it names, else the span it was written in', () => {
    const operation = { 'mcp_audit.operation.id': 'o' };
    const records = [
      ...call('weather', { side: 'server', from: 0, to: 9, fields: { ...operation, span_id: 'a'.repeat(16) } }),
      record('guardrail', 'weather', 1, operation),
      record('config.changed', 'weather', 2, { span_id: 'a'.repeat(16) }),
      record('session', 'weather', 3, { span_id: '0'.repeat(16) }),
      record('guardrail', 'agent', 4, operation),
    ];
    expect(causes(records).map((text) => text.replace(/^.* </, '<'))).toEqual([
      'weather server',
      '< weather server (operation)',
      '< weather server (span)',
      'weather undefined',
      'agent undefined',
    ]);
  });

  it('form no circle, whatever the clocks say', () => {
    const records = [
      ...call('b', { side: 'client', from: 1010, to: 1020, tool: 'x' }),
      ...call('a', { side: 'server', from: 0, to: 100, tool: 'x' }),
      ...call('a', { side: 'client', from: 10, to: 90, tool: 'y' }),
      ...call('b', { side: 'server', from: 1000, to: 1030, tool: 'y' }),
    ];
    const entries = entriesOf(records);
    const found = causesOf(entries);
    expect(found.size).toBe(3);
    for (const entry of entries) {
      let steps = 0;
      for (let at: Entry | undefined = entry; at !== undefined; at = found.get(at)?.parent) steps += 1;
      expect(steps).toBeLessThanOrEqual(entries.length);
    }
  });

  it('are found among tens of thousands also where they are all alike', () => {
    const many = Array.from({ length: 10_000 }, (_, n) => [
      ...call('agent', { side: 'client', from: n, to: n + 5, rpc: n }),
      ...call('weather', { side: 'server', from: n + 1, rpc: n }),
      ...call('agent', { side: 'client', from: n, to: n + 5, rpc: -1 }),
      ...call('weather', { side: 'server', from: n + 1, rpc: -1 }),
    ]).flat();
    // Compared each with each, they would take longer than a test may.
    expect(causesOf(entriesOf(many)).size).toBe(10_000);
  });
});
