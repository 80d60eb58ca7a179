import { ROOT_CONTEXT } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { marked, observedByWrap, withoutMarks } from '../../../src/emit/wrap-mark.js';
import { methodRow } from '../../../src/protocol/methods.js';
import { Connection } from '../../../src/session/connection.js';

const SPAN = 'b7ad6b7169203331';
const TRACED = { traceparent: `00-0af7651916cd43dd8448eb211c80319c-${SPAN}-01` };

describe('the marks of wrap', () => {
  it('name its span first in the trace state, and its operation', () => {
    const entries = { ...TRACED, tracestate: 'a=1,b=2' };
    expect(marked({ meta: {}, entries, spanId: SPAN, operationId: 'operation-1' })).toEqual({
      ...TRACED,
      tracestate: `mcptrail=w:${SPAN},a=1,b=2`,
      'mcp-trail/operation': 'operation-1',
    });
  });

  it('replace those of others', () => {
    const meta = { tracestate: 'mcptrail=w:1111111111111111', 'mcp-trail/operation': 'forged-one' };
    const entries = { ...TRACED, tracestate: 'a=1, mcptrail=w:2222222222222222 ,b=2' };
    expect(marked({ meta, entries, spanId: SPAN })).toEqual({
      ...TRACED,
      tracestate: `mcptrail=w:${SPAN},a=1,b=2`,
      'mcp-trail/operation': '',
    });
  });

  it('are emptied where there is neither a span nor a record', () => {
    const meta = { tracestate: `mcptrail=w:${SPAN},a=1`, 'mcp-trail/operation': 'forged-one' };
    expect(marked({ meta })).toEqual({ tracestate: 'a=1', 'mcp-trail/operation': '' });
    expect(marked({ meta: { tracestate: 'a=1' } })).toBeUndefined();
    expect(marked({ meta: undefined })).toBeUndefined();
  });

  it.each([
    ['members', Array.from({ length: 40 }, (_, at) => `k${at}=1`).join(','), 32],
    ['characters', Array.from({ length: 5 }, (_, at) => `k${at}=${'x'.repeat(150)}`).join(','), 4],
  ])('keep within the limit of %s', (_, tracestate, members) => {
    const state = marked({ meta: {}, entries: { ...TRACED, tracestate }, spanId: SPAN })?.['tracestate'] ?? '';
    expect(state.startsWith(`mcptrail=w:${SPAN},k0=`)).toBe(true);
    expect(state.split(',')).toHaveLength(members);
    expect(state.length).toBeLessThanOrEqual(512);
  });

  it('are not passed on', () => {
    expect(withoutMarks({ 'mcp-trail/operation': 'x' }, undefined)).toEqual(['mcp-trail/operation']);
    expect(withoutMarks({ 'mcp-trail/operation': 'x' }, ['baggage'])).toEqual(['baggage', 'mcp-trail/operation']);
    expect(withoutMarks({}, ['baggage'])).toEqual(['baggage']);
  });

  it.each([
    ['over HTTP', {}],
    ['in a process that is not behind wrap', { _stdin: process.stdin }],
  ])('mean nothing %s', (_, transport) => {
    const connection = new Connection(transport, 'server');
    const meta = { 'mcp-trail/operation': '01a2b3c4-0000-7000-8000-000000000000' };
    const row = methodRow('tools/call', 'request');
    expect(observedByWrap(connection, { meta, row }, ROOT_CONTEXT)).toBeUndefined();
    expect(connection.wrap).toBeUndefined();
  });
});
