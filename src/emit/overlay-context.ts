/**
 * A context that adds one value to another. The API's own contexts copy all values into a new map each time one is set,
 * and that is most of what starting a span costs; two are needed for every message.
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

  // What others derive is a context of the API's again: a chain of overlays would grow with every value set.
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

/** The key under which the API keeps the active span: keys are global by their description. */
const SPAN_KEY = createContextKey('OpenTelemetry Context Key SPAN');

/** An API that keeps it under another key gets asked to set it. */
const KEY_IS_KNOWN = (() => {
  const span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
  return trace.setSpan(ROOT_CONTEXT, span).getValue(SPAN_KEY) === span;
})();

/** The same as `trace.setSpan`. */
export function withSpan(parent: Context, span: Span): Context {
  return KEY_IS_KNOWN ? new OverlayContext(parent, SPAN_KEY, span) : trace.setSpan(parent, span);
}
