import { SdkError, SdkErrorCode, SdkHttpError } from '@modelcontextprotocol/client';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { McpError } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it } from 'vitest';
import {
  CANCELLED,
  CANCELLED_BY_PEER,
  CONNECTION_CLOSED,
  EVICTED,
  outcomeOfAnswer,
  outcomeOfHandlerError,
  outcomeOfRejection,
  outcomeOfThrown,
  type Rejection,
  TIMED_OUT,
} from '../../../src/describe/error-type.js';
import { taskStatusOf } from '../../../src/protocol/tasks.js';
import type { Direction } from '../../../src/session/connection-info.js';
import { SUCCESS } from '../../../src/session/outcome.js';
import { rowOf } from '../build.js';

const CALL = rowOf('tools/call');

function answerOf(result: unknown, method = 'tools/call', direction: Direction = 'outbound') {
  return outcomeOfAnswer({ id: 1, result }, rowOf(method), direction);
}

describe('a JSON-RPC error', () => {
  const BLAMELESS = [-32700, -32600, -32601, -32602, -32002];
  const FAULTS = [-32603, -32000, -32001, -32020, -32021, -32022, -32042, 1, 0, -1, 404, 2 ** 40];
  const error = (code: unknown, direction: Direction) =>
    outcomeOfAnswer({ id: 1, error: { code, message: 'why' } }, CALL, direction);

  it.each([...FAULTS, ...BLAMELESS])('with the code %i is an error with that type to the sender', (code) => {
    expect(error(code, 'outbound')).toEqual({ errorType: String(code), statusCode: String(code), message: 'why' });
  });

  it.each(FAULTS)('with the code %i is also an error to the receiver', (code) => {
    expect(error(code, 'inbound')).toEqual({ errorType: String(code), statusCode: String(code), message: 'why' });
  });

  it.each(BLAMELESS)('with the code %i is not an error to the receiver, but keeps its code', (code) => {
    expect(error(code, 'inbound')).toEqual({ statusCode: String(code), message: 'why' });
  });

  it.each([undefined, null, '-32602', 1.5, Number.NaN, 2 ** 60, {}, [-32602]])(
    'with the code %o has no code and the type _OTHER',
    (code) => {
      for (const direction of ['outbound', 'inbound'] as const)
        expect(error(code, direction)).toEqual({ errorType: '_OTHER', message: 'why' });
    },
  );

  it.each([null, 'no', 7, [], {}])('that is %o is still an error', (value) => {
    expect(outcomeOfAnswer({ id: 1, error: value }, CALL, 'outbound')).toEqual({ errorType: '_OTHER' });
  });

  it('wins over a result in the same answer', () => {
    expect(outcomeOfAnswer({ id: 1, result: {}, error: { code: -32603 } }, CALL, 'outbound').errorType).toBe('-32603');
  });

  it('has a message only if it is a string', () => {
    expect(outcomeOfAnswer({ id: 1, error: { code: -1, message: { a: 1 } } }, CALL, 'outbound')).not.toHaveProperty(
      'message',
    );
  });
});

