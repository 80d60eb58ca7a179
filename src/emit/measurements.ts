/** Durations, sizes and numbers of operations, and durations of sessions, with bounded attributes. */
import type { Attributes } from '@opentelemetry/api';

import {
  createKnownMetricNames,
  type KnownMetricNames,
  learnNames,
  operationMetricAttributes,
  sessionMetricAttributes,
  withSide,
} from '../describe/metric-attributes.js';
import type { ResolvedConfig } from '../options/instrumentation.js';
import { asRecord, asString } from '../protocol/jsonrpc.js';
import type { MethodRow } from '../protocol/methods.js';
import { guarded } from '../report/guarded.js';
import type { ConnectionInfo, Session } from '../session/connection-info.js';
import type { AnswerFacts, RequestFacts } from '../session/message-facts.js';
import { requestSize, responseSize } from '../session/message-size.js';
import type { Operation } from '../session/operation.js';
import { type Outcome, SUCCESS } from '../session/outcome.js';
import type { Template } from '../session/template.js';
import { Metrics } from './metrics.js';
import type { Providers } from './providers.js';

/** Bound on names read from a list result. */
const MAX_LISTED = 1000;

/** For the process: servers that are made and instrumented per request share one bound. */
const names: KnownMetricNames = createKnownMetricNames();

export class Measurements {
  readonly #metrics: Metrics;
  readonly #names: KnownMetricNames = names;
  readonly #standBack: boolean;
  readonly #statusCodeKey: ResolvedConfig['rpcStatusCodeAttribute'];
  readonly #sizes: ResolvedConfig['metricsSizes'];

  constructor(config: ResolvedConfig, providers: Providers) {
    this.#metrics = new Metrics(providers);
    this.#standBack = config.standBack;
    this.#statusCodeKey = config.rpcStatusCodeAttribute;
    this.#sizes = config.metricsSizes;
  }

  /** Counts a request as active. Never throws. */
  began(operation: Operation): void {
    const { ignored, row, template, context } = operation;
    if (ignored || row.kind !== 'request') return;
    guarded('counting an active operation', () => {
      const attributes = template.successMetricAttributes ?? this.#attributesOf(template, SUCCESS);
      operation.leaveActive = this.#metrics.active(this.#sided(template, attributes), context);
    });
  }

  /** Measures a request, or takes the size that an audit record has. Never throws. */
  requested(operation: Operation, facts: RequestFacts): void {
    if (this.#measures(operation, facts)) {
      operation.requestSize = guarded('measuring a request', () => requestSize(facts));
    }
  }

  /** Likewise a response. */
  answered(operation: Operation, facts: AnswerFacts): void {
    if (this.#measures(operation, facts)) {
      operation.responseSize = guarded('measuring a response', () => responseSize(facts));
    }
  }

  ended(operation: Operation, outcome: Outcome, milliseconds: number): void {
    const { direction, row, template, context, ignored, requestSize, responseSize } = operation;
    operation.leaveActive?.();
    if (ignored) return;
    const attributes = this.#attributes(template, outcome);
    // The hours of a stream would hide the seconds of other operations.
    if (!row.stream) this.#metrics.operation(direction, milliseconds / 1000, attributes, context);
    if (requestSize === undefined && responseSize === undefined) return;
    const sided = this.#sided(template, attributes);
    this.#metrics.size('requestSize', requestSize, sided, context);
    this.#metrics.size('responseSize', responseSize, sided, context);
  }

  session(connection: ConnectionInfo, session: Session, outcome: Outcome, milliseconds: number): void {
    if (connection.role === 'unknown' || this.#standBack) return;
    const attributes = sessionMetricAttributes(connection, session.peer, outcome, this.#names);
    this.#metrics.session(connection.role, milliseconds / 1000, attributes, session.context);
  }

  /** Never throws. */
  evicted({ context }: Operation): void {
    guarded('counting an evicted operation', () => this.#metrics.evicted(context));
  }

  /** Counts a lost audit record. */
  lostRecord(sink: string, cause: string): void {
    this.#metrics.lostRecord(sink, cause);
  }

  /** Learns the names in a list result. */
  learnListed(row: MethodRow, result: Record<string, unknown>, redact: (field: string, name: string) => string): void {
    if (typeof row.result !== 'object') return;
    const { lists, attribute } = row.result;
    const listed = result[lists];
    if (!Array.isArray(listed)) return;
    for (const entry of listed.slice(0, MAX_LISTED)) {
      const name = asString(asRecord(entry)?.['name']);
      if (name !== undefined) this.#names.targets[attribute]?.learn(redact(attribute, name));
    }
  }

  #measures({ ignored, row }: Operation, { size }: RequestFacts | AnswerFacts): boolean {
    return !ignored && row.kind === 'request' && (this.#sizes ?? size !== undefined);
  }

  #attributes(template: Template, outcome: Outcome): Attributes {
    if (outcome !== SUCCESS) return this.#attributesOf(template, outcome);
    if (template.successMetricAttributes === undefined) {
      learnNames(template.facts, this.#names);
      template.successMetricAttributes = this.#attributesOf(template, outcome);
    }
    return template.successMetricAttributes;
  }

  #attributesOf(template: Template, outcome: Outcome): Attributes {
    return operationMetricAttributes(template, outcome, this.#names, this.#statusCodeKey);
  }

  /** Kept for successes, like the attributes that it adds the side to. */
  #sided(template: Template, attributes: Attributes): Attributes {
    const { direction } = template.facts;
    if (attributes !== template.successMetricAttributes) return withSide(attributes, direction);
    template.sidedMetricAttributes ??= withSide(attributes, direction);
    return template.sidedMetricAttributes;
  }
}
