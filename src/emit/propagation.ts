/**
 * Trace context and baggage in `params._meta`, by the configured propagators, under unprefixed keys.
 *
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md#context-propagation
 */
import { type Context, propagation, type TextMapGetter, type TextMapSetter } from '@opentelemetry/api';
import { withMeta } from '../protocol/meta.js';
import { scrub } from '../redact/scrub.js';
import { reportFailure } from '../util/report.js';

export type Carrier = Record<string, unknown>;

/** Longest value handed to a propagator: the limit of W3C Baggage. */
const MAX_VALUE_LENGTH = 8192;

/** Exporters send it with every span of the trace: the one value here that leaves as it came. */
const TRACE_STATE = 'tracestate';

/** Whether there is something in a text that has to be hidden. */
function isTelling(text: string): boolean {
  return scrub(text, text.length) !== text;
}

// Peers put anything into _meta: only strings of a sane length exist for a propagator.
const GETTER: TextMapGetter<Carrier> = {
  get(carrier, key) {
    const value = carrier[key];
    if (typeof value !== 'string' || value.length > MAX_VALUE_LENGTH) return undefined;
    return key === TRACE_STATE && isTelling(value) ? undefined : value;
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

/** A copy of the message that has `entries` in its `_meta`; the message itself where it cannot, or there are none. */
export function carry<M extends { readonly params?: unknown }>(
  message: M,
  entries: Record<string, string> | undefined,
): M {
  if (entries === undefined) return message;
  try {
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
