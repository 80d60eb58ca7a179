import { type Context, propagation, ROOT_CONTEXT, type TextMapPropagator, trace } from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { extract, inject, isKeepable, traceContextOf } from '../../../src/emit/propagation.js';
import { spanContext } from '../build.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE_ID}-${SPAN_ID}-01`;
const MEGABYTE = 'a'.repeat(1024 * 1024);

function use(propagator: TextMapPropagator): void {
  propagation.disable();
  propagation.setGlobalPropagator(propagator);
}

beforeEach(() =>
  use(new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] })),
);
afterEach(() => propagation.disable());

const active = (number = 1): Context => trace.setSpanContext(ROOT_CONTEXT, spanContext(number));

describe('extracting', () => {
  it.each<[string, unknown]>([
    ['a number', 7],
    ['null', null],
    ['an object', { toString: () => TRACEPARENT }],
    ['an array', [TRACEPARENT]],
    ['an empty string', ''],
    ['another text', 'hello'],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN_ID}-01`],
    ['a span id of zeros', `00-${TRACE_ID}-${'0'.repeat(16)}-01`],
    ['the version ff', `ff-${TRACE_ID}-${SPAN_ID}-01`],
    ['a trace id that is too short', `00-${TRACE_ID.slice(1)}-${SPAN_ID}-01`],
    ['no flags', `00-${TRACE_ID}-${SPAN_ID}`],
    ['upper case', TRACEPARENT.toUpperCase()],
    ['a megabyte', MEGABYTE],
    ['a megabyte behind a good beginning', TRACEPARENT + MEGABYTE],
  ])('finds no context in a traceparent that is %s', (_name, traceparent) => {
    const found = extract(active(), { traceparent });
    expect(trace.getSpanContext(found)).toEqual(spanContext(1));
  });

  it.each<[string, object]>([
    ['nothing', {}],
    [
      'throwing getters',
      Object.defineProperty({}, 'traceparent', {
        enumerable: true,
        get: () => {
          throw new Error('secret');
        },
      }),
    ],
    ['an array', [TRACEPARENT]],
    ['null for a prototype', Object.create(null)],
  ])('finds no context in %s', (_name, carrier) => {
    expect(trace.getSpanContext(extract(ROOT_CONTEXT, carrier as Record<string, unknown>))).toBeUndefined();
  });

  it.each([7, null, {}, ['a=b'], MEGABYTE, '=,=;=', '\u0000'])(
    'accepts a valid traceparent with tracestate and baggage %o',
    (bad) => {
      const found = extract(ROOT_CONTEXT, { traceparent: TRACEPARENT, tracestate: bad, baggage: bad });
      expect(trace.getSpanContext(found)).toMatchObject({ traceId: TRACE_ID, spanId: SPAN_ID, isRemote: true });
      expect(propagation.getBaggage(found)?.getAllEntries() ?? []).toEqual([]);
    },
  );

  it('returns the given context when the propagator throws', () => {
    const broken = () => {
      throw new Error('broken');
    };
    use({ extract: broken, inject: broken, fields: () => [] });
    const base = active();
    expect(extract(base, { traceparent: TRACEPARENT })).toBe(base);
  });

  it('finds trace context, its state and baggage', () => {
    const found = extract(ROOT_CONTEXT, { traceparent: TRACEPARENT, tracestate: 'a=b', baggage: 'user=7' });
    expect(trace.getSpanContext(found)).toMatchObject({
      traceId: TRACE_ID,
      spanId: SPAN_ID,
      traceFlags: 1,
      isRemote: true,
    });
    expect(trace.getSpanContext(found)?.traceState?.serialize()).toBe('a=b');
    expect(propagation.getBaggage(found)?.getEntry('user')?.value).toBe('7');
  });

  it('drops a tracestate with a secret, which every exporter would send', () => {
    const secret = ['gh', 'p_', 'a1B2'.repeat(9)].join('');
    const found = extract(ROOT_CONTEXT, { traceparent: TRACEPARENT, tracestate: `vendor=${secret}` });
    expect(trace.getSpanContext(found)).toMatchObject({ traceId: TRACE_ID, spanId: SPAN_ID });
    expect(trace.getSpanContext(found)?.traceState).toBeUndefined();
  });

  it.each([
    'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7',
    'dd=s:2;o:rum;t.dm:-4;p:00f067aa0ba902b7',
    '33@nr=0-0-33-2827902-7d3efb1b173fecfa-e8b91a159289ff74-1-1.23456-1518469636035',
    'es=s:0.5',
    'ot=th:c8;rv:0123456789abcd',
  ])('keeps the tracestate %s', (tracestate) => {
    const found = extract(ROOT_CONTEXT, { traceparent: TRACEPARENT, tracestate });
    expect(trace.getSpanContext(found)?.traceState?.serialize()).toBe(tracestate);
  });
});

describe('injecting', () => {
  it('returns undefined for a context without a span', () => {
    expect(inject(ROOT_CONTEXT)).toBeUndefined();
  });

  it('returns undefined without a propagator', () => {
    propagation.disable();
    expect(inject(active())).toBeUndefined();
  });

  it('returns undefined when the propagator throws, even after writing', () => {
    use({
      inject(_context, carrier, setter) {
        setter.set(carrier, 'traceparent', 'half');
        throw new Error('broken');
      },
      extract: (context) => context,
      fields: () => ['traceparent'],
    });
    expect(inject(active())).toBeUndefined();
  });

  it('uses unprefixed keys, and can be extracted again', () => {
    const base = propagation.setBaggage(active(), propagation.createBaggage({ user: { value: '7' } }));
    const entries = inject(base) as Record<string, string>;
    expect(Object.keys(entries).sort()).toEqual(['baggage', 'traceparent']);
    const found = extract(ROOT_CONTEXT, entries);
    expect(trace.getSpanContext(found)).toEqual({ ...spanContext(1), isRemote: true });
    expect(propagation.getBaggage(found)?.getEntry('user')?.value).toBe('7');
  });

  it('uses the keys of the configured propagator', () => {
    use({
      inject: (_context, carrier, setter) => setter.set(carrier, 'b3', 'value'),
      extract: (context) => context,
      fields: () => ['b3'],
    });
    expect(inject(ROOT_CONTEXT)).toEqual({ b3: 'value' });
  });
});

describe('the trace context of a message', () => {
  it.each<[object, unknown]>([
    [{}, undefined],
    [{ progressToken: 1 }, undefined],
    [{ baggage: 'user=7' }, undefined],
    [{ traceparent: undefined }, undefined],
    [{ traceparent: TRACEPARENT }, TRACEPARENT],
    [{ baggage: 'user=7', traceparent: TRACEPARENT }, TRACEPARENT],
    [{ traceparent: 7 }, 7],
  ])('is read from %o as %o', (carrier, expected) => {
    expect(traceContextOf(carrier as never)).toBe(expected);
  });

  it('is read from keys of the configured propagators only', () => {
    use({ inject: () => {}, extract: (context) => context, fields: () => ['b3'] });
    expect(traceContextOf({ traceparent: TRACEPARENT })).toBeUndefined();
    expect(traceContextOf({ b3: 'x' })).toBe('x');
  });

  it.each([
    ['x'.repeat(8193), false],
    [7, false],
    [undefined, false],
    [TRACEPARENT, true],
  ])('is kept only as a string of bounded length', (value, kept) => {
    expect(isKeepable(value)).toBe(kept);
  });
});
