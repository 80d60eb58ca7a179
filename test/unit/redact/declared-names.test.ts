import { describe, expect, test } from 'vitest';
import { declaredNames } from '../../../src/redact/argument-names.js';

const names = (schema: unknown) => {
  const found = declaredNames(schema);
  return found === undefined ? undefined : [...found].sort();
};
const evil = () => {
  throw new Error('no');
};
const revoked = Proxy.revocable({}, {});
revoked.revoke();
const text = { type: 'string' };
const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });

describe('nothing is known', () => {
  test.each<[string, unknown]>([
    ['without a schema', undefined],
    ['of null', null],
    ['of a boolean schema', true],
    ['of text', '{"type":"object"}'],
    ['of a list', [object({ a: text })]],
    ['of a revoked proxy', revoked.proxy],
    ['of a proxy that throws', new Proxy({}, { ownKeys: evil, getOwnPropertyDescriptor: evil })],
    ['of an object that is not a schema', { city: { parse: evil } }],
    ['of a schema that is elsewhere', { $ref: 'https://example.com/schema.json' }],
    ['of a reference into nothing', { $ref: '#/$defs/none', properties: { a: text } }],
    ['of a reference that is not text', { $ref: 1 }],
    ['of a reference that is badly encoded', { $ref: '#/%E0%A4%A' }],
    ['of a part that is elsewhere', { properties: { a: text }, allOf: [{ $ref: 'other.json' }] }],
    ['of a dynamic reference', { type: 'object', $dynamicRef: '#meta' }],
    ['of 100000 properties', object(Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`p${i}`, text])))],
    ['of a billion parts', { anyOf: new Array(1e9) }],
    ['of a million parts', { anyOf: Array.from({ length: 1_000_000 }, () => ({ properties: { a: text } })) }],
  ])('%s', (_, schema) => {
    expect(declaredNames(schema)).toBeUndefined();
  });
});

describe('no argument is declared', () => {
  test.each<[string, unknown]>([
    ['by the empty schema', {}],
    ['by an object without properties', { type: 'object' }],
    ['by an object of any properties', { type: 'object', additionalProperties: true }],
    ['by a schema of something else', { type: 'string' }],
    ['by malformed properties', { type: 'object', properties: 'x' }],
    ['by a getter, which is not called', Object.defineProperty({ type: 'object' }, 'properties', { get: evil })],
    ['by what is inherited', Object.assign(Object.create({ properties: { a: text } }), { type: 'object' })],
  ])('%s', (_, schema) => {
    expect(names(schema)).toEqual([]);
  });
});

describe('the properties are declared', () => {
  test.each<[string, unknown, string[]]>([
    ['of an object', object({ b: text, a: text }), ['a', 'b']],
    ['of one that allows others', object({ a: text }, { additionalProperties: text }), ['a']],
    ['with any names', object({ 'a.b': text, 'c\\': text, '': text }), ['', 'a\\.b', 'c\\\\']],
    [
      'named as prototypes are',
      object(JSON.parse('{"__proto__": {}, "constructor": {}}')),
      ['__proto__', 'constructor'],
    ],
    [
      'inside of others, three deep',
      object({ a: object({ b: object({ c: object({ d: text }) }) }) }),
      ['a', 'a.b', 'a.b.c'],
    ],
    ['of elements', object({ a: { type: 'array', items: object({ id: text }) } }), ['a', 'a.id']],
    ['of elements in places', object({ a: { prefixItems: [object({ x: text }), text] } }), ['a', 'a.x']],
    ['of elements in places, the old way', object({ a: { items: [object({ x: text })] } }), ['a', 'a.x']],
    [
      'of all, any and one of several schemas',
      { allOf: [object({ a: text })], anyOf: [object({ b: text })], oneOf: [object({ c: object({ d: text }) }), true] },
      ['a', 'b', 'c', 'c.d'],
    ],
    [
      'of conditions',
      Object.fromEntries([...'abc'].map((name, index) => [['if', 'then', 'else'][index], object({ [name]: text })])),
      ['a', 'b', 'c'],
    ],
    [
      'of definitions',
      { ...object({ at: { $ref: '#/$defs/a~1b%20c' } }), $defs: { 'a/b c': object({ lat: text }) } },
      ['at', 'at.lat'],
    ],
    ['of definitions, the old way', { $ref: '#/definitions/x', definitions: { x: object({ a: text }) } }, ['a']],
    [
      'of a schema that contains itself',
      object({ child: { $ref: '#' }, name: text }),
      [...['child', 'child.child', 'child.child.child', 'child.child.name'], ...['child.name', 'name']],
    ],
    ['beside a reference to itself', { properties: { a: text }, allOf: [{ $ref: '#' }] }, ['a']],
    ['of free-form maps not', object({ map: { type: 'object', additionalProperties: object({ x: text }) } }), ['map']],
    [
      'below a reference to elsewhere not',
      object({ a: { $ref: 'x.json', properties: { b: text } }, ab: text }),
      ['a', 'ab'],
    ],
    [
      'beside strange ones',
      object({ a: null, b: 1, c: 'x', d: [object({ e: text })], f: true }),
      ['a', 'b', 'c', 'd', 'f'],
    ],
  ])('%s', (_, schema, expected) => {
    expect(names(schema)).toEqual(expected);
  });

  test('if the ways to one part double at every step', () => {
    let part: object = object({ a: text });
    for (let level = 0; level < 100; level++) part = { anyOf: [part, part] };
    expect(names(part)).toEqual(['a']);
  });

  test('at the bottom of a thousand schemas', () => {
    let part: object = object({ a: text });
    for (let level = 0; level < 1000; level++) part = { allOf: [part] };
    expect(names(part)).toEqual(['a']);
  });

  test('of objects that contain themselves', () => {
    const schema = object({ a: text });
    Object.assign(schema, { anyOf: [schema], items: schema });
    Object.assign(schema.properties, { self: schema });
    expect(names(schema)).toContain('self.self.a');
  });
});