describe('a result', () => {
  it.each([
    undefined,
    null,
    'text',
    7,
    [],
    {},
    { isError: false },
    { isError: 'true' },
    { isError: 1 },
    { resultType: 'complete' },
    { resultType: 'other' },
    { task: 'id' },
  ])('that is %o is SUCCESS', (result) => {
    for (const direction of ['outbound', 'inbound'] as const)
      expect(answerOf(result, 'tools/call', direction)).toBe(SUCCESS);
  });

  it('with isError is a tool error on both sides, without its text', () => {
    const result = { isError: true, content: [{ type: 'text', text: 'secret' }] };
    for (const direction of ['outbound', 'inbound'] as const)
      expect(answerOf(result, 'tools/call', direction)).toEqual({ errorType: 'tool_error' });
  });

  it('with isError is a success for methods other than tool calls', () => {
    expect(answerOf({ isError: true }, 'prompts/get')).toBe(SUCCESS);
    expect(answerOf({ isError: true }, 'acme/unheard')).toBe(SUCCESS);
  });

  it.each(['tools/call', 'prompts/get', 'resources/read'])('of %s that asks for input is not an error', (method) => {
    expect(answerOf({ resultType: 'input_required', inputRequests: {} }, method)).toEqual({
      resultType: 'input_required',
    });
  });

  it.each([{ resultType: 'task', taskId: '1' }, { task: { taskId: '1', status: 'working' } }])(
    '%o creates a task, which is not an error',
    (result) => {
      expect(answerOf(result)).toEqual({ resultType: 'task' });
    },
  );

  it('with a task is a plain success for methods that cannot create one', () => {
    expect(answerOf({ resultType: 'task' }, 'resources/read')).toBe(SUCCESS);
  });

  it.each(['working', 'input_required', 'completed', 'failed', 'cancelled'])(
    'of tasks/get with the status %s has that status',
    (status) => {
      expect(answerOf({ status }, 'tasks/get')).toEqual({ taskStatus: status });
      expect(answerOf({ status }, 'tasks/cancel')).toEqual({ taskStatus: status });
    },
  );

  it.each([undefined, null, 7, 'done', 'WORKING', 'x'.repeat(1000), {}])(
    'of tasks/get with the status %o has no status',
    (status) => {
      expect(answerOf({ status }, 'tasks/get')).toBe(SUCCESS);
      expect(taskStatusOf({ status })).toBeUndefined();
    },
  );

  it('with a status is a plain success for methods without tasks', () => {
    expect(answerOf({ status: 'failed' })).toBe(SUCCESS);
  });
});

describe('a promise that is rejected', () => {
  const rejected = (given: Partial<Rejection>) =>
    outcomeOfRejection({ error: new Error('x'), signal: undefined, answered: false, connected: true, ...given });
  const aborted = (reason?: unknown) => AbortSignal.abort(reason);
  const withCode = (code: unknown) => Object.assign(new Error('x'), { code });

  it('after an answer is an invalid result in any case', () => {
    expect(rejected({ answered: true, connected: false, signal: aborted(), error: withCode(-32001) })).toEqual({
      errorType: 'invalid_result',
    });
  });

  it('without a connection is not_connected in any case', () => {
    expect(rejected({ connected: false, signal: aborted(), error: withCode('ECONNRESET') })).toEqual({
      errorType: 'not_connected',
    });
  });

  it.each([undefined, 'enough', new Error('enough'), null, { name: 'TimeOut' }])(
    'with the caller’s signal aborted, for %o, is cancelled',
    (reason) => {
      expect(rejected({ signal: aborted(reason), error: withCode(-32001) })).toEqual({ errorType: 'cancelled' });
    },
  );

  it('with the caller’s signal aborted by a timeout is a timeout', () => {
    expect(rejected({ signal: aborted(new DOMException('x', 'TimeoutError')) })).toEqual({ errorType: 'timeout' });
  });

  it('with a signal that is not aborted depends on its error', () => {
    expect(rejected({ signal: new AbortController().signal, error: withCode(-32001) })).toEqual({
      errorType: 'timeout',
    });
  });

  /** Errors as the SDKs throw them. */
  const REAL: readonly [string, unknown, string][] = [
    ['the timeout of v1', new McpError(-32001, 'Request timed out'), 'timeout'],
    ['the closed connection of v1', new McpError(-32000, 'Connection closed'), 'connection_closed'],
    ['the missing token of v1', new UnauthorizedError(), '401'],
    ['the timeout of v2', new SdkError(SdkErrorCode.RequestTimeout, 'x'), 'timeout'],
    ['the closed connection of v2', new SdkError(SdkErrorCode.ConnectionClosed, 'x'), 'connection_closed'],
    ['the missing connection of v2', new SdkError(SdkErrorCode.NotConnected, 'x'), 'not_connected'],
    ['the failed write of v2', new SdkError(SdkErrorCode.SendFailed, 'x'), 'send_failed'],
    ['the bad result of v2', new SdkError(SdkErrorCode.InvalidResult, 'x'), 'invalid_result'],
    ['the unknown result type of v2', new SdkError(SdkErrorCode.UnsupportedResultType, 'x'), 'invalid_result'],
  ];
  it.each(REAL)('with %s has that type', (_name, error, errorType) => {
    expect(rejected({ error })).toEqual({ errorType });
  });

  it.each([400, 401, 403, 404, 405, 429, 500, 503, 599])(
    'with the HTTP status %i has it as type, under either SDK line’s key',
    (status) => {
      expect(rejected({ error: Object.assign(new Error('x'), { status }) })).toEqual({ errorType: String(status) });
      expect(rejected({ error: withCode(status) })).toEqual({ errorType: String(status) });
    },
  );

  it('with the HTTP error of v2 has its status as type', () => {
    const error = new SdkHttpError(SdkErrorCode.ClientHttpAuthentication, 'x', { status: 403 } as never);
    expect(rejected({ error })).toEqual({ errorType: '403' });
  });

  it.each(['ECONNRESET', 'UND_ERR_SOCKET'])(
    'with the network error %s, also as a cause, is a closed connection',
    (code) => {
      expect(rejected({ error: withCode(code) })).toEqual({ errorType: 'connection_closed' });
      expect(rejected({ error: new TypeError('fetch failed', { cause: withCode(code) }) })).toEqual({
        errorType: 'connection_closed',
      });
    },
  );

  it.each([
    undefined,
    null,
    'text',
    7,
    {},
    new Error('x'),
    withCode(399),
    withCode(600),
    withCode('EPIPE'),
    withCode('constructor'),
    withCode('__proto__'),
    withCode({}),
  ])('with anything else, such as %o, is send_failed', (error) => {
    expect(rejected({ error })).toEqual({ errorType: 'send_failed' });
  });
});

