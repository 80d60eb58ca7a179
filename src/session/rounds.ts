/**
 * Multi-round calls: a client answers a result that asks for input by the same request with a new id. Rounds share the
 * opaque `requestState` that the server issues.
 *
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic
 */
import type { SpanContext } from '@opentelemetry/api';
import { asRecord } from '../protocol/jsonrpc.js';
import type { Operation } from './operation.js';

/** What a round keeps for the next one. */
export interface Round {
  readonly method: string;
  /** Undefined for a later round of unknown number. */
  readonly number: number | undefined;
  /** The span that later rounds link to. */
  readonly first: SpanContext;
}

export function roundOf(operation: Operation): Round {
  const { method, round, firstRound, span } = operation;
  return { method, number: round, first: firstRound ?? span.spanContext() };
}

/** Number of the next round. */
export function nextNumber({ number }: Round): number | undefined {
  return number === undefined ? undefined : number + 1;
}

const MAX_ROUNDS = 256;
const MAX_STATE_LENGTH = 4096;

/**
 * Rounds that may continue, by `requestState`; bounded, oldest first out. If calls with the same state wait
 * concurrently, none continues: a missing link is better than a wrong one.
 */
export class Rounds {
  readonly #byState = new Map<string, Round | 'several'>();

  /** Keeps a round that asks for input. */
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

  /** Removes and returns the round that a request continues. */
  continuedBy(method: string, params: unknown): Round | undefined {
    const state = stateOf(params);
    const round = state === undefined ? undefined : this.#byState.get(state);
    if (state === undefined || round === undefined) return undefined;
    if (round !== 'several' && round.method !== method) return undefined;
    this.#byState.delete(state);
    return round === 'several' ? undefined : round;
  }
}

/** Params have members of later rounds. */
export function isLaterRound(params: unknown): boolean {
  const { inputResponses, requestState } = asRecord(params) ?? {};
  return inputResponses !== undefined || requestState !== undefined;
}

function stateOf(value: unknown): string | undefined {
  const state = asRecord(value)?.['requestState'];
  return typeof state === 'string' && state.length <= MAX_STATE_LENGTH ? state : undefined;
}
