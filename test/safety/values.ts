/** Values that no well-meaning peer sends, as tables of name and factory. */

export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const key of Reflect.ownKeys(value)) deepFreeze((value as Record<PropertyKey, unknown>)[key]);
    Object.freeze(value);
  }
  return value;
}

const MEGABYTE = 'x'.repeat(1_000_000);

/** The object with a member whose getter throws. */
export function trapped<T extends object>(value: T, member: string): T {
  return Object.defineProperty(value, member, {
    enumerable: true,
    get() {
      throw new Error(`${member} is a trap`);
    },
  });
}

function cyclic<T extends object>(value: T): T {
  return Object.assign(value, { self: value });
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** A proxy whose every trap throws. */
function hostileProxy(): object {
  const refuse = () => {
    throw new Error('the proxy is a trap');
  };
  return new Proxy({}, { get: refuse, has: refuse, ownKeys: refuse, getOwnPropertyDescriptor: refuse });
}

export const REMOTE = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
} as const;

/** Invalid values of `traceparent`. */
export const MALFORMED_TRACEPARENTS: Readonly<Record<string, unknown>> = {
  'an empty string': '',
  'a word': 'hello',
  'a number': 17,
  null: null,
  true: true,
  'an object': { toString: () => REMOTE.traceparent },
  'an array': [REMOTE.traceparent],
  'without flags': REMOTE.traceparent.slice(0, -3),
  'one digit short': REMOTE.traceparent.slice(0, -1),
  'one digit long': `${REMOTE.traceparent}1`,
  'with more than version 00 has': `${REMOTE.traceparent}-extra`,
  'of version ff': `ff${REMOTE.traceparent.slice(2)}`,
  'in upper case': REMOTE.traceparent.toUpperCase(),
  'with a zero trace id': `00-${'0'.repeat(32)}-${REMOTE.spanId}-01`,
  'with a zero span id': `00-${REMOTE.traceId}-${'0'.repeat(16)}-01`,
  'with letters that are not digits': REMOTE.traceparent.replace('0af7', 'zzzz'),
  'with a line break': REMOTE.traceparent.replace('-b7', '\r\n-b'),
  'a megabyte': MEGABYTE,
  'a megabyte of digits': `00-${'1'.repeat(1_000_000)}-${REMOTE.spanId}-01`,
  'a megabyte of blanks before it': `${' '.repeat(1_000_000)}${REMOTE.traceparent}`,
};

/** Values that may be beside a valid `traceparent`. */
export const MALFORMED_COMPANIONS: Readonly<Record<string, Record<string, unknown>>> = {
  'a number as tracestate': { tracestate: 1 },
  'an object as tracestate': { tracestate: { a: 1 } },
  'a tracestate without a value': { tracestate: 'vendor' },
  'a tracestate of odd characters': { tracestate: '\u0000=\u{1f600},,,==,;' },
  'a tracestate of a hundred members': { tracestate: Array.from({ length: 100 }, (_, n) => `v${n}=1`).join() },
  'a megabyte of tracestate': { tracestate: `a=${MEGABYTE}` },
  'a number as baggage': { baggage: 1 },
  'an array as baggage': { baggage: ['a=1'] },
  'baggage that is badly escaped': { baggage: 'a=%E0%A4%A,b=%,%=%' },
  'baggage of separators': { baggage: ',;=,;=,;=' },
  'baggage with names of prototypes': { baggage: '__proto__=1,constructor=2,hasOwnProperty=3' },
  'baggage of ten thousand members': { baggage: Array.from({ length: 10_000 }, (_, n) => `k${n}=v`).join() },
  'a megabyte of baggage': { baggage: `a=${MEGABYTE}` },
};

/** A handmade message. `id` is that of a request which is open when it arrives. */
export type MakeMessage = (id: string | number) => unknown;

const jsonrpc = '2.0';
const call = (params: unknown, id: unknown = 'hostile') => ({ jsonrpc, id, method: 'tools/call', params });
const notify = (method: unknown, params?: unknown) => ({ jsonrpc, method, ...(params !== undefined && { params }) });

/** Values that are not JSON-RPC messages, or hardly. */
export const NO_MESSAGES: Readonly<Record<string, MakeMessage>> = {
  null: () => null,
  undefined: () => undefined,
  'a number': () => 0,
  'a bigint': () => 1n,
  'a string': () => 'tools/call',
  'a symbol': () => Symbol('message'),
  'a function': () => () => {},
  'an empty object': () => ({}),
  'an object without a prototype': () => Object.assign(Object.create(null), call({ name: 'echo' })),
  'an empty batch': () => [],
  'a batch': () => [call({ name: 'echo' }, 'b1'), notify('notifications/initialized'), { jsonrpc, id: 9, result: {} }],
  'a batch in a batch': () => [[call({ name: 'echo' })]],
  'nothing but a version': () => ({ jsonrpc }),
};

