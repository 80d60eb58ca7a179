import { describe, expect, it } from 'vitest';
import { isOneLine, MAX_CHARS, MAX_MEMBERS, MAX_STRING_CHARS, recordLine } from '../../../src/export/line.js';
import type { LogRecordLike } from '../../../src/export/types.js';
import { MAX_DEPTH } from '../../../src/lib/json-reader.js';

const parsed = (record: LogRecordLike) => JSON.parse(recordLine(record));
const bodyOf = (body: unknown) => parsed({ body }).body;

/** The line of any record is one line of JSON. */
function expectOneLine(line: string) {
  expect(line).not.toMatch(/[\n\r\u2028\u2029]/);
  expect(() => JSON.parse(line)).not.toThrow();
}

describe('an unreadable record', () => {
  const throwing = () => {
    throw new Error('not yours');
  };
  const hostile = new Proxy({}, { get: throwing, ownKeys: throwing, getOwnPropertyDescriptor: throwing });
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  revoke();

  it.each([
    ['a proxy whose traps throw', hostile],
    ['a revoked proxy', revoked],
    ['null', null],
    ['a number', 7],
    ['undefined', undefined],
  ])('is an empty object: %s', (_what, record) => {
    expect(recordLine(record as LogRecordLike)).toBe('{}');
  });

  it.each([
    [
      'a getter, which is not called',
      Object.defineProperty({}, 'a', { get: throwing, enumerable: true }),
      { a: '[GETTER]' },
    ],
    ['a proxy whose traps throw', hostile, '[UNREADABLE]'],
    ['a revoked proxy', revoked, '[UNREADABLE]'],
    ['an invalid date', new Date(Number.NaN), '[UNREADABLE]'],
  ])('loses that value alone: %s', (_what, body, expected) => {
    expect(parsed({ eventName: 'e', body })).toEqual({ event_name: 'e', body: expected });
  });

  it('does not have its toJSON called', () => {
    expect(bodyOf({ toJSON: throwing, a: 1 })).toEqual({ a: 1 });
  });
});

describe('a value without JSON', () => {
  it.each([
    ['a bigint', 123456789012345678901234567890n, '123456789012345678901234567890'],
    ['a huge bigint', 2n ** 100_000n, '[BIGINT]'],
    ['binary data', new Uint8Array([1, 2, 255]), 'AQL/'],
    ['a part of a buffer', new Uint8Array([0, 1, 2, 255]).subarray(1), 'AQL/'],
    ['an array buffer', new Uint8Array([1, 2, 255]).buffer, 'AQL/'],
  ])('becomes a string, or is left out: %s', (_what, value, expected) => {
    expect(bodyOf(value)).toEqual(expected);
  });

  it('becomes a mark if it contains itself', () => {
    const body: Record<string, unknown> = { a: 1 };
    body['self'] = [body];
    expect(bodyOf(body)).toEqual({ a: 1, self: ['[CYCLE]'] });
  });

  it('may occur twice in a record without being a cycle', () => {
    const twin = { a: 1 };
    expect(bodyOf([twin, twin])).toEqual([twin, twin]);
  });

  it('can be a member called __proto__, and changes no prototype', () => {
    const line = recordLine({ body: JSON.parse('{"__proto__":{"polluted":true}}') });
    expect(line).toBe('{"body":{"__proto__":{"polluted":true}}}');
    expect(({} as { polluted?: true }).polluted).toBeUndefined();
  });
});

describe('an oversized record', () => {
  const deep = (depth: number): unknown => (depth === 0 ? 'bottom' : { in: deep(depth - 1) });
  const paths = (depth: number): unknown => (depth === 0 ? [] : new Array(1_000).fill(paths(depth - 1)));
  const growing = (): object =>
    new Proxy(
      {},
      {
        ownKeys: () => ['a', 'b'],
        getOwnPropertyDescriptor: () => ({ value: growing(), enumerable: true, configurable: true }),
      },
    );
  const MANY = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, 'v']));

  it.each([
    ['a megabyte of text', 'x'.repeat(1_000_000)],
    ['a megabyte of line feeds', '\n'.repeat(1_000_000)],
    ['a megabyte of bytes', new Uint8Array(1_000_000)],
    ['a hundred thousand keys', MANY],
    ['a name of a megabyte', { ['x'.repeat(1_000_000)]: 1 }],
    ['an array without end', new Array(2 ** 32 - 1)],
    ['a deep structure', deep(10_000)],
    ['empty arrays on more paths than there is time', paths(12)],
    ['many long texts', Array.from({ length: 1_000 }, () => '\u0000'.repeat(60_000))],
    ['a structure that grows as it is read', growing()],
  ])('is cut, and says so: %s', (_what, body) => {
    const line = recordLine({ eventName: 'e', body });
    expectOneLine(line);
    expect(line.length).toBeLessThan(MAX_CHARS + 6 * MAX_STRING_CHARS + 1_000);
    expect(JSON.parse(line)).toMatchObject({ event_name: 'e', truncated: true });
  });

  it('keeps everything within the bounds', () => {
    expect(bodyOf(MANY)).toEqual(Object.fromEntries(Object.entries(MANY).slice(0, MAX_MEMBERS)));
    expect(bodyOf('x'.repeat(MAX_STRING_CHARS))).toHaveLength(MAX_STRING_CHARS);
    expect(parsed({ body: deep(MAX_DEPTH - 1) })).toEqual({ body: deep(MAX_DEPTH - 1) });
  });

  it('is not cut within a character', () => {
    expect(bodyOf(`${'x'.repeat(MAX_STRING_CHARS - 1)}😀`)).toBe('x'.repeat(MAX_STRING_CHARS - 1));
  });

  it('loses its resource before its body, and its body before its name', () => {
    const big = Array.from({ length: 10 }, () => 'x'.repeat(60_000));
    const line = parsed({ body: big, eventName: 'e', resource: { attributes: { 'service.name': 's' } } });
    expect(Object.keys(line)).toEqual(['event_name', 'body', 'truncated']);
  });
});

