import { describe, expect, it } from 'vitest';
import { entriesOf } from '../../../../src/cli/timeline/entries.js';
import { call, record } from '../records.js';

const OPERATION = { 'mcp_audit.operation.id': 'o' };
const DENY = { 'mcp_audit.access.decision': 'deny', 'mcp_audit.access.reason': 'not_on_duty' };

function shape(records: readonly Record<string, unknown>[]) {
  return entriesOf(records).map(({ kind, title, status }) => [kind, title, status]);
}

describe('the entries of records', () => {
  it('are one for request, permission and response of an operation', () => {
    const [request, response] = call('agent', { side: 'client', from: 10, to: 152, fields: OPERATION });
    const permission = record('authorization', 'agent', 11, { ...OPERATION, 'mcp_audit.access.decision': 'allow' });
    const [entry, ...others] = entriesOf([permission, response, request] as Record<string, unknown>[]);
    expect(others).toEqual([]);
    expect(entry).toMatchObject({
      kind: 'operation',
      title: 'tools/call search',
      service: 'agent',
      side: 'client',
      status: 'ok',
      durationMs: 142,
      open: false,
      denied: false,
      failed: false,
    });
    expect(entry?.first('mcp_audit.access.decision')).toBe('allow');
    expect((entry?.end ?? 0) - (entry?.start ?? 0)).toBe(142);
  });

  it('are two for operations of one id in two services: one of them is forged', () => {
    const records = ['agent', 'evil'].flatMap((service) =>
      call(service, { side: 'client', from: 0, to: 1, fields: OPERATION }),
    );
    expect(entriesOf(records).map(({ service }) => service)).toEqual(['agent', 'evil']);
  });

  it('show a second response of an operation instead of hiding it', () => {
    const [request, response] = call('agent', { side: 'client', from: 0, to: 1, fields: OPERATION });
    const again = record('response', 'agent', 2, { ...OPERATION, 'mcp_audit.status': 'error' });
    expect(shape([request, response, again] as Record<string, unknown>[])).toEqual([
      ['operation', 'tools/call search', 'ok'],
      ['event', 'response', 'error'],
    ]);
  });

  it.each(['unauthenticated', 'rate_limited'])('say how an HTTP request was refused: %s', (status) => {
    const refusal = record('authorization', 'agent', 1, {
      'mcp_audit.access.decision': 'deny',
      'mcp_audit.status': status,
      'audit.target.id': '/mcp',
    });
    expect(shape([refusal])).toEqual([['event', 'authorization deny /mcp', status]]);
    expect(entriesOf([refusal])).toMatchObject([{ denied: true }]);
  });

  it('are of their own for a refusal, and the operation is denied with it', () => {
    const records = [
      ...call('agent', { side: 'server', from: 0, to: 1, fields: OPERATION, result: { 'mcp_audit.status': 'denied' } }),
      record('authorization', 'agent', 1, { ...OPERATION, ...DENY, 'mcp.method.name': 'tools/call' }),
    ];
    expect(shape(records)).toEqual([
      ['operation', 'tools/call search', 'denied'],
      ['event', 'authorization deny tools/call', 'denied'],
    ]);
    expect(entriesOf(records).map(({ denied, failed }) => [denied, failed])).toEqual([
      [true, false],
      [true, false],
    ]);
  });

  it.each([
    ['session', { 'mcp_audit.session.state': 'started' }, 'session started'],
    [
      'guardrail',
      { 'mcp_audit.guardrail.verdict': 'block', 'mcp_audit.guardrail.subject': 'result' },
      'guardrail block result',
    ],
    [
      'tool.changed',
      { 'mcp_audit.tool.change': 'modified', 'gen_ai.tool.name': 'search' },
      'tool.changed modified search',
    ],
    ['authentication', { 'mcp_audit.authentication.event': 'token_rejected' }, 'authentication token_rejected'],
    [
      'response.undelivered',
      { 'error.type': 'send_failed', 'mcp.method.name': 'tools/call' },
      'response.undelivered send_failed tools/call',
    ],
    ['gap', { 'mcp_audit.gap.records': 3, 'mcp_audit.gap.causes': ['ENOSPC'] }, 'gap 3 ENOSPC'],
    ['constructor', { 'audit.target.id': 'x' }, 'constructor x'],
  ])('name an event and what it tells: %s', (event, fields, title) => {
    expect(entriesOf([record(event, 'agent', 0, fields)])).toMatchObject([{ kind: 'event', title, open: false }]);
  });

  it('have no end where there is no response, and a start even where there is no request', () => {
    const [request] = call('agent', { side: 'client', from: 0 });
    const [, response] = call('agent', { side: 'client', from: 20, to: 50 });
    const [open, late] = entriesOf([request, response] as Record<string, unknown>[]);
    expect(open).toMatchObject({ open: true, end: undefined, status: undefined });
    expect((late?.start ?? 0) - (open?.start ?? 0)).toBe(20);
  });

  it('measure by the two times where no duration was written', () => {
    const records = call('agent', { side: 'client', from: 0, to: 7, result: { 'mcp_audit.duration_ms': undefined } });
    expect(entriesOf(records)).toMatchObject([{ durationMs: 7 }]);
  });

  it('survive fields of any kind', () => {
    const odd = { time: 7, 'service.name': ['a', {}], 'mcp_audit.operation.id': { a: 1 }, 'mcp_audit.side': 7 };
    expect(entriesOf([{ event_name: 'mcp_audit.request', ...odd }, { event_name: 'mcp_audit.' }])).toMatchObject([
      { kind: 'event', title: 'request', start: undefined, service: 'a' },
      { kind: 'event', title: '', service: '?' },
    ]);
  });
});
