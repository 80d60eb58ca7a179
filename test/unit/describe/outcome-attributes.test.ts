import { describe, expect, it } from 'vitest';
import { outcomeAttributes, statusCodeAttributes } from '../../../src/describe/outcome-attributes.js';
import { type Outcome, SUCCESS } from '../../../src/session/outcome.js';

describe('the attributes of an outcome', () => {
  it('are empty for a success', () => {
    expect(outcomeAttributes(SUCCESS, 'both')).toEqual({});
  });

  it('never include the error message', () => {
    const attributes = outcomeAttributes({ errorType: '-1', statusCode: '-1', message: 'secret' }, 'both');
    expect(JSON.stringify(attributes)).not.toContain('secret');
  });

  it.each<[Outcome, object]>([
    [{ errorType: 'timeout' }, { 'error.type': 'timeout' }],
    [{ statusCode: '-32602' }, { 'rpc.response.status_code': '-32602' }],
    [
      { errorType: '-1', statusCode: '-1' },
      { 'error.type': '-1', 'rpc.response.status_code': '-1' },
    ],
    [{ cancelled: true }, { 'mcp_trail.cancelled': true }],
    [{ resultType: 'input_required' }, { 'mcp_trail.result.type': 'input_required' }],
    [{ taskStatus: 'failed' }, { 'mcp_trail.task.status': 'failed' }],
  ])('for %o are %o', (outcome, attributes) => {
    expect(outcomeAttributes(outcome, 'rpc.response.status_code')).toEqual(attributes);
  });

  it.each([
    ['rpc.response.status_code', { 'rpc.response.status_code': '-1' }],
    ['rpc.status_code', { 'rpc.status_code': '-1' }],
    ['both', { 'rpc.response.status_code': '-1', 'rpc.status_code': '-1' }],
  ] as const)('have the code under %s', (key, attributes) => {
    expect(statusCodeAttributes('-1', key)).toEqual(attributes);
  });
});
