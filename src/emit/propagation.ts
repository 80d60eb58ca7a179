/**
 * Trace context and baggage in `params._meta`, by the configured propagators, under unprefixed keys.
 *
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md#context-propagation
 */
import { type Context, propagation, type TextMapGetter, type TextMapSetter } from '@opentelemetry/api';
import { withMeta } from '../protocol/meta.js';
import { scrub } from '../redact/scrub.js';
import { reportFailure } from '../report/report.js';

export type Carrier = Record<string, unknown>;

/** Headers of an HTTP request: those of the web, or by lower-case name as Node.js and the SDKs have them. */
export type RequestHeaders = WebHeaders | Readonly<Record<string, unknown>>;

interface WebHeaders {
  get(name: string): unknown;
  keys(): Iterable<string>;
}

/** Longest value handed to a propagator: the limit of W3C Baggage. */
const MAX_VALUE_LENGTH = 8192;

/** Exporters send it with every span of the trace: the one value here that leaves as it came. */
const TRACE_STATE = 'tracestate';

/** Whether there is something in a text that has to be hidden. */
function isTelling(text: string): boolean {
  return scrub(text, text.length) !== text;
}

// Peers put anything into a carrier: only strings of a sane length exist for a propagator.
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
  // What is written in capitals cannot be told apart from what is not.
  keys: () => [],
};

const SETTER: TextMapSetter<Record<string, string>> = {
  set(carrier, key, value) {
    carrier[key] = value;
  },
};

/** The context that `_meta` holds, on top of `base`; `base` itself when it holds none or the propagator fails. */
export function extract(base: Context, meta: Carrier): Context {
  return extractBy(META, base, meta);
}

/** The same of the headers of an HTTP request. */
export function extractHeaders(base: Context, headers: RequestHeaders): Context {
  return extractBy(HEADERS, base, headers);
}

/**
 * The same of the environment that this process was started in: `TRACEPARENT` for `traceparent`, and so on.
 *
 * @see https://opentelemetry.io/docs/specs/otel/context/env-carriers/
 */
export function extractEnvironment(base: Context): Context {
  return extractBy(ENVIRONMENT, base, process.env);
}

function extractBy<C>(getter: TextMapGetter<C>, base: Context, carrier: C): Context {
  try {
    return propagation.extract(base, carrier, getter);
  } catch (error) {
    reportFailure('propagation.extract', error);
    return base;
  }
}

/** What has to be written to carry `context`, with or without its baggage; undefined when nothing has. */
export function inject(context: Context, baggage = true): Record<string, string> | undefined {
  const carrier: Record<string, string> = {};
  try {
    const bare =
      baggage || propagation.getBaggage(context) === undefined ? context : propagation.deleteBaggage(context);
    propagation.inject(bare, carrier, SETTER);
  } catch (error) {
    reportFailure('propagation.inject', error);
    return undefined;
  }
  for (const _ in carrier) return carrier;
  return undefined;
}

/**
 * A copy of the message that has `entries` in its `_meta`, and not what is named in `without`; the message itself where it
 * cannot, or there is nothing to do.
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
 * The trace context that a carrier holds, as the first of the values that the configured propagators read. Baggage alone
 * is none: it is the application's data, and merges with ours.
 */
export function traceContextOf(carrier: Carrier): unknown {
  for (const field of propagation.fields()) {
    if (field !== 'baggage' && carrier[field] !== undefined) return carrier[field];
  }
  return undefined;
}

/** The same of the headers of an HTTP request. */
export function traceContextOfHeaders(headers: RequestHeaders): unknown {
  for (const field of propagation.fields()) {
    const value = field === 'baggage' ? undefined : headerOf(headers, field.toLowerCase());
    if (value !== undefined) return value;
  }
  return undefined;
}

function isWebHeaders(headers: RequestHeaders): headers is WebHeaders {
  return typeof headers['get'] === 'function' && typeof headers['keys'] === 'function';
}

/** One header; of several values a list, as in one line. */
export function headerOf(headers: RequestHeaders, name: string): unknown {
  const value = isWebHeaders(headers) ? (headers.get(name) ?? undefined) : headers[name];
  return Array.isArray(value) ? value.join() : value;
}

/** Whether a value is short enough to be kept. */
export function isKeepable(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_VALUE_LENGTH;
}
