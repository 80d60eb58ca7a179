/** Everything emitted is declared, with its type and place; everything declared is emitted, or marked as not emitted. */
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { DataPointType } from '@opentelemetry/sdk-metrics';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import { describe, expect, it } from 'vitest';
import { METHODS } from '../../src/protocol/methods.js';
import * as semconv from '../../src/semconv/index.js';
import {
  ACTIVE,
  type Attribute,
  BUCKETS,
  declaredAs,
  INSTRUMENTS,
  type Level,
  LOST,
  METHOD_NAMES,
  MODEL,
  modelOf,
  PLACES,
  type Place,
  SIZE_BUCKETS,
  SIZES,
} from './semconv-model.js';
import { ANSWERS, type Emitted, runEverything } from './semconv-scenarios.js';

/** Declared but never emitted. */
const MARKED: Readonly<Record<string, string>> = {
  'jsonrpc.protocol.version': 'only set if it is not 2.0, and MCP always uses 2.0',
};

/** Allowed in a place by the model, but never set there. */
const NEVER_THERE: readonly { readonly key: string; readonly places: readonly string[]; readonly why: string }[] = [
  { key: 'mcp.resource.uri', places: PLACES.filter((place) => place.includes('operation')), why: 'unbounded' },
  {
    key: 'network.protocol.version',
    places: PLACES.filter((place) => place.includes('client')),
    why: 'fetch does not expose its HTTP version',
  },
];

const run = await runEverything();

/** The package's constants with this prefix. */
function constants(prefix: string): unknown[] {
  return Object.entries(semconv).flatMap(([name, value]) => (name.startsWith(prefix) ? [value] : []));
}

const DECLARED_KEYS = constants('ATTR_').map((key) => (typeof key === 'function' ? key('<key>') : key)) as string[];

const CHECKS: Readonly<Record<Attribute['type'], (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string' && value !== '',
  int: (value) => Number.isSafeInteger(value),
  boolean: (value) => typeof value === 'boolean',
  // The 2.x line of the SDK, used by these tests, does not accept maps.
  any: (value) => typeof value === 'string' && typeof JSON.parse(value) === 'object',
};

/** All distinct problems of emitted items. */
function complaints(about: (emitted: Emitted) => string[]): string[] {
  return [...new Set(run.emitted.flatMap(about))].sort();
}

function keysAt(level: Level, place: string): string[] {
  return Object.keys(MODEL).filter((key) => MODEL[key]?.on[place as Emitted['place']] === level);
}

describe('the constants of mcp-trail/semconv', () => {
  it('are exactly the attributes of the model', () => {
    expect(DECLARED_KEYS.sort()).toEqual(Object.keys(MODEL).sort());
  });

  it('are exactly the metrics of the model', () => {
    expect(constants('METRIC_').sort()).toEqual(Object.keys(INSTRUMENTS).sort());
  });

  it('include every method name of the conventions', () => {
    expect(METHOD_NAMES).toHaveLength(25);
    expect(constants('MCP_METHOD_NAME_VALUE_')).toEqual(expect.arrayContaining(METHOD_NAMES));
  });

  it('have a name for every method of the table, and no other', () => {
    expect(constants('MCP_METHOD_NAME_VALUE_').sort()).toEqual([...METHODS.keys()].sort());
  });

  it('include the bucket boundaries of the conventions', () => {
    expect(semconv.MCP_DURATION_BUCKETS).toEqual(BUCKETS);
  });

  it('include the bucket boundaries of sizes', () => {
    expect(semconv.MCP_TRAIL_SIZE_BUCKETS).toEqual(SIZE_BUCKETS);
  });

  it('include the error codes that the receiver did not cause', () => {
    expect([...semconv.MCP_SERVER_NON_ERROR_CODES].sort()).toEqual([-32002, -32600, -32601, -32602, -32700]);
  });
});