/** Malformed requests and notifications. */
export const HOSTILE_REQUESTS: Readonly<Record<string, MakeMessage>> = {
  'a request with a null id': () => call({ name: 'echo' }, null),
  'a request with an object as id': () => call({ name: 'echo' }, { id: 1 }),
  'a request with NaN as id': () => call({ name: 'echo' }, Number.NaN),
  'a request with a fractional id': () => call({ name: 'echo' }, 1.5),
  'a request with an empty id': () => call({ name: 'echo' }, ''),
  'a request with an id of a prototype': () => call({ name: 'echo' }, '__proto__'),
  'a request with a megabyte as id': () => call({ name: 'echo' }, MEGABYTE),
  'a request with the id of one that is open': (id) => call({ name: 'echo' }, id),
  'a request with an unknown method': () => ({ jsonrpc, id: 'hostile', method: 'no/such/method' }),
  'a request with an empty method': () => ({ jsonrpc, id: 'hostile', method: '' }),
  'a request with a method of a prototype': () => ({ jsonrpc, id: 'hostile', method: '__proto__' }),
  'a request with a method of Object': () => ({ jsonrpc, id: 'hostile', method: 'hasOwnProperty' }),
  'a request with a number as method': () => ({ jsonrpc, id: 'hostile', method: 1 }),
  'a request with a megabyte as method': () => ({ jsonrpc, id: 'hostile', method: MEGABYTE }),
  'a request whose method is a notification': () => ({ jsonrpc, id: 'hostile', method: 'notifications/cancelled' }),
  'a request without params': () => ({ jsonrpc, id: 'hostile', method: 'tools/call' }),
  'a request with null as params': () => call(null),
  'a request with a string as params': () => call('echo'),
  'a request with an array as params': () => call([{ name: 'echo' }]),
  'a request with a cycle': () => call(cyclic({ name: 'echo', arguments: cyclic({}) })),
  'a request with a null _meta': () => call({ name: 'echo', _meta: null }),
  'a request with a string as _meta': () => call({ name: 'echo', _meta: 'meta' }),
  'a request with an array as _meta': () => call({ name: 'echo', _meta: [REMOTE] }),
  'a request with a cycle in _meta': () => call({ name: 'echo', _meta: cyclic({}) }),
  'a request with __proto__ in _meta': () =>
    call(JSON.parse(`{"name":"echo","_meta":{"__proto__":{"traceparent":"${REMOTE.traceparent}"}}}`)),
  'a request with a number as protocol version': () =>
    call({ name: 'echo', _meta: { 'io.modelcontextprotocol/protocolVersion': 1 } }),
  'a request with a megabyte as protocol version': () =>
    call({ name: 'echo', _meta: { 'io.modelcontextprotocol/protocolVersion': MEGABYTE } }),
  'a call without a name': () => call({}),
  'a call of a number': () => call({ name: 1 }),
  'a call of a tool that is missing': () => call({ name: 'missing' }),
  'a call of a prototype': () => call({ name: '__proto__' }),
  'a call of a megabyte': () => call({ name: MEGABYTE }),
  'a call with a megabyte of arguments': () => call({ name: 'echo', arguments: { value: MEGABYTE } }),
  'a call with a request state of an object': () => call({ name: 'echo', requestState: {} }),
  'a read of a megabyte': () => ({ jsonrpc, id: 'hostile', method: 'resources/read', params: { uri: MEGABYTE } }),
  'a read of an object': () => ({ jsonrpc, id: 'hostile', method: 'resources/read', params: { uri: {} } }),
  'a completion without a reference': () => ({ jsonrpc, id: 'hostile', method: 'completion/complete', params: {} }),
  'an unknown notification': () => notify('notifications/unknown'),
  'a notification of a megabyte': () => notify(MEGABYTE),
  'a notification whose method is a request': () => notify('tools/call', { name: 'echo' }),
  'a cancellation without params': () => notify('notifications/cancelled'),
  'a cancellation of null': () => notify('notifications/cancelled', { requestId: null }),
  'a cancellation of an object': () => notify('notifications/cancelled', { requestId: {} }),
  'a cancellation of an unknown id': () => notify('notifications/cancelled', { requestId: 'unknown' }),
  'a cancellation of a megabyte': () => notify('notifications/cancelled', { requestId: MEGABYTE }),
  'progress without a token': () => notify('notifications/progress', { progress: 1 }),
  'progress of an object': () => notify('notifications/progress', { progressToken: {}, progress: 1 }),
  'progress of an unknown token': () => notify('notifications/progress', { progressToken: 'unknown', progress: 1 }),
  'progress of words': (id) => notify('notifications/progress', { progressToken: id, progress: 'much' }),
  'a second notice of initialization': () => notify('notifications/initialized'),
  'an acknowledgement of nothing': () =>
    notify('notifications/subscriptions/acknowledged', { _meta: { 'io.modelcontextprotocol/subscriptionId': {} } }),
};

