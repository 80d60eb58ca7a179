import { describe, expect, it } from 'vitest';
import { METHODS, methodRow, targetOf } from '../../../src/protocol/methods.js';

/** A request may do anything, and is audited. */
const ANYTHING = { audit: { action: 'EXECUTE', target: 'mcp.method' } };

describe('the row of a method', () => {
  it.each(['acme/unheard', '', '__proto__', 'constructor', 'toString', 'TOOLS/CALL', 'tools/call '])(
    'that is unknown, %o, says nothing but the kind of the message, and that a request is audited',
    (method) => {
      for (const kind of ['request', 'notification'] as const) {
        expect(methodRow(method, kind)).toEqual({ kind, from: 'either', ...(kind === 'request' && ANYTHING) });
      }
    },
  );

  it('is that of an unknown method if the message is of the other kind', () => {
    expect(methodRow('tools/call', 'notification')).toEqual({ kind: 'notification', from: 'either' });
    const request = { kind: 'request', from: 'either', ...ANYTHING };
    expect(methodRow('notifications/cancelled', 'request')).toEqual(request);
  });

  it.each([...METHODS])('%s is found', (method, row) => {
    expect(methodRow(method, row.kind)).toBe(row);
  });
});

describe('the table', () => {
  it.each([...METHODS])('has a row for %s that agrees with its name', (method, row) => {
    expect(row.kind).toBe(method.startsWith('notifications/') ? 'notification' : 'request');
    // The one GenAI operation of MCP is a tool call; a target of a tool call is a tool.
    if (row.operationName !== undefined) expect(row).toMatchObject({ content: 'tool', target: { path: ['name'] } });
    if (row.stream || row.content !== undefined) expect(row.kind).toBe('request');
    if (row.refersTo !== undefined) expect(row.kind).toBe('notification');
    if (row.audit?.action === 'LIST' && row.kind === 'request') expect(method).toMatch(/\/(?:list|read)$/);
    // A notification has no answer to wait for.
    if (row.audit !== undefined && row.kind === 'notification') expect(row.audit.only).toBeDefined();
  });

  it('audits everything except the upkeep of connections', () => {
    expect([...METHODS].filter(([, row]) => row.audit === undefined).map(([method]) => method)).toEqual([
      'ping',
      'logging/setLevel',
      'notifications/initialized',
      'notifications/cancelled',
      'notifications/progress',
      'notifications/message',
      'notifications/resources/updated',
      'notifications/roots/list_changed',
      'notifications/elicitation/complete',
      'notifications/subscriptions/acknowledged',
    ]);
  });

  it('keeps trace context out of progress notifications only, whose _meta reaches applications', () => {
    expect([...METHODS].filter(([, row]) => row.inject === false).map(([method]) => method)).toEqual([
      'notifications/progress',
    ]);
  });
});

describe('the target of an operation', () => {
  const row = methodRow('tools/call', 'request');
  const nested = methodRow('completion/complete', 'request');

  it.each([undefined, null, 'echo', ['echo'], {}, { name: null }, { name: 7 }, { name: { toString: () => 'echo' } }])(
    'is not found in %o',
    (params) => {
      expect(targetOf(row, params)).toBeUndefined();
    },
  );

  it.each([{ ref: null }, { ref: 'name' }, { ref: {} }, { name: 'outer' }])(
    'is not found deeper down in %o',
    (params) => {
      expect(targetOf(nested, params)).toBeUndefined();
    },
  );

  it('comes from the params', () => {
    expect(targetOf(row, { name: 'echo' })).toBe('echo');
    expect(targetOf(row, { name: '' })).toBe('');
    expect(targetOf(nested, { ref: { type: 'ref/prompt', name: 'greet' } })).toBe('greet');
  });

  it('is undefined for a method without one, whatever the params', () => {
    expect(targetOf(methodRow('tools/list', 'request'), { name: 'echo' })).toBeUndefined();
  });
});