describe('what is emitted', () => {
  it('covers everything that can have attributes', () => {
    expect([...new Set(run.emitted.map(({ place }) => place))].sort()).toEqual(
      [...PLACES, ...SIZES, ACTIVE, LOST, 'mcp_trail.operations.evicted'].sort(),
    );
  });

  it('has no undeclared key', () => {
    const undeclared = ({ attributes }: Emitted) => Object.keys(attributes).filter((key) => modelOf(key) === undefined);
    expect(complaints(undeclared)).toEqual([]);
  });

  it('has no key in a place that the model does not allow', () => {
    const misplaced = ({ place, attributes }: Emitted) =>
      Object.keys(attributes)
        .filter((key) => modelOf(key)?.on[place] === undefined)
        .map((key) => `${key} on ${place}`);
    expect(complaints(misplaced)).toEqual([]);
  });

  it('has no value of an undeclared type', () => {
    const mistyped = ({ place, attributes }: Emitted) =>
      Object.entries(attributes)
        .filter(([key, value]) => !CHECKS[(modelOf(key) as Attribute).type](value))
        .map(([key, value]) => `${key} on ${place} is ${typeof value} ${String(value)}`);
    expect(complaints(mistyped)).toEqual([]);
  });

  it('has every required key', () => {
    const missing = ({ place, attributes }: Emitted) =>
      keysAt('required', place)
        .filter((key) => !(key in attributes))
        .map((key) => `no ${key} on a ${place}`);
    expect(complaints(missing)).toEqual([]);
  });

  it('has every declared key, except the marked ones', () => {
    const emitted = new Set(run.emitted.flatMap(({ attributes }) => Object.keys(attributes)).map(declaredAs));
    expect(DECLARED_KEYS.filter((key) => !emitted.has(key))).toEqual(Object.keys(MARKED));
  });

  it.each<Place>([...PLACES, ...SIZES, ACTIVE])(
    'has on a %s every key of the model, except the marked ones',
    (place) => {
      const emitted = new Set(
        run.emitted
          .filter((each) => each.place === place)
          .flatMap(({ attributes }) => Object.keys(attributes))
          .map(declaredAs),
      );
      const due = Object.keys(MODEL).filter((key) => MODEL[key]?.on[place] !== undefined && !(key in MARKED));
      const absent = due.filter((key) => !emitted.has(key));
      const excused = NEVER_THERE.filter(({ places }) => places.includes(place)).map(({ key }) => key);
      expect(absent).toEqual(excused);
    },
  );

  it.each([
    ['mcp.method.name', 'MCP_METHOD_NAME_VALUE_'],
    ['gen_ai.operation.name', 'GEN_AI_OPERATION_NAME_VALUE_'],
    ['network.transport', 'NETWORK_TRANSPORT_VALUE_'],
    ['mcp_trail.result.type', 'MCP_TRAIL_RESULT_TYPE_VALUE_'],
    ['mcp_trail.side', 'MCP_TRAIL_SIDE_VALUE_'],
  ])('has only declared values for %s', (key, prefix) => {
    const values = new Set(run.emitted.map(({ attributes }) => attributes[key]).filter((value) => value !== undefined));
    expect(values.size).toBeGreaterThan(0);
    expect([...values].filter((value) => !constants(prefix).includes(value))).toEqual([]);
  });

  it('has a declared word or a code of the peer as error.type', () => {
    const words = constants('ERROR_TYPE_VALUE_');
    const strange = run.emitted
      // The operating system determines why a record is lost.
      .filter(({ place }) => place !== LOST)
      .filter(({ attributes }) => attributes['error.type'] !== attributes['rpc.response.status_code'])
      .map(({ attributes }) => attributes['error.type'])
      .filter((value) => value !== undefined && !words.includes(value));
    expect(strange).toEqual([]);
  });

  it('has an error.type exactly if the status is ERROR, and never the status OK', () => {
    for (const { attributes, status, name } of run.spans) {
      const expected = attributes['error.type'] === undefined ? SpanStatusCode.UNSET : SpanStatusCode.ERROR;
      expect(status.code, name).toBe(expected);
    }
  });
});

/** A hand-written message, as described by its span. */
function fate({ attributes, kind, name }: ReadableSpan) {
  const method = attributes['mcp.method.name'] as string;
  const row = METHODS.get(method);
  const id = attributes['jsonrpc.request.id'] as string | undefined;
  return {
    attributes,
    name,
    method,
    row,
    id,
    answer: id?.split(' ', 1)[0],
    side: kind === SpanKind.CLIENT ? 'client' : 'server',
  };
}

