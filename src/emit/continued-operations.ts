/** What a message continues: an earlier round, or the call that made its task. Bounded. */
import { type Context, type Link, type SpanContext, trace } from '@opentelemetry/api';
import { declaredProtocolVersion } from '../protocol/meta.js';
import type { ConnectionInfo } from '../session/connection-info.js';
import type { RequestFacts } from '../session/message-facts.js';
import type { Operation } from '../session/operation.js';
import { isLaterRound, nextNumber, type Round, Rounds, roundOf } from '../session/rounds.js';
import { Tasks } from '../session/tasks.js';
import { continuedIn } from './parents.js';

export class Earlier {
  // Separate: a client and a server in one process share states.
  readonly #outboundRounds = new Rounds();
  readonly #inboundRounds = new Rounds();
  readonly #tasks = new Tasks();

  /** The round that an outbound request continues, by context or by `requestState`. */
  roundSent(active: Context, method: string, params: unknown): Round | undefined {
    if (!isLaterRound(params)) return undefined;
    const continued = continuedIn(active);
    const known = this.#outboundRounds.continuedBy(method, params);
    return continued?.method === method ? roundOf(continued) : known;
  }

  roundReceived(method: string, params: unknown): Round | undefined {
    return this.#inboundRounds.continuedBy(method, params);
  }

  /**
   * The call that made a task, unless it is the parent. Questions about a task have the direction of the call; reports,
   * and requests in its course, the opposite one.
   */
  callThatMadeTask(
    { task, direction, row }: RequestFacts,
    connection: ConnectionInfo,
    parent: Context,
  ): SpanContext | undefined {
    if (task === undefined) return undefined;
    const asks = row.kind === 'request' && row.task === 'names';
    const call = this.#tasks.madeBy(
      connection,
      asks ? direction : direction === 'outbound' ? 'inbound' : 'outbound',
      task,
    );
    return call?.spanId === trace.getSpanContext(parent)?.spanId ? undefined : call;
  }

  /** Keeps an operation whose result asks for input. */
  expectNextRound(operation: Operation, result: unknown): void {
    (operation.direction === 'outbound' ? this.#outboundRounds : this.#inboundRounds).remember(operation, result);
  }

  /** Keeps a call whose result is a task. */
  expectTask({ connection, direction, span }: Operation, id: string): void {
    this.#tasks.remember(connection, direction, id, span.spanContext());
  }

  clear(): void {
    this.#outboundRounds.clear();
    this.#inboundRounds.clear();
    this.#tasks.clear();
  }
}

/** Only protocol revisions with a version in each message have rounds. */
export function hasRounds(meta: Record<string, unknown> | undefined): boolean {
  return declaredProtocolVersion(meta) !== undefined;
}

export function numberRound(operation: Operation, previous: Round | undefined, params: unknown): void {
  if (previous !== undefined) {
    operation.round = nextNumber(previous);
    operation.firstRound = previous.first;
  } else if (isLaterRound(params)) operation.round = undefined;
}

/** Adds a link, if there is one. */
export function linkedTo(links: readonly Link[] | undefined, context: SpanContext | undefined) {
  return context === undefined ? links : [...(links ?? []), { context }];
}
