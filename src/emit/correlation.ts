/**
 * The correlation id: what an organisation's own systems call a request, from end to end. An inbound one is kept and
 * passed on; without one it is the trace id, and without a trace an id of our own. Where strangers call, an inbound one is
 * a claim: anybody could file calls under somebody else's.
 */
import { type Context, isValidTraceId, propagation, ROOT_CONTEXT, type Span } from '@opentelemetry/api';
import type { HttpFacts } from '../session/peer.js';
import { handledIn } from './parents.js';
import { extract } from './propagation.js';

/** Header of HTTP requests, key in `params._meta`, and key of a baggage entry. */
export const CORRELATION_KEY = 'x-correlation-id';

/** Anything else is not an id, and may be an attempt to write into somebody's logs. */
const WELL_FORMED = /^[A-Za-z0-9._:-]{8,128}$/;

/** The id of one operation or record. */
export interface Correlation {
  readonly id: string;
  /** An id that somebody else has chosen, where nobody's word is taken for it. */
  readonly claimed: string | undefined;
}

interface InboundMessage {
  readonly meta: Record<string, unknown> | undefined;
  readonly http: HttpFacts | undefined;
  readonly context: Context;
  readonly span: Span;
  /** Correlation id of the operation whose answer this message is a part of. */
  readonly related: string | undefined;
}

export class Correlator {
  readonly #newId: () => string;
  readonly #currentHttp: () => HttpFacts | undefined;
  readonly #trusting: boolean;

  /**
   * @param newId for operations without a trace
   * @param currentHttp the HTTP request being handled, which need not be one of MCP
   * @param trust with `link`, inbound ids are claims, and ours is used
   */
  constructor(newId: () => string, currentHttp: () => HttpFacts | undefined, trust: 'parent' | 'link') {
    this.#newId = newId;
    this.#currentHttp = currentHttp;
    this.#trusting = trust === 'parent';
  }

  /** Of a message that has arrived: what it says itself comes first, the HTTP header before `_meta`. */
  inbound({ meta, http, context, span, related }: InboundMessage): Correlation {
    const { traceId } = span.spanContext();
    const said = wellFormed(http?.header(CORRELATION_KEY)) ?? wellFormed(meta?.[CORRELATION_KEY]);
    if (this.#trusting)
      return { id: said ?? related ?? inBaggage(context) ?? this.#ofTrace(traceId), claimed: undefined };
    return {
      id: related ?? this.#own(http, traceId),
      claimed: said ?? inBaggage(context) ?? (meta && inBaggage(extract(ROOT_CONTEXT, meta))),
    };
  }

  /**
   * Of a message to be sent: what the application wrote into it, else that of what is being handled.
   * @returns also whether the message has to carry it
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
    // Whoever receives the trace context has that id already.
    return { ...inherited, carried: inherited.id !== traceId };
  }

  /** Of an HTTP request that brought no message. */
  ofRequest(http: HttpFacts | undefined, traceId: string | undefined): Correlation {
    const said = wellFormed(http?.header(CORRELATION_KEY));
    if (this.#trusting) return { id: said ?? traceId ?? this.#newId(), claimed: undefined };
    return { id: this.#own(http, traceId), claimed: said };
  }

  /** Of what is no operation: something an application records. */
  ambient(active: Context, traceId: string | undefined): Correlation {
    const handled = handledIn(active);
    if (handled?.correlation !== undefined) return { id: handled.correlation, claimed: handled.claimedCorrelation };
    const http = this.#currentHttp();
    const [baggage, header] = [inBaggage(active), wellFormed(http?.header(CORRELATION_KEY))];
    if (this.#trusting) return { id: baggage ?? header ?? this.#ofTrace(traceId), claimed: undefined };
    // Baggage that did not come with the request is the application's own.
    const own = baggage !== undefined && http?.header('baggage')?.includes(baggage) ? undefined : baggage;
    return { id: own ?? this.#own(http, traceId), claimed: header ?? (own === undefined ? baggage : undefined) };
  }

  #ofTrace(traceId: string | undefined): string {
    return traceId !== undefined && isValidTraceId(traceId) ? traceId : this.#newId();
  }

  /** One that no caller can choose: not by a trace that it says it is part of, either. */
  #own(http: HttpFacts | undefined, traceId: string | undefined): string {
    if (http === undefined) return this.#ofTrace(traceId);
    const { notes } = http;
    if (notes.correlation !== undefined) return notes.correlation;
    if (traceId !== undefined && isValidTraceId(traceId) && !isSaid(traceId, http)) return traceId;
    // The same for all records of the request.
    notes.correlation = this.#newId();
    return notes.correlation;
  }
}

/** Whether a text stands in some header of a request. */
function isSaid(text: string, http: HttpFacts): boolean {
  return Object.values(http.headers()).some((value) => String(value).toLowerCase().includes(text));
}

function inBaggage(context: Context): string | undefined {
  return wellFormed(propagation.getBaggage(context)?.getEntry(CORRELATION_KEY)?.value);
}

function wellFormed(value: unknown): string | undefined {
  return typeof value === 'string' && WELL_FORMED.test(value) ? value : undefined;
}
