/**
 * From messages to telemetry: describe → redact → emit. The only entry for hooks. Public methods are guarded: an error
 * costs the telemetry of one message and never reaches the application.
 */

import { context, SpanStatusCode } from '@opentelemetry/api';
import { CONNECTION_CLOSED, EVICTED, outcomeOfAnswer } from '../describe/error-type.js';
import type { ResolvedConfig } from '../options/instrumentation.js';
import { asRecord, type ResponseMessage } from '../protocol/jsonrpc.js';
import { methodRow } from '../protocol/methods.js';
import { callHook } from '../report/guarded.js';
import { reportFailure } from '../report/report.js';
import type { Connection } from '../session/connection.js';
import type { Direction } from '../session/connection-info.js';
import { type AnswerFacts, answerFacts, type MethodMessage } from '../session/message-facts.js';
import { OpenOperations } from '../session/open-operations.js';
import type { Operation } from '../session/operation.js';
import { type Outcome, SUCCESS } from '../session/outcome.js';
import type { Peer } from '../session/peer.js';
import type { Refusal } from '../session/refusal.js';
import type { McpOperationInfo } from '../types.js';
import { type AuditPort, GuardedAudit } from './audit-port.js';
import { Measurements } from './measurements.js';
import { continuedIn } from './parents.js';
import { Providers } from './providers.js';
import { Results } from './results.js';
import { SessionDurations } from './session-durations.js';
import { SpanDescriber } from './span-describer.js';
import { type OperationKind, type Origin, type Outbound, type Started, Starter } from './start-operation.js';

export interface PipelineParts {
  readonly config: ResolvedConfig;
  readonly providers?: Providers;
  /** Milliseconds. */
  readonly now?: () => number;
  readonly audit?: AuditPort | undefined;
  /** How spans show a session id; the id itself by default. */
  readonly showSessionId?: ((id: string) => string | undefined) | undefined;
}

/** A request that an `input_required` result embeds. */
interface Embedded {
  readonly operation: Operation | undefined;
  /** Why it is not put to its handler. */
  readonly refusal: Refusal | undefined;
}

export class Pipeline {
  readonly config: ResolvedConfig;
  readonly #describer: SpanDescriber;
  readonly #starter: Starter;
  readonly #measurements: Measurements;
  readonly #open: OpenOperations;
  readonly #sessions: SessionDurations;
  readonly #results: Results;
  readonly #now: () => number;
  readonly #audit: GuardedAudit | undefined;
  enabled: boolean;

  constructor({
    config,
    providers = new Providers(),
    now = () => performance.now(),
    audit,
    showSessionId,
  }: PipelineParts) {
    this.#audit = audit === undefined ? undefined : new GuardedAudit(audit);
    this.config = config;
    this.enabled = config.enabled;
    this.#describer = new SpanDescriber(config, showSessionId);
    this.#starter = new Starter({ config, providers, describer: this.#describer, now, correlator: audit?.correlator });
    this.#measurements = new Measurements(config, providers);
    this.#open = new OpenOperations(config.maxPendingOperations);
    this.#sessions = new SessionDurations(config.maxPendingOperations, this.#measurements, now, this.#audit);
    this.#results = new Results(this.#describer, this.#starter, this.#measurements, this.#sessions);
    this.#now = now;
  }

  /** Counts an audit record that could not be delivered. */
  lostRecord(sink: string, cause: string): void {
    this.#measurements.lostRecord(sink, cause);
  }

  /** Whether an audit trail is kept. */
  get observed(): boolean {
    return this.#audit !== undefined;
  }

  /** Whether messages wait until their records are on disk. */
  get syncs(): boolean {
    return this.#audit?.syncs === true;
  }

  /** Why a request is refused whose operation could not be started; undefined if it is not. */
  refusalOf(method: unknown): Refusal | undefined {
    return this.#audit?.refusalOf(methodRow(typeof method === 'string' ? method : '', 'request'));
  }