describe('the span of each method, as sender and as receiver', () => {
  const spans = run.byHand.map(fate);

  it('is there', () => {
    for (const side of ['client', 'server']) {
      const seen = new Set(spans.filter((span) => span.side === side).map(({ method }) => method));
      expect([...seen].sort()).toEqual([...METHODS.keys()].sort());
    }
  });

  const CONDITIONS: readonly (readonly [
    key: string,
    when: string,
    holds: (span: ReturnType<typeof fate>) => boolean,
  ])[] = [
    ['jsonrpc.request.id', 'the message is a request', ({ row }) => row?.kind === 'request'],
    ['gen_ai.tool.name', 'it is about a tool', ({ method }) => method === 'tools/call'],
    ['gen_ai.operation.name', 'it calls a tool', ({ method }) => method === 'tools/call'],
    [
      'gen_ai.prompt.name',
      'it is about a prompt',
      ({ method }) => ['prompts/get', 'completion/complete'].includes(method),
    ],
    [
      'mcp.resource.uri',
      'it has a resource URI',
      ({ method }) =>
        /^(resources\/(read|subscribe|unsubscribe|directory\/read)|notifications\/resources\/updated)$/.test(method),
    ],
    ['rpc.response.status_code', 'the answer is an error', ({ answer }) => answer === 'failed' || answer === 'refused'],
    ['rpc.status_code', 'the answer is an error', ({ answer }) => answer === 'failed' || answer === 'refused'],
    [
      'error.type',
      'it failed, unless the receiver refused it',
      ({ answer, side }) => answer === 'failed' || (answer === 'refused' && side === 'client'),
    ],
  ];

  it.each(CONDITIONS)('has %s exactly when %s', (key, _when, holds) => {
    const wrong = spans
      .filter((span) => holds(span) !== key in span.attributes)
      .map(({ side, name, answer }) => `${side} ${name} ${answer ?? ''}`);
    expect(wrong).toEqual([]);
    expect(spans.some(holds)).toBe(true);
  });

  it('has the response code as a string, under both names', () => {
    for (const { attributes, answer } of spans.filter(({ answer }) => answer !== undefined && answer !== 'answered')) {
      const code = String(ANSWERS[answer as keyof typeof ANSWERS]);
      expect(attributes).toMatchObject({ 'rpc.response.status_code': code, 'rpc.status_code': code });
    }
  });

  it('is named after its method and target', () => {
    for (const { name, method, attributes } of spans) {
      const target =
        attributes['gen_ai.tool.name'] ?? attributes['gen_ai.prompt.name'] ?? attributes['mcp.resource.uri'];
      expect(name).toBe(target === undefined ? method : `${method} ${target}`);
    }
  });
});

describe('the instruments', () => {
  it('are those of the model, with the same types and units', () => {
    const made = Object.fromEntries(
      run.instruments.map(({ descriptor: { name, unit }, dataPointType }) => [
        name,
        { type: DataPointType[dataPointType], unit },
      ]),
    );
    expect(made).toEqual(INSTRUMENTS);
  });

  const histograms = run.instruments.filter(({ dataPointType }) => dataPointType === DataPointType.HISTOGRAM);
  it.each(histograms.map((each) => [each.descriptor.name, each] as const))(
    '%s has the bucket boundaries of its unit',
    (_name, { descriptor, dataPoints }) => {
      expect(dataPoints.length).toBeGreaterThan(0);
      const boundaries = descriptor.unit === 's' ? BUCKETS : SIZE_BUCKETS;
      for (const { value } of dataPoints) expect((value as any).buckets.boundaries).toEqual(boundaries);
    },
  );

  it.each(['mcp.session.id', 'jsonrpc.request.id', 'client.address', 'client.port', 'mcp.resource.uri'])(
    'never carry %s',
    (key) => {
      const metrics = run.emitted.filter(({ place }) => !place.endsWith(' span'));
      expect(metrics.filter(({ attributes }) => key in attributes)).toEqual([]);
    },
  );

  it('never have content, and of our own keys only peer names and the side', () => {
    const metrics = run.emitted.filter(({ place }) => !place.endsWith(' span') && place !== LOST);
    const keys = [...new Set(metrics.flatMap(({ attributes }) => Object.keys(attributes)))];
    expect(keys.filter((key) => /^(gen_ai\.tool\.call|gen_ai\.prompt\.variable)\./.test(key))).toEqual([]);
    const own = keys.filter((key) => key.startsWith('mcp_trail.'));
    expect(own.sort()).toEqual(['mcp_trail.client.name', 'mcp_trail.server.name', 'mcp_trail.side']);
  });
});
