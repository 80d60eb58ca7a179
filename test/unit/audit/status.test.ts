import { describe, expect, it } from 'vitest';
import { type AuditStatus, type End, STATUS_RULES, STATUSES, statusOf } from '../../../src/audit/status.js';
import { AUDIT_FIELDS } from '../../../src/semconv/audit-record.js';

const end = (outcome: End['outcome'], more: Partial<End> = {}): End => ({ outcome, ...more });

describe('the status of an audited operation', () => {
  it.each<[string, End, AuditStatus]>([
    ['a result', end({}), 'ok'],
    ['a task that was accepted', end({ resultType: 'task' }), 'ok'],
    ['a task that goes on', end({ taskStatus: 'working' }), 'ok'],
    ['a task that is completed', end({ taskStatus: 'completed' }), 'ok'],
    ['a task that failed', end({ taskStatus: 'failed' }), 'error'],
    ['a task that was cancelled', end({ taskStatus: 'cancelled' }), 'cancelled'],
    ['a task that asks for input', end({ taskStatus: 'input_required' }), 'input_required'],
    ['a result that asks for input', end({ resultType: 'input_required' }), 'input_required'],
    ['an error that asks for a visit to a URL', end({ errorType: '-32042', statusCode: '-32042' }), 'input_required'],
    ['a result with isError', end({ errorType: 'tool_error' }), 'tool_error'],
    ['a JSON-RPC error', end({ errorType: '-32603', statusCode: '-32603' }), 'error'],
    ['a JSON-RPC error that is the caller’s fault', end({ statusCode: '-32602' }), 'error'],
    ['no answer in time', end({ errorType: 'timeout' }), 'timeout'],
    ['the caller gave up, seen by the caller', end({ errorType: 'cancelled' }), 'cancelled'],
    ['the caller gave up, seen by the receiver', end({ cancelled: true }), 'cancelled'],
    ['the connection closed', end({ errorType: 'connection_closed' }), 'aborted'],
    ['the operation was given up', end({ errorType: '_OTHER' }), 'aborted'],
    ['the message could not be written', end({ errorType: 'send_failed' }), 'error'],
    ['the result was not acceptable', end({ errorType: 'invalid_result' }), 'error'],
    ['HTTP 401', end({ errorType: '401' }), 'unauthenticated'],
    ['HTTP 403', end({ errorType: '403' }), 'denied'],
    ['HTTP 429', end({ errorType: '429' }), 'rate_limited'],
    ['HTTP 504', end({ errorType: '504' }), 'timeout'],
    ['HTTP 500', end({ errorType: '500' }), 'error'],
    ['a recorded denial, whatever was answered', end({}, { decision: 'deny' }), 'denied'],
    ['a recorded denial with an error', end({ errorType: '-32603' }, { decision: 'deny' }), 'denied'],
    ['a recorded permission', end({}, { decision: 'allow' }), 'ok'],
    [
      'an application code',
      end({ errorType: '-32029', statusCode: '-32029' }, { errorCodes: { '-32029': 'rate_limited' } }),
      'rate_limited',
    ],
    [
      'an application code with a recorded denial',
      end({ statusCode: '-32029' }, { decision: 'deny', errorCodes: { '-32029': 'rate_limited' } }),
      'denied',
    ],
    ['a code named like a member of every object', end({ statusCode: 'constructor' }, { errorCodes: {} }), 'error'],
  ])('of %s', (_, given, expected) => {
    expect(statusOf(given)).toBe(expected);
  });

  it('is defined by the record, each with outcome and severity', () => {
    expect(Object.keys(STATUSES).sort()).toEqual([...AUDIT_FIELDS['mcp_audit.status'].values].sort());
  });

  it('is set by a rule of the table, and every rule is reachable', () => {
    const reached = new Set(STATUS_RULES.map(({ status }) => status));
    expect([...reached, 'ok'].sort()).toEqual(Object.keys(STATUSES).sort());
  });
});