  /** Number of open operations, for tests. */
  get openOperations(): number {
    return this.#open.size;
  }

  /** Starts the span of an outbound message; returns the message with its context. */
  send<M extends MethodMessage>(connection: Connection, message: M, kind: OperationKind): Outbound<M> | undefined {
    try {
      const outbound = this.#starter.outbound(connection, message, kind);
      this.#register(connection, outbound, undefined);
      return outbound;
    } catch (error) {
      reportFailure('starting a client span', error);
      return undefined;
    }
  }

  /** Starts the span of an inbound message. The caller runs the handler in the operation's context. */
  receive(connection: Connection, message: MethodMessage, kind: OperationKind, origin: Origin): Operation | undefined {
    try {
      const started = this.#starter.inbound(connection, message, kind, origin);
      this.#register(connection, started, origin.peer);
      return started.operation;
    } catch (error) {
      reportFailure('starting a server span', error);
      return undefined;
    }
  }

  /**
   * Starts the span of a request that an `input_required` result embeds, for the client to handle. Any other request has
   * its span from the transport.
   */
  receiveEmbedded(connection: Connection, request: unknown): Embedded | undefined {
    const continued = continuedIn(context.active());
    if (continued === undefined) return undefined;
    const call = embeddedRequest(request);
    const operation = call && this.receive(connection, call, 'request', { related: continued });
    return { operation, refusal: operation === undefined ? this.refusalOf(call?.method) : operation.refusal };
  }

  /** Reads the answer to an open request and closes the request. An outbound answer is on record when this returns. */
  answer(connection: Connection, message: ResponseMessage, direction: Direction): Operation | undefined {
    let operation: Operation | undefined;
    let facts: AnswerFacts | undefined;
    try {
      operation = connection.find(direction === 'outbound' ? 'inbound' : 'outbound', message.id);
      if (operation === undefined) return undefined;
      connection.remove(operation);
      operation.answer = SUCCESS;
      facts = answerFacts(message, operation.row);
      operation.answer = operation.refusal?.outcome ?? outcomeOfAnswer(message, operation.row, operation.direction);
      this.#results.read(connection, operation, facts);
    } catch (error) {
      reportFailure('reading an answer', error);
    }
    if (operation === undefined) return undefined;
    if (facts !== undefined) {
      this.#audit?.answered(operation, facts);
      this.#measurements.answered(operation, facts);
    }
    if (direction === 'outbound') this.conclude(operation, operation.answer ?? SUCCESS);
    return operation;
  }

