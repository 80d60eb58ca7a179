/**
 * The correlation id: what an organisation's own systems call a request, from end to end. An inbound one is kept and
 * passed on; without one it is the trace id, and without a trace an id of our own.
 */
import { type Context, isValidTraceId, propagation, type Span } from '@opentelemetry/api';
import type { HttpFacts, Peer } from '../session/peer.js';
import { handledIn } from './parents.js';

/** Header of HTTP requests, key in `params._meta`, and key of a baggage entry. */
export const CORRELATION_KEY = 'x-correlation-id';

/** Anything else is not an id, and may be an attempt to write into somebody's logs. */
const WELL_FORMED = /^[A-Za-z0-9._:-]{8,128}$/;

/** The id of one operation, and whether its message has to carry it. */
export interface Correlation {
  readonly id: string;
  readonly carried: boolean;
}

export class Correlator {
  readonly #newId: () => string;
  readonly #ambient: () => string | undefined;

  /**
   * @param newId for operations without a trace
   * @param ambient the header of the HTTP request being handled, which need not be one of MCP
   */
  constructor(newId: () => string, ambient: () => string | undefined) {
    this.#newId = newId;
    this.#ambient = ambient;
  }

  /**
   * Of a message that has arrived: what it says itself comes first, the HTTP header before `_meta`.
   * @param related the id of the operation that it belongs to, where it is a part of that one's answer
   */
  inbound(
    meta: Record<string, unknown> | undefined,
    peer: Peer | undefined,
    context: Context,
    span: Span,
    related: string | undefined,
  ): string {
    const { traceId } = span.spanContext();
    return (
      wellFormed(peer?.http?.header(CORRELATION_KEY)) ??
      wellFormed(meta?.[CORRELATION_KEY]) ??
      related ??
      inBaggage(context) ??
      (isValidTraceId(traceId) ? traceId : this.#newId())
    );
  }

  /** Of a message to be sent: what the application wrote into it, else that of what is being handled. */
  outbound(meta: Record<string, unknown> | undefined, active: Context, span: Span): Correlation {
    const chosen = wellFormed(meta?.[CORRELATION_KEY]);
    if (chosen !== undefined) return { id: chosen, carried: false };
    const { traceId } = span.spanContext();
    const traced = isValidTraceId(traceId);
    const inherited =
      handledIn(active)?.correlation ??
      inBaggage(active) ??
      wellFormed(this.#ambient()) ??
      (traced ? traceId : this.#newId());
    // Whoever receives the trace context has that id already.
    return { id: inherited, carried: !(traced && inherited === traceId) };
  }

  /** Of an HTTP request that brought no message. */
  ofRequest(http: HttpFacts | undefined, traceId: string | undefined): string {
    return wellFormed(http?.header(CORRELATION_KEY)) ?? traceId ?? this.#newId();
  }

  /** Of what is no operation: something an application records. */
  ambient(active: Context, traceId: string | undefined): string {
    return (
      handledIn(active)?.correlation ??
      inBaggage(active) ??
      wellFormed(this.#ambient()) ??
      (traceId !== undefined && isValidTraceId(traceId) ? traceId : this.#newId())
    );
  }
}

function inBaggage(context: Context): string | undefined {
  return wellFormed(propagation.getBaggage(context)?.getEntry(CORRELATION_KEY)?.value);
}

function wellFormed(value: unknown): string | undefined {
  return typeof value === 'string' && WELL_FORMED.test(value) ? value : undefined;
}