describe('an error thrown by a handler', () => {
  it.each([
    undefined,
    null,
    'text',
    {},
    new Error('why'),
    Object.assign(new Error('why'), { code: 'ENOENT' }),
    Object.assign(new Error('why'), { code: 1.5 }),
  ])('of a request, %o, is an internal error', (error) => {
    expect(outcomeOfHandlerError(error)).toMatchObject({ errorType: '-32603', statusCode: '-32603' });
  });

  it('of a request with an integer code is an error of that code, unless blameless', () => {
    expect(outcomeOfHandlerError(new McpError(-32042, 'x'))).toMatchObject({
      errorType: '-32042',
      statusCode: '-32042',
    });
    const refusal = outcomeOfHandlerError(new McpError(-32602, 'x'));
    expect(refusal).toMatchObject({ statusCode: '-32602' });
    expect(refusal).not.toHaveProperty('errorType');
  });

  class Überfall extends Error {}
  class $Odd_1 extends Error {}
  it.each([
    [new RangeError('secret'), 'RangeError'],
    [new $Odd_1('secret'), '$Odd_1'],
    [new Überfall('secret'), '_OTHER'],
    [new (class extends Error {})('secret'), '_OTHER'],
    [Object.assign(Object.create(Error.prototype), { constructor: { name: 'x'.repeat(65) } }), '_OTHER'],
    [{ name: 'RangeError' }, '_OTHER'],
    ['RangeError', '_OTHER'],
    [undefined, '_OTHER'],
  ])('of a notification, %o, has its class as type if that is an identifier: %s', (error, errorType) => {
    expect(outcomeOfThrown(error)).toEqual({ errorType });
  });
});

describe('the named outcomes', () => {
  it.each([
    ['a caller that gave up, as its peer sees it', CANCELLED_BY_PEER, { cancelled: true }],
    ['a caller that gave up', CANCELLED, { errorType: 'cancelled' }],
    ['a connection that is gone', CONNECTION_CLOSED, { errorType: 'connection_closed' }],
    ['one operation too many', EVICTED, { errorType: '_OTHER' }],
    ['no answer in time', TIMED_OUT, { errorType: 'timeout' }],
  ])('include %s', (_name, outcome, expected) => {
    expect(outcome).toEqual(expected);
  });

  it('include a frozen, empty success', () => {
    expect(SUCCESS).toEqual({});
    expect(Object.isFrozen(SUCCESS)).toBe(true);
  });
});