  /**
   * Records the outcome before the response is sent: there is no response without a record. The span ends when the message
   * is sent.
   */
  conclude(operation: Operation, given: Outcome): void {
    if (this.#audit === undefined || !operation.open || operation.concluded !== undefined) return;
    operation.concluded = given;
    this.#audit.concluded(operation, this.#describer.outcome(given), this.#now() - operation.startedAt);
  }

  /** Ends an operation, once. */
  end(operation: Operation, given: Outcome): void {
    if (!operation.open) return;
    const outcome = this.#describer.outcome(given);
    operation.open = false;
    if (operation.waiting !== undefined) operation.waiting.operation = undefined;
    this.#open.delete(operation);
    operation.listedIn?.remove(operation);
    try {
      this.#endSpan(operation, outcome);
    } catch (error) {
      reportFailure('ending a span', error);
    }
    const milliseconds = this.#now() - operation.startedAt;
    try {
      this.#measurements.ended(operation, outcome, milliseconds);
    } catch (error) {
      reportFailure('measuring an operation', error);
    }
    const { concluded } = operation;
    if (concluded === undefined) this.#audit?.ended(operation, outcome, milliseconds);
    // Evicted, its answer may still leave.
    else if (given !== concluded && given !== EVICTED) this.#audit?.undelivered(operation, outcome);
  }

  /** Ends the operations and the session of a closed connection. */
  closed(connection: Connection, outcomeOf: (operation: Operation) => Outcome = () => CONNECTION_CLOSED): void {
    try {
      const open = connection.openRequests();
      // A waiting caller's promise tells a timeout from a close.
      for (const operation of open) if (!operation.awaited) this.end(operation, outcomeOf(operation));
      const unnumbered = connection.openUnnumbered();
      // A handler called just now gets one turn to finish.
      if (unnumbered.length > 0) {
        setImmediate(() => {
          for (const operation of unnumbered) this.end(operation, CONNECTION_CLOSED);
        });
      }
      this.#sessions.end(connection, open.length > 0 ? CONNECTION_CLOSED : SUCCESS);
      connection.forget();
    } catch (error) {
      reportFailure('ending a session', error);
    }
  }

  /** Ends the session of a peer that sends nothing more but may still receive: operations go on. */
  sessionOver(connection: Connection): void {
    try {
      this.#sessions.end(connection, connection.openRequests().length > 0 ? CONNECTION_CLOSED : SUCCESS);
    } catch (error) {
      reportFailure('ending a session', error);
    }
  }

  /** Ends open operations and sessions. New ones may follow. */
  endOpen(): void {
    for (const operation of this.#open.values()) this.end(operation, CONNECTION_CLOSED);
    for (const connection of this.#sessions.open()) this.sessionOver(connection);
  }

  /** Ends the pipeline: the instrumentation is disabled or the process ends. */
  shutdown(): void {
    this.enabled = false;
    this.endOpen();
    this.#starter.clear();
    this.#audit?.stop();
  }

  #register(connection: Connection, { operation, facts }: Started, peer: Peer | undefined): void {
    const replaced = connection.add(operation);
    if (replaced !== undefined) this.#evict(replaced);
    const oldest = this.#open.add(operation);
    if (oldest !== undefined) this.#evict(oldest);
    this.#measurements.began(operation);
    this.#callHook('requestHook', operation, SUCCESS);
    this.#audit?.began(operation, facts, peer);
    this.#measurements.requested(operation, facts);
  }

  #evict(operation: Operation): void {
    this.end(operation, EVICTED);
    this.#measurements.evicted(operation);
  }

  #endSpan(operation: Operation, outcome: Outcome): void {
    const { span, ownsSpan } = operation;
    if (outcome !== SUCCESS) {
      span.setAttributes(this.#describer.endAttributes(outcome));
      if (ownsSpan && outcome.errorType !== undefined) {
        const message = this.#describer.statusMessage(outcome);
        span.setStatus({ code: SpanStatusCode.ERROR, ...(message !== undefined && { message }) });
      }
    }
    this.#callHook('responseHook', operation, outcome);
    if (ownsSpan) span.end();
  }

  #callHook(hook: 'requestHook' | 'responseHook', operation: Operation, outcome: Outcome): void {
    const callback = operation.ignored ? undefined : this.config[hook];
    if (callback !== undefined) callHook(`the ${hook}`, callback, operation.span, infoOf(operation, outcome));
  }
}

/** A request embedded in a result; undefined if malformed. */
function embeddedRequest(request: unknown): MethodMessage | undefined {
  try {
    const { method, params } = (asRecord(request) ?? {}) as Partial<MethodMessage>;
    return typeof method === 'string' ? { method, params } : undefined;
  } catch (error) {
    reportFailure('reading an embedded request', error);
    return undefined;
  }
}

/** Info for the application's hooks. */
function infoOf({ direction, method, id, template }: Operation, { errorType }: Outcome): McpOperationInfo {
  const { target, peer } = template.facts;
  return {
    side: direction === 'outbound' ? 'client' : 'server',
    method,
    ...(id !== undefined && { id }),
    ...(target !== undefined && { target }),
    peer,
    ...(errorType !== undefined && { errorType }),
  };
}