describe('a line', () => {
  it('never contains a line break', () => {
    const breaks = 'a\nb\rc\u2028d\u2029e';
    const line = recordLine({
      eventName: breaks,
      severityText: breaks,
      body: breaks,
      attributes: { [breaks]: breaks },
    });
    expectOneLine(line);
    expect(JSON.parse(line)).toEqual({
      event_name: breaks,
      severity_text: breaks,
      body: breaks,
      attributes: { [breaks]: breaks },
    });
  });

  it('keeps half of a surrogate pair as an escape', () => {
    expect(recordLine({ body: '\ud800' })).toBe('{"body":"\\ud800"}');
  });

  it('contains neither a line feed nor a carriage return', () => {
    expect(['{}', '{"a":"\u2028"}', '', 'a\nb', 'a\r'].map(isOneLine)).toEqual([true, true, true, false, false]);
  });
});

describe('the line of an ordinary record', () => {
  it('is one flat object with everything in the record', () => {
    const line = recordLine({
      hrTime: [1_795_253_400, 7],
      hrTimeObserved: [1_795_253_400, 123_456_789],
      severityNumber: 9,
      severityText: 'INFO',
      eventName: 'session.start',
      body: { user: ['a', 1, true, null] },
      attributes: { k: 'v' },
      droppedAttributesCount: 2,
      spanContext: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 },
      resource: { attributes: { 'service.name': 'weather' } },
      instrumentationScope: { name: 'lib', version: '1.0.0' },
    });
    expect(line).toBe(
      '{"time":"2026-11-21T09:30:00.000000007Z","observed_time":"2026-11-21T09:30:00.123456789Z",' +
        '"event_name":"session.start","severity_number":9,"severity_text":"INFO",' +
        `"trace_id":"${'a'.repeat(32)}","span_id":"${'b'.repeat(16)}","trace_flags":1,` +
        '"body":{"user":["a",1,true,null]},"attributes":{"k":"v"},"dropped_attributes_count":2,' +
        '"scope":{"name":"lib","version":"1.0.0"},"resource":{"service.name":"weather"}}',
    );
  });

  it('omits what is absent, empty or of the wrong type', () => {
    const record = {
      hrTime: [0, 0],
      hrTimeObserved: [Number.NaN, -1],
      attributes: {},
      droppedAttributesCount: 0,
      spanContext: { traceId: '0'.repeat(32), spanId: '0'.repeat(16) },
      resource: { attributes: {} },
      body: 'hello',
    } as unknown as LogRecordLike;
    expect(parsed(record)).toEqual({ body: 'hello' });
  });

  it.each([[[2 ** 53, 0]], [[1, 1e9]], [[-1, 0]], [['1', '2']], [null], ['12'], [[253_402_300_800, 0]]])(
    'has no time where the record says %j',
    (hrTime) => {
      expect(recordLine({ hrTime } as unknown as LogRecordLike)).toBe('{}');
    },
  );

  it('allows times up to the year 9999', () => {
    expect(parsed({ hrTime: [253_402_300_799, 999_999_999] }).time).toBe('9999-12-31T23:59:59.999999999Z');
  });
});

describe('the line of an audit record', () => {
  const eventName = 'mcp_audit.request';

  it('is its body, byte for byte', () => {
    // No JSON writer would produce this.
    const body = '{"b":1.50,"a":"\\u0041\u2028é","event_name":"mcp_audit.request"}';
    expect(recordLine({ eventName, body, attributes: { more: true } })).toBe(body);
  });

  it.each([
    ['is not JSON', '{"a":1'],
    ['has something behind it', '{"a":1} {"b":2}'],
    ['is an array', '[1]'],
    ['is a string', '"{}"'],
    ['is laid out over lines', '{\n"a":1}'],
    ['is laid out with carriage returns', '{\r"a":1}'],
    ['stands in blanks', ' {"a":1}'],
    ['is larger than any record', `{"a":"${'x'.repeat(1_048_576)}"}`],
    ['is not text', { a: 1 }],
    ['is empty', ''],
  ])('is that of an ordinary record when its body %s', (_what, body) => {
    const line = recordLine({ eventName, body });
    expectOneLine(line);
    expect(JSON.parse(line)).toMatchObject({ event_name: eventName, body: expect.anything() });
  });

  it('is not used for the bodies of other events', () => {
    expect(parsed({ eventName: 'audit', body: '{"a":1}' })).toEqual({ event_name: 'audit', body: '{"a":1}' });
    expect(parsed({ body: '{"a":1}' })).toEqual({ body: '{"a":1}' });
  });
});
