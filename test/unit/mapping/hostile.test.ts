/** Records are made by this package, but read back from files and networks too: nothing in them may break a mapping. */
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { toDatadog, toEcs, toLokryn, toOcsf } from '../../../src/mapping/index.js';
import { METHODS as MEANINGS } from '../../../src/mapping/meaning.js';
import { METHODS } from '../../../src/protocol/methods.js';
import type { AuditRecord } from '../../../src/semconv/audit-record.js';
import { wrongInOcsf } from './check.js';
import { BARE, FULL, SAMPLES } from './samples.js';

const MAPPINGS = { toOcsf, toEcs, toDatadog, toLokryn };
const record = (value: unknown): AuditRecord => value as AuditRecord;

const throwing = new Proxy(
  {},
  {
    ownKeys() {
      throw new Error('no keys');
    },
  },
);

const hostile: Record<string, unknown> = {
  'is nothing': undefined,
  'is null': null,
  'is a text': 'record',
  'is empty': {},
  'throws when its keys are read': throwing,
  'throws when a field is read': {
    ...FULL,
    get 'mcp.method.name'(): string {
      throw new Error('no');
    },
  },
  'has values of other types': Object.fromEntries(
    Object.entries(FULL).map(([key, value]) => [key, typeof value === 'string' ? 7 : `${value}`]),
  ),
  'has lists of anything': Object.fromEntries(Object.keys(FULL).map((key) => [key, [1, null, {}]])),
  'has an object that holds itself': (() => {
    const self: Record<string, unknown> = { ...BARE };
    self['user.roles'] = self;
    self['mcp.method.name'] = [self];
    return self;
  })(),
  'has numbers that JSON has not': { ...FULL, severity_number: Number.NaN, 'mcp_audit.duration_ms': Infinity },
  'has keys that objects inherit': JSON.parse(
    `{"__proto__":"polluted","constructor":"x","toString":"y","":"z","a.__proto__.b":"w","event_name":"__proto__",
      "mcp.method.name":"constructor","audit.action":"toString","audit.outcome":"valueOf"}`,
  ),
  'has a list without an end': {
    ...FULL,
    'user.roles': Object.assign(['a'], {
      *[Symbol.iterator]() {
        for (;;) yield 'a';
      },
    }),
  },
  'has very many fields': { ...BARE, ...Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, 'v'])) },
  'has a very long value': { ...FULL, 'audit.actor.id': 'x'.repeat(4_000_000) },
  'has control characters and half pairs': { ...FULL, 'audit.actor.id': '\u0000\u001b[31m\ud800', 'url.path': '\n' },
};

describe.each(Object.entries(MAPPINGS))('%s', (_, map) => {
  it.each(Object.entries(hostile))('makes data that JSON keeps of a record that %s', (_, value) => {
    const mapped = map(record(value));
    expect(Object.getPrototypeOf(mapped)).toBe(Object.prototype);
    expect(JSON.parse(JSON.stringify(mapped))).toEqual(mapped);
    expect({}).not.toHaveProperty('polluted');
  });

  it('gives equal and separate results for the same record', () => {
    // Thousands of comparisons: those of `expect` take a hundred times as long.
    const wrong: string[] = [];
    const same = (what: string, one: unknown, other: unknown) => isDeepStrictEqual(one, other) || wrong.push(what);
    for (const { name, record } of SAMPLES.slice(0, 200)) {
      const before = structuredClone(record);
      const [one, other] = [map(record), map(record)];
      same(`${name}: the second time`, other, one);
      same(`${name}: as text`, JSON.stringify(other), JSON.stringify(one));
      empty(one);
      same(`${name}: the record`, record, before);
      same(`${name}: the result that was not emptied`, map(record), other);
    }
    expect(wrong.slice(0, 20)).toEqual([]);
  });

  it('accepts frozen records', () => {
    expect(() => map(Object.freeze({ ...FULL }))).not.toThrow();
  });

  it('has no member without a value', () => {
    const withOne = SAMPLES.filter(({ record }) => {
      const mapped = map(record);
      return !isDeepStrictEqual(JSON.parse(JSON.stringify(mapped)), mapped);
    });
    expect(withOne.slice(0, 20).map(({ name }) => name)).toEqual([]);
  });
});

it('the OCSF event of a hostile record is valid', () => {
  for (const [name, value] of Object.entries(hostile)) {
    expect(wrongInOcsf(toOcsf(record(value))), name).toEqual([]);
  }
});

it('keeps fields that a newer version may have written', () => {
  const newer = record({ ...BARE, 'audit.later.number': 4711, 'audit.later.hash': '9f2c' });
  expect(toOcsf(newer)).toMatchObject({ unmapped: { 'audit.later.number': 4711, 'audit.later.hash': '9f2c' } });
  expect(toEcs(newer)).toMatchObject({ labels: { audit_later_number: '4711', audit_later_hash: '9f2c' } });
  expect(toDatadog(newer)).toMatchObject({ 'audit.later.number': 4711 });
});

it('every request of the protocol has its own meaning', () => {
  const requests = [...METHODS].filter(([, row]) => row.kind === 'request').map(([method]) => method);
  expect(Object.keys(MEANINGS).sort()).toEqual(requests.sort());
});

function empty(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, below] of Object.entries(value)) {
    empty(below);
    delete (value as Record<string, unknown>)[key];
  }
}
