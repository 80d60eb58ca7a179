/** Bytes of messages, with trace context spliced in: equal to the application's but for the context. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withEntries } from '../../src/wrap/splice.js';

const ENTRIES = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'a=1' };

const spliced = (text: string, entries: Record<string, string> = ENTRIES): string | undefined => {
  const parts = withEntries(Buffer.from(text), entries);
  return parts && Buffer.concat(parts).toString();
};

/** JSON as no serialiser would write it: white space, repeated keys, escapes, big numbers. */
const space = fc.stringMatching(/^[ \t\r]{0,2}$/);
const key = fc.oneof(
  fc.constantFrom('params', '_meta', 'traceparent', 'tracestate', 'id', '__proto__', ''),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
);
const quoted = (text: string, escapes: boolean): string =>
  escapes ? `"${[...text].map((each) => [...each].map(unicodeEscape).join('')).join('')}"` : JSON.stringify(text);
const unicodeEscape = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('');
const jsonString = fc
  .tuple(fc.string({ unit: 'binary', maxLength: 8 }), fc.boolean())
  .map(([text, escapes]) => quoted(text.replace(/\p{Surrogate}/gu, ''), escapes));
const jsonKey = fc.tuple(key, fc.boolean()).map(([text, escapes]) => quoted(text, escapes));
const scalar = fc.oneof(
  jsonString,
  fc.constantFrom(
    'null',
    'true',
    'false',
    '0',
    '-1.5e+300',
    '123456789012345678901234567890',
    '"\\\\"',
    '"\\\\\\""',
    '"{[,"',
  ),
);
const { value: jsonValue, object: jsonObject } = fc.letrec<{ value: string; object: string; array: string }>((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, scalar, tie('object'), tie('array')),
  object: fc
    .tuple(space, fc.array(fc.tuple(space, jsonKey, space, space, tie('value'), space), { maxLength: 5 }))
    .map(
      ([inner, members]) =>
        `{${inner}${members.map(([a, name, b, c, value, d]) => `${a}${name}${b}:${c}${value}${d}`).join(',')}}`,
    ),
  array: fc
    .tuple(space, fc.array(fc.tuple(space, tie('value'), space), { maxLength: 4 }))
    .map(([inner, items]) => `[${inner}${items.map((item) => item.join('')).join(',')}]`),
}));
/** Messages whose params and metadata are objects more often than chance would have it. */
const message = fc.oneof(
  jsonObject,
  fc
    .tuple(jsonObject, jsonObject, fc.oneof(jsonObject, jsonValue))
    .map(([before, , meta]) =>
      before.replace(
        /\}$/,
        `${/^\{\s*\}$/.test(before) ? '' : ','}"params" : {"_meta":1, "_meta" :${meta} , "z":[{"_meta":{}}]} }`,
      ),
    ),
);

describe('splicing trace context into the bytes of a message', () => {
  it('gives what JSON.parse would have been given by a copy with the context, and changes no other byte', () => {
    fc.assert(
      fc.property(space, message, fc.constantFrom('', '\n', '\r\n', ' '), (before, text, after) => {
        const line = `${before}${text}${after}`;
        const found = spliced(line);
        const expected = JSON.parse(line);
        const { params = {} } = expected;
        const hasParams = Object.hasOwn(expected, 'params');
        const meta = isObject(params) && Object.hasOwn(params, '_meta') ? params['_meta'] : {};
        if (!isObject(params) || !isObject(meta)) {
          expect(found).toBeUndefined();
          return;
        }
        const copy = { ...expected, params: { ...params, _meta: { ...meta, ...ENTRIES } } };
        expect(JSON.stringify(sorted(JSON.parse(found as string)))).toBe(JSON.stringify(sorted(copy)));
        expect(hasParams || (found as string).includes('"params":{"_meta":{')).toBe(true);
        const bytes = Buffer.from(line);
        expectSpliced(bytes, withEntries(bytes, ENTRIES) ?? []);
      }),
      { numRuns: 10_000 },
    );
  });

  it('keeps big integers, repeated keys, order and unknown members', () => {
    const line = '{"id":12345678901234567890,"x":1,"x":2,"method":"m","params":{"b":1.0,"a":[1, 2]}, "z":null }\n';
    expect(spliced(line, { traceparent: 't' })).toBe(
      '{"id":12345678901234567890,"x":1,"x":2,"method":"m","params":{"b":1.0,"a":[1, 2],"_meta":{"traceparent":"t"}}, "z":null }\n',
    );
  });

  it('replaces the context that a message has, in the last of several', () => {
    expect(
      spliced('{"params":{"_meta":{"traceparent":"a","k":1,"trace\\u0070arent" : "b"}}}', { traceparent: 't' }),
    ).toBe('{"params":{"_meta":{"traceparent":"a","k":1,"trace\\u0070arent" : "t"}}}');
  });

  it.each([
    ['{"method":"m"}', '{"method":"m","params":{"_meta":{"traceparent":"t"}}}'],
    ['{"method":"m" ,"params":{ } }', '{"method":"m" ,"params":{"_meta":{"traceparent":"t"} } }'],
    ['{"params":{"_meta":{}}}', '{"params":{"_meta":{"traceparent":"t"}}}'],
    [
      '{"params":1,"params":{"_meta":null,"_meta":{"a":"}"}}}',
      '{"params":1,"params":{"_meta":null,"_meta":{"a":"}","traceparent":"t"}}}',
    ],
  ])('adds to %s', (line, expected) => {
    expect(spliced(line, { traceparent: 't' })).toBe(expected);
  });

  it.each(['{"params":[1]}', '{"params":null}', '{"params":{"_meta":[]}}', '{"params":{"_meta":{}},"params":"x"}'])(
    'leaves %s alone',
    (line) => {
      expect(spliced(line)).toBeUndefined();
    },
  );

  it('reads a message of a million levels, and one of a million escaped quotes', () => {
    const deep = `{"a":${'['.repeat(1e6)}${']'.repeat(1e6)},"params":{}}`;
    expect(spliced(deep, { k: 'v' })).toBe(deep.replace('"params":{}', '"params":{"_meta":{"k":"v"}}'));
    const quotes = `{"a":"${'\\"'.repeat(1e6)}","params":{}}`;
    expect(spliced(quotes, { k: 'v' })).toBe(quotes.replace('"params":{}', '"params":{"_meta":{"k":"v"}}'));
  });
});

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Objects with their keys in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, each]) => [name, sorted(each)]);
}

/** The parts are the line but for what was put in: between them, only values are left out, whole. */
function expectSpliced(line: Buffer, parts: readonly Buffer[]): void {
  let at = 0;
  for (const kept of parts.filter((_, index) => index % 2 === 0)) {
    const from = kept.length === 0 ? at : kept.byteOffset - line.byteOffset;
    expect(kept.buffer).toBe(line.buffer);
    if (from !== at) JSON.parse(line.toString('utf8', at, from));
    at = from + kept.length;
  }
  expect(at).toBe(line.length);
}
