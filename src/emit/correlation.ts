/**
 * Correlation ids identify a request in all systems of an organisation. An inbound id is kept and passed on; without one,
 * it is the trace id, or a new id if there is no trace. Untrusted inbound ids are recorded only as claims: anyone could file
 * calls under another's id.
 */
import { type Context, isValidTraceId, propagation, ROOT_CONTEXT, type Span } from '@opentelemetry/api';
import type { HttpFacts } from '../session/peer.js';
import { handledIn } from './parents.js';
import { extract } from './propagation.js';

/** HTTP header, key in `params._meta`, and key of a baggage entry. */
export const CORRELATION_KEY = 'x-correlation-id';

/** Other values may be log injection. */
const WELL_FORMED = /^[A-Za-z0-9._:-]{8,128}$/;

/** Correlation of an operation or record. */
export interface Correlation {
  readonly id: string;
  /** An untrusted inbound id. */
  readonly claimed: string | undefined;
}

interface InboundMessage {
  readonly meta: Record<string, unknown> | undefined;
  readonly http: HttpFacts | undefined;
  readonly context: Context;
  readonly span: Span;
  /** Correlation id of the operation whose answer this message belongs to. */
  readonly related: string | undefined;
  /** It comes from a process of ours. */
  readonly trusted: boolean;
}

export class Correlator {
  readonly #newId: () => string;
  readonly #currentHttp: () => HttpFacts | undefined;
  readonly #trusting: boolean;

  /**
   * @param newId for operations without a trace
   * @param currentHttp the current HTTP request, of MCP or not
   * @param trust with `link`, inbound ids are claims
   */
  constructor(newId: () => string, currentHttp: () => HttpFacts | undefined, trust: 'parent' | 'link') {
    this.#newId = newId;
    this.#currentHttp = currentHttp;
    this.#trusting = trust === 'parent';
  }

  /** Correlation of an inbound message: the HTTP header before `_meta`, and both before baggage. */
  inbound({ meta, http, context, span, related, trusted }: InboundMessage): Correlation {
    const { traceId } = span.spanContext();
    const said = wellFormed(http?.header(CORRELATION_KEY)) ?? wellFormed(meta?.[CORRELATION_KEY]);
    if (this.#trusting || trusted)
      return { id: said ?? related ?? inBaggage(context) ?? this.#ofTrace(traceId), claimed: undefined };
    return {
      id: related ?? this.#own(http, traceId),
      claimed: said ?? inBaggage(context) ?? (meta && inBaggage(extract(ROOT_CONTEXT, meta))),
    };
  }

  /**
   * Correlation of an outbound message: the application's own id, else that of the handled operation.
   * @returns also whether the message must carry it
   */
  outbound(
    meta: Record<string, unknown> | undefined,
    active: Context,
    span: Span,
  ): Correlation & { readonly carried: boolean } {
    const chosen = wellFormed(meta?.[CORRELATION_KEY]);
    if (chosen !== undefined) return { id: chosen, claimed: undefined, carried: false };
    const { traceId } = span.spanContext();
    const inherited = this.ambient(active, traceId);
    // The receiver of the trace context has the trace id.
    return { ...inherited, carried: inherited.id !== traceId };
  }

  /** Correlation of an HTTP request without a message. */
  ofRequest(http: HttpFacts | undefined, traceId: string | undefined): Correlation {
    const said = wellFormed(http?.header(CORRELATION_KEY));
    if (this.#trusting) return { id: said ?? traceId ?? this.#newId(), claimed: undefined };
    return { id: this.#own(http, traceId), claimed: said };
  }

  /** Correlation of an event that an application records. */
  ambient(active: Context, traceId: string | undefined): Correlation {
    const handled = handledIn(active);
    if (handled?.correlation !== undefined) return { id: handled.correlation, claimed: handled.claimedCorrelation };
    const http = this.#currentHttp();
    const [baggage, header] = [inBaggage(active), wellFormed(http?.header(CORRELATION_KEY))];
    if (this.#trusting) return { id: baggage ?? header ?? this.#ofTrace(traceId), claimed: undefined };
    // Baggage that the request did not bring is the application's.
    const own = baggage !== undefined && http?.header('baggage')?.includes(baggage) ? undefined : baggage;
    return { id: own ?? this.#own(http, traceId), claimed: header ?? (own === undefined ? baggage : undefined) };
  }

  #ofTrace(traceId: string | undefined): string {
    return traceId !== undefined && isValidTraceId(traceId) ? traceId : this.#newId();
  }

  /** An id that the caller cannot choose, not even through the trace context that it sends. */
  #own(http: HttpFacts | undefined, traceId: string | undefined): string {
    if (http === undefined) return this.#ofTrace(traceId);
    const { notes } = http;
    if (notes.correlation !== undefined) return notes.correlation;
    if (traceId !== undefined && isValidTraceId(traceId) && !isSaid(traceId, http)) return traceId;
    // One id for all records of the request.
    notes.correlation = this.#newId();
    return notes.correlation;
  }
}

/** Whether a request header contains a text. */
function isSaid(text: string, http: HttpFacts): boolean {
  return Object.values(http.headers()).some((value) => String(value).toLowerCase().includes(text));
}

function inBaggage(context: Context): string | undefined {
  return wellFormed(propagation.getBaggage(context)?.getEntry(CORRELATION_KEY)?.value);
}

function wellFormed(value: unknown): string | undefined {
  return typeof value === 'string' && WELL_FORMED.test(value) ? value : undefined;
}
