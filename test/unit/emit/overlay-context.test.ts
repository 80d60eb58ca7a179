import { createContextKey, INVALID_SPAN_CONTEXT, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { OverlayContext, withSpan } from '../../../src/emit/overlay-context.js';

const KEY = createContextKey('test key');
const OTHER = createContextKey('other test key');

describe('a context that adds one value to another', () => {
  const base = ROOT_CONTEXT.setValue(OTHER, 'below');
  const overlay = new OverlayContext(base, KEY, 'above');

  it('has its own value and inherited ones', () => {
    expect(overlay.getValue(KEY)).toBe('above');
    expect(overlay.getValue(OTHER)).toBe('below');
    expect(overlay.getValue(createContextKey('no such key'))).toBeUndefined();
  });

  it('does not change the context beneath', () => {
    expect(base.getValue(KEY)).toBeUndefined();
  });

  it('hides a value beneath it under the same key', () => {
    expect(new OverlayContext(base, OTHER, 'hidden').getValue(OTHER)).toBe('hidden');
    expect(base.getValue(OTHER)).toBe('below');
  });

  it('passes all values to derived contexts of the API: chains do not grow', () => {
    const derived = overlay.setValue(OTHER, 'new');
    expect(derived).not.toBeInstanceOf(OverlayContext);
    expect([derived.getValue(KEY), derived.getValue(OTHER)]).toEqual(['above', 'new']);
    expect(overlay.getValue(OTHER)).toBe('below');
  });

  it.each([KEY, OTHER])('can delete a value: %s', (key) => {
    const without = overlay.deleteValue(key);
    expect(without.getValue(key)).toBeUndefined();
    expect(overlay.getValue(key)).toBeDefined();
  });
});

describe('a context with a span', () => {
  it('behaves like one of trace.setSpan', () => {
    const span = trace.wrapSpanContext({ ...INVALID_SPAN_CONTEXT, traceFlags: 1 });
    expect(trace.getSpan(withSpan(ROOT_CONTEXT, span))).toBe(span);
    expect(trace.getSpanContext(withSpan(ROOT_CONTEXT, span))).toBe(span.spanContext());
  });

  it('is made without copying with the installed API', () => {
    expect(withSpan(ROOT_CONTEXT, trace.wrapSpanContext(INVALID_SPAN_CONTEXT))).toBeInstanceOf(OverlayContext);
  });

  it('can be given another span', () => {
    const [first, second] = [1, 2].map((traceFlags) => trace.wrapSpanContext({ ...INVALID_SPAN_CONTEXT, traceFlags }));
    const context = withSpan(ROOT_CONTEXT, first as never);
    expect(trace.getSpan(trace.setSpan(context, second as never))).toBe(second);
    expect(trace.getSpan(trace.deleteSpan(context))).toBeUndefined();
  });
});
