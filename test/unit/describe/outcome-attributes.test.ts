import { describe, expect, it } from 'vitest';
import { outcomeAttributes, statusCodeAttributes } from '../../../src/describe/outcome-attributes.js';
import { type Outcome, SUCCESS } from '../../../src/session/outcome.js';

describe('what an outcome adds to a span', () => {
  it('is nothing for a success', () => {
    expect(outcomeAttributes(SUCCESS, 'both')).toEqual({});
  });

  it('never holds the message of an error', () => {
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
  ])('is for %o %o', (outcome, attributes) => {
    expect(outcomeAttributes(outcome, 'rpc.response.status_code')).toEqual(attributes);
  });

  it.each([
    ['rpc.response.status_code', { 'rpc.response.status_code': '-1' }],
    ['rpc.status_code', { 'rpc.status_code': '-1' }],
    ['both', { 'rpc.response.status_code': '-1', 'rpc.status_code': '-1' }],
  ] as const)('holds the code where the option %s says', (key, attributes) => {
    expect(statusCodeAttributes('-1', key)).toEqual(attributes);
  });
});
