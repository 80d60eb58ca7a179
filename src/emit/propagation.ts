/**
 * Trace context and baggage in `params._meta`, by the configured propagators, under unprefixed keys.
 *
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md#context-propagation
 */
import { type Context, propagation, type TextMapGetter, type TextMapSetter } from '@opentelemetry/api';
import { withMeta } from '../protocol/meta.js';
import { reportFailure } from '../util/report.js';

export type Carrier = Record<string, unknown>;

/** Longest value handed to a propagator: the limit of W3C Baggage. */
const MAX_VALUE_LENGTH = 8192;

// Peers put anything into _meta: only strings of a sane length exist for a propagator.
const GETTER: TextMapGetter<Carrier> = {
  get(carrier, key) {
    const value = carrier[key];
    return typeof value === 'string' && value.length <= MAX_VALUE_LENGTH ? value : undefined;
  },
  keys: (carrier) => Object.keys(carrier),
};

const SETTER: TextMapSetter<Record<string, string>> = {
  set(carrier, key, value) {
    carrier[key] = value;
  },
};

/** The context a carrier holds, on top of `base`; `base` itself when it holds none or the propagator fails. */
export function extract(base: Context, carrier: Carrier): Context {
  try {
    return propagation.extract(base, carrier, GETTER);
  } catch (error) {
    reportFailure('propagation.extract', error);
    return base;
  }
}

/** What has to be written to carry `context`; undefined when nothing has. */
export function inject(context: Context): Record<string, string> | undefined {
  const carrier: Record<string, string> = {};
  try {
    propagation.inject(context, carrier, SETTER);
  } catch (error) {
    reportFailure('propagation.inject', error);
    return undefined;
  }
  for (const _ in carrier) return carrier;
  return undefined;
}

/**
 * A copy of the message that carries `context` in its `_meta`; the message itself where it cannot.
 * @param ownBaggage leaves the baggage that the message has
 */
export function carry<M extends { readonly params?: unknown }>(message: M, context: Context, ownBaggage: boolean): M {
  const entries = inject(context);
  if (entries === undefined) return message;
  try {
    if (ownBaggage) delete entries['baggage'];
    return withMeta(message, entries) ?? message;
  } catch (error) {
    reportFailure('copying a message', error);
    return message;
  }
}

/**
 * The trace context that a carrier holds, as the first of the values that the configured propagators read. Baggage alone
 * is none: it is the application's data, and merges with ours.
 */
export function traceContextOf(carrier: Carrier): unknown {
  for (const field of propagation.fields()) {
    if (field !== 'baggage' && carrier[field] !== undefined) return carrier[field];
  }
  return undefined;
}

/** Whether a value is short enough to be kept. */
export function isKeepable(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_VALUE_LENGTH;
}
