/**
 * A context that adds one value to another. The API's contexts copy all values into a new map for each one set, which
 * is most of the cost of starting a span; each message needs two.
 */
import {
  type Context,
  createContextKey,
  INVALID_SPAN_CONTEXT,
  ROOT_CONTEXT,
  type Span,
  trace,
} from '@opentelemetry/api';

export class OverlayContext implements Context {
  readonly #parent: Context;
  readonly #key: symbol;
  readonly #value: unknown;

  constructor(parent: Context, key: symbol, value: unknown) {
    this.#parent = parent;
    this.#key = key;
    this.#value = value;
  }

  getValue(key: symbol): unknown {
    return key === this.#key ? this.#value : this.#parent.getValue(key);
  }

  // Derived contexts are of the API again: chains of overlays would grow.
  setValue(key: symbol, value: unknown): Context {
    return this.#plain().setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.#plain().deleteValue(key);
  }

  #plain(): Context {
    return this.#parent.setValue(this.#key, this.#value);
  }
}

/** The API's key of the active span; keys with one description are the same. */
const SPAN_KEY = createContextKey('OpenTelemetry Context Key SPAN');

/** Another API version may use another key: then `trace.setSpan` is called. */
const KEY_IS_KNOWN = (() => {
  const span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
  return trace.setSpan(ROOT_CONTEXT, span).getValue(SPAN_KEY) === span;
})();

/** Like `trace.setSpan`, but cheaper. */
export function withSpan(parent: Context, span: Span): Context {
  return KEY_IS_KNOWN ? new OverlayContext(parent, SPAN_KEY, span) : trace.setSpan(parent, span);
}