/** Malformed answers. */
export const HOSTILE_ANSWERS: Readonly<Record<string, MakeMessage>> = {
  'an answer to an unknown number': () => ({ jsonrpc, id: 4711, result: {} }),
  'an answer to an unknown string': () => ({ jsonrpc, id: 'unknown', result: {} }),
  'an answer to null': () => ({ jsonrpc, id: null, error: { code: -32700, message: 'parse error' } }),
  'an answer to a megabyte': () => ({ jsonrpc, id: MEGABYTE, result: {} }),
  'an answer to a prototype': () => ({ jsonrpc, id: '__proto__', result: {} }),
  'an answer with a null result': (id) => ({ jsonrpc, id, result: null }),
  'an answer with a string as result': (id) => ({ jsonrpc, id, result: 'done' }),
  'an answer with an array as result': (id) => ({ jsonrpc, id, result: [] }),
  'an answer with a cycle': (id) => ({ jsonrpc, id, result: cyclic({ content: [] }) }),
  'an answer with a result and an error': (id) => ({ jsonrpc, id, result: {}, error: { code: 1, message: 'both' } }),
  'an answer with a null error': (id) => ({ jsonrpc, id, error: null }),
  'an answer with a string as error': (id) => ({ jsonrpc, id, error: 'failed' }),
  'an answer with an error without a code': (id) => ({ jsonrpc, id, error: { message: 'failed' } }),
  'an answer with a string as code': (id) => ({ jsonrpc, id, error: { code: '-32603', message: 'failed' } }),
  'an answer with a huge code': (id) => ({ jsonrpc, id, error: { code: 1e300, message: 'failed' } }),
  'an answer with a megabyte of error': (id) => ({ jsonrpc, id, error: { code: 1, message: MEGABYTE } }),
  'an answer with an object as request state': (id) => ({
    jsonrpc,
    id,
    result: { resultType: 'input_required', requestState: {}, inputRequests: null },
  }),
  'an answer whose task is a number': (id) => ({ jsonrpc, id, result: { content: [], task: 1, resultType: 'task' } }),
  'an answer whose id is text': (id) => ({ jsonrpc, id: String(id), result: { content: [] } }),
  'an answer that is also a request': (id) => ({ jsonrpc, id, method: 'tools/call', result: {} }),
};

/** Objects that throw when they are read. They only arrive in memory, where nothing is copied. */
export const TRAPS: Readonly<Record<string, MakeMessage>> = {
  'a revoked proxy': revoked,
  'a proxy that refuses everything': hostileProxy,
  'an object whose method is a trap': () => trapped({ jsonrpc, id: 1 }, 'method'),
  'an object whose id is a trap': () => trapped({ jsonrpc, method: 'tools/list' }, 'id'),
  'an object whose version is a trap': () => trapped({ id: 1, method: 'tools/list' }, 'jsonrpc'),
  'a request whose params are a trap': () => trapped({ jsonrpc, id: 'hostile', method: 'tools/call' }, 'params'),
  'a request whose params are a revoked proxy': () => call(revoked()),
  'a request whose _meta is a trap': () => call(trapped({ name: 'echo' }, '_meta')),
  'a request whose traceparent is a trap': () => call({ name: 'echo', _meta: trapped({}, 'traceparent') }),
  'a request whose _meta is a proxy that refuses': () => call({ name: 'echo', _meta: hostileProxy() }),
  'a call whose name is a trap': () => call(trapped({}, 'name')),
  'a notification whose _meta is a trap': () => notify('notifications/progress', trapped({}, '_meta')),
  'a notification whose params are a trap': () => trapped(notify('notifications/message'), 'params'),
  'a cancellation whose id is a trap': () => notify('notifications/cancelled', trapped({}, 'requestId')),
  'an answer whose result is a trap': (id) => trapped({ jsonrpc, id }, 'result'),
  'an answer whose isError is a trap': (id) => ({ jsonrpc, id, result: trapped({ content: [] }, 'isError') }),
  'an answer whose error is a trap': (id) => ({ jsonrpc, id, error: trapped({ code: 1 }, 'message') }),
};
