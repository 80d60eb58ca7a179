/**
 * Multi-round calls: a result that asks for input is answered by the same request once more, with a new id. Rounds are
 * recognised by the opaque `requestState` that the server hands out and the client hands back.
 *
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic
 */
import type { SpanContext } from '@opentelemetry/api';
import { asRecord } from '../protocol/jsonrpc.js';
import type { Operation } from './operation.js';

/** What a later round needs to know of the one before. */
export interface Round {
  readonly method: string;
  /** Nothing where it is known to be a later round, and not which. */
  readonly number: number | undefined;
  /** The span that all later rounds link to. */
  readonly first: SpanContext;
}

export function roundOf(operation: Operation): Round {
  const { method, round, firstRound, span } = operation;
  return { method, number: round, first: firstRound ?? span.spanContext() };
}

/** The number of the round after this one. */
export function nextNumber({ number }: Round): number | undefined {
  return number === undefined ? undefined : number + 1;
}

const MAX_ROUNDS = 256;
const MAX_STATE_LENGTH = 4096;

/**
 * Rounds that may be continued, by their `requestState`; the oldest is forgotten first. Nothing makes a server hand out
 * a state only once: of calls that wait with the same state at the same time none is continued, since a missing link
 * is better than a wrong one.
 */
export class Rounds {
  readonly #byState = new Map<string, Round | 'several'>();

  /** Keeps a round whose result asked for input. */
  remember(operation: Operation, result: unknown): void {
    const state = stateOf(result);
    if (state === undefined) return;
    this.#byState.set(state, this.#byState.has(state) ? 'several' : roundOf(operation));
    if (this.#byState.size > MAX_ROUNDS) {
      const [oldest] = this.#byState.keys();
      this.#byState.delete(oldest as string);
    }
  }

  clear(): void {
    this.#byState.clear();
  }

  /** Takes out the round that a request continues, if its params say so and it is known. */
  continuedBy(method: string, params: unknown): Round | undefined {
    const state = stateOf(params);
    const round = state === undefined ? undefined : this.#byState.get(state);
    if (state === undefined || round === undefined) return undefined;
    if (round !== 'several' && round.method !== method) return undefined;
    this.#byState.delete(state);
    return round === 'several' ? undefined : round;
  }
}

/** Whether params carry what only a later round carries. */
export function isLaterRound(params: unknown): boolean {
  const { inputResponses, requestState } = asRecord(params) ?? {};
  return inputResponses !== undefined || requestState !== undefined;
}

function stateOf(value: unknown): string | undefined {
  const state = asRecord(value)?.['requestState'];
  return typeof state === 'string' && state.length <= MAX_STATE_LENGTH ? state : undefined;
}
