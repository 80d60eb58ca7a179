import { describe, expect, it } from 'vitest';
import { clocked, START, told, tool } from '../../support/inventory.js';

const AT = '2026-01-01T00:00:00.000Z';

function observed(options = {}) {
  const all = clocked(options);
  const { id } = all.inventory.observeServer({ side: 'client', name: 'files' });
  const server = () => {
    const [first] = all.inventory.snapshot().servers;
    if (first === undefined) throw new Error('there is no server');
    return first;
  };
  return { ...all, id, server };
}

describe('counts', () => {
  it('are errors by class, denials, quarantines, redactions and unknown arguments, per server and per tool', () => {
    const { inventory, id, server } = observed();
    inventory.observeTools(id, { tools: [tool('a'), tool('b')] });
    inventory.used(id, { tool: 'a', at: START, status: 'ok', redactions: 3, unknownArguments: 2 });
    inventory.used(id, { tool: 'a', at: START, status: 'tool_error', errorType: 'tool_error' });
    inventory.used(id, { tool: 'a', at: START, status: 'timeout' });
    inventory.used(id, { tool: 'b', at: START, status: 'denied', errorType: '403' });
    inventory.used(id, { at: START, status: 'ok', denied: true, quarantined: true });
    inventory.used(id, { at: START, status: 'cancelled', redactions: Number.NaN, unknownArguments: -1 });
    expect(server().usage).toMatchObject({
      calls: { count: 6, last: AT },
      errors: { count: 2 },
      denials: { count: 2 },
      quarantines: { count: 1 },
      redactions: { count: 3 },
      unknownArguments: { count: 2 },
    });
    expect(server().errorTypes).toEqual([
      { type: 'tool_error', count: 1, last: AT },
      { type: 'timeout', count: 1, last: AT },
    ]);
    const [a, b] = server().tools;
    expect(a?.usage).toMatchObject({ calls: { count: 3 }, errors: { count: 2 } });
    expect(b?.usage).toEqual({ calls: { count: 1, last: AT }, denials: { count: 1, last: AT } });
  });

  it('distinguish 64 classes of errors', () => {
    const { inventory, id, server } = observed();
    for (let index = 0; index < 1000; index++) {
      inventory.used(id, { at: START, status: 'error', errorType: `E${index}${'x'.repeat(1000)}` });
    }
    expect(server().errorTypes).toHaveLength(65);
    expect(server().errorTypes.at(-1)).toEqual({ type: 'other', count: 936, last: AT });
    expect(server().errorTypes[0]?.type).toHaveLength(64);
  });
});

describe('the last use', () => {
  it('is the latest, with its actor', () => {
    const { inventory, id, server, clock } = observed();
    inventory.observeTools(id, { tools: [tool('a')] });
    clock.time += 1000;
    const by = { actor: 'u-1', actorName: 'Ann', organization: 'org', team: 't' };
    inventory.used(id, { tool: 'a', at: START + 500, status: 'ok', ...by });
    inventory.used(id, { at: START + 400, status: 'ok', actor: 'bob' });
    const lastUsed = { at: '2026-01-01T00:00:00.500Z', ...by };
    expect(server().usage.lastUsed).toEqual(lastUsed);
    expect(server().tools[0]?.usage.lastUsed).toEqual(lastUsed);
  });

  it('is not a refused one, nor one in the future', () => {
    const { inventory, id, server } = observed();
    inventory.used(id, { at: START, status: 'denied', actor: 'eve' });
    inventory.used(id, { at: START, status: 'unauthenticated', actor: 'eve' });
    expect(server().usage.lastUsed).toBeUndefined();
    inventory.used(id, { at: START + 1e15, status: 'ok' });
    expect(server().usage.lastUsed?.at).toBe(AT);
  });
});

describe('a tool without a list', () => {
  it('is kept after a successful call: callers choose names', () => {
    const { inventory, id, server } = observed();
    for (const status of ['error', 'tool_error', 'denied'] as const)
      inventory.used(id, { tool: 'made-up', at: START, status });
    expect(server().tools).toEqual([]);
    inventory.used(id, { tool: 'hidden', at: START, status: 'ok' });
    expect(server().tools[0]).toMatchObject({ name: 'hidden', status: 'unlisted' });
    expect(server().tools[0]?.hash).toBeUndefined();
  });

  it('is not a change in the first list, and added in a later one', () => {
    const { inventory, id, server } = observed();
    inventory.used(id, { tool: 'a', at: START, status: 'ok' });
    expect(told(inventory.observeTools(id, { tools: [tool('a')] }))).toEqual(['server.observed']);
    expect(server().tools[0]).toMatchObject({ status: 'listed', usage: { calls: { count: 1 } } });
    inventory.used(id, { tool: 'b', at: START, status: 'ok' });
    expect(inventory.observeTools(id, { tools: [tool('a')] })).toEqual([]);
    expect(told(inventory.observeTools(id, { tools: [tool('a'), tool('b')] }))).toEqual(['tool.changed added b']);
  });

  it('makes room for others, and takes none from listed tools', () => {
    const { inventory, id, server } = observed({ maxTools: 3 });
    inventory.observeTools(id, { tools: [tool('a'), tool('b')] });
    for (const name of ['x', 'y', 'z']) inventory.used(id, { tool: name, at: START, status: 'ok' });
    expect(server().tools.map(({ name }) => name)).toEqual(['a', 'b', 'z']);
  });
});

describe('names', () => {
  it('are redacted before they are kept, and recognised in that form', () => {
    const secret = ['ghp', 'abcdef0123456789'].join('_');
    const redactName = (name: string) => name.replaceAll(secret, '[REDACTED]');
    const { inventory, id, server } = observed({ redactName });
    inventory.observeServer({
      side: 'client',
      name: `n ${secret}`,
      title: secret,
      version: secret,
      capabilities: [secret],
    });
    inventory.observeTools(id, { tools: [tool(`t ${secret}`)] });
    inventory.used(id, {
      tool: `t ${secret}`,
      at: START,
      status: 'error',
      errorType: secret,
      actor: secret,
      team: secret,
    });
    expect(server().tools[0]).toMatchObject({ name: 't [REDACTED]', usage: { calls: { count: 1 } } });
    expect(JSON.stringify(inventory.snapshot())).not.toContain(secret);
  });

  it('are dropped if redaction fails', () => {
    const redactName = () => {
      throw new Error('no');
    };
    const { inventory, id } = observed({ redactName });
    inventory.used(id, { tool: 'secret', at: START, status: 'ok' });
    expect(JSON.stringify(inventory.snapshot())).not.toMatch(/secret|files/);
  });
});
