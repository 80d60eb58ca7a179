/**
 * Trace context and baggage in `params._meta` under unprefixed keys, by the configured propagators: those of the SDK that
 * the spans go to.
 *
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md#context-propagation
 */
import { type Context, propagation, type TextMapGetter, type TextMapSetter } from '@opentelemetry/api';
import { withMeta } from '../protocol/meta.js';
import { scrub } from '../redact/scrub.js';
import { reportFailure } from '../report/report.js';
import { defaultPropagator } from './default-providers.js';

export type Carrier = Record<string, unknown>;

/** Request headers: web `Headers`, or an object with lower-case names. */
export type RequestHeaders = WebHeaders | Readonly<Record<string, unknown>>;

interface WebHeaders {
  get(name: string): unknown;
  keys(): Iterable<string>;
}

/** Longest value for propagators: the limit of W3C Baggage. */
const MAX_VALUE_LENGTH = 8192;

/** Exported with every span of the trace, as received: the only such value. */
const TRACE_STATE = 'tracestate';

/** Whether a text holds anything to redact. */
function isTelling(text: string): boolean {
  return scrub(text, text.length) !== text;
}

// Peers may send any value: propagators get strings of bounded length only.
function acceptable(key: string, value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_VALUE_LENGTH) return undefined;
  return key === TRACE_STATE && isTelling(value) ? undefined : value;
}

const META: TextMapGetter<Carrier> = {
  get: (carrier, key) => acceptable(key, carrier[key]),
  keys: (carrier) => Object.keys(carrier),
};

const HEADERS: TextMapGetter<RequestHeaders> = {
  get: (headers, key) => acceptable(key, headerOf(headers, key.toLowerCase())),
  keys: (headers) => (isWebHeaders(headers) ? [...headers.keys()] : Object.keys(headers)),
};

const ENVIRONMENT: TextMapGetter<NodeJS.ProcessEnv> = {
  get: (env, key) => acceptable(key, env[key.toUpperCase().replace(/[^A-Z\d]/g, '_')]),
  // Upper-case names cannot be mapped back.
  keys: () => [],
};

const SETTER: TextMapSetter<Record<string, string>> = {
  set(carrier, key, value) {
    carrier[key] = value;
  },
};

/** The context in `_meta` on top of `base`; `base` if there is none or the propagator fails. */
export function extract(base: Context, meta: Carrier): Context {
  return extractBy(META, base, meta);
}

/** Like `extract`, from HTTP headers. */
export function extractHeaders(base: Context, headers: RequestHeaders): Context {
  return extractBy(HEADERS, base, headers);
}

/**
 * Like `extract`, from this process's environment: `TRACEPARENT` for `traceparent`, and so on.
 *
 * @see https://opentelemetry.io/docs/specs/otel/context/env-carriers/
 */
export function extractEnvironment(base: Context): Context {
  return extractBy(ENVIRONMENT, base, process.env);
}

function extractBy<C>(getter: TextMapGetter<C>, base: Context, carrier: C): Context {
  try {
    return defaultPropagator().extract(base, carrier, getter);
  } catch (error) {
    reportFailure('propagation.extract', error);
    return base;
  }
}

/** The entries that carry a context, with or without baggage; undefined if empty. */
export function inject(context: Context, baggage = true): Record<string, string> | undefined {
  const carrier: Record<string, string> = {};
  try {
    const bare =
      baggage || propagation.getBaggage(context) === undefined ? context : propagation.deleteBaggage(context);
    defaultPropagator().inject(bare, carrier, SETTER);
  } catch (error) {
    reportFailure('propagation.inject', error);
    return undefined;
  }
  for (const _ in carrier) return carrier;
  return undefined;
}

/**
 * A copy of a message with `entries` in its `_meta` and without the keys `without`; the message itself if nothing
 * changes or it cannot carry entries.
 */
export function carry<M extends { readonly params?: unknown }>(
  message: M,
  entries: Record<string, string> | undefined,
  without?: readonly string[],
): M {
  if (entries === undefined && without === undefined) return message;
  try {
    return withMeta(message, entries ?? {}, without) ?? message;
  } catch (error) {
    reportFailure('copying a message', error);
    return message;
  }
}

/**
 * The trace context of a carrier: the first value that the propagators read. Baggage does not count: it is the
 * application's data and merges with ours.
 */
export function traceContextOf(carrier: Carrier): unknown {
  for (const field of defaultPropagator().fields()) {
    if (field !== 'baggage' && carrier[field] !== undefined) return carrier[field];
  }
  return undefined;
}

/** Like `extract`, from HTTP headers. */
export function traceContextOfHeaders(headers: RequestHeaders): unknown {
  for (const field of defaultPropagator().fields()) {
    const value = field === 'baggage' ? undefined : headerOf(headers, field.toLowerCase());
    if (value !== undefined) return value;
  }
  return undefined;
}

function isWebHeaders(headers: RequestHeaders): headers is WebHeaders {
  return typeof headers['get'] === 'function' && typeof headers['keys'] === 'function';
}

/** A header; several values are joined. */
export function headerOf(headers: RequestHeaders, name: string): unknown {
  const value = isWebHeaders(headers) ? (headers.get(name) ?? undefined) : headers[name];
  return Array.isArray(value) ? value.join() : value;
}

/** Whether a value is short enough to keep. */
export function isKeepable(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_VALUE_LENGTH;
}
