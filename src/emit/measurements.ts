/** Durations of operations and sessions, with bounded attributes. */

import {
  createKnownMetricNames,
  type KnownMetricNames,
  learnNames,
  operationMetricAttributes,
  sessionMetricAttributes,
} from '../describe/metric-attributes.js';
import type { ResolvedConfig } from '../options/instrumentation.js';
import { asRecord, asString } from '../protocol/jsonrpc.js';
import type { MethodRow } from '../protocol/methods.js';
import { reportFailure } from '../report/report.js';
import type { ConnectionInfo, Session } from '../session/connection-info.js';
import type { Operation } from '../session/operation.js';
import { type Outcome, SUCCESS } from '../session/outcome.js';
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

  constructor(config: ResolvedConfig, providers: Providers) {
    this.#metrics = new Metrics(providers);
    this.#standBack = config.standBack;
    this.#statusCodeKey = config.rpcStatusCodeAttribute;
  }

  operation({ direction, row, template, context, ignored }: Operation, outcome: Outcome, milliseconds: number): void {
    // The hours of a stream would hide the seconds of other operations.
    if (row.stream || ignored) return;
    this.#metrics.operation(direction, milliseconds / 1000, this.#attributes(template, outcome), context);
  }

  session(connection: ConnectionInfo, session: Session, outcome: Outcome, milliseconds: number): void {
    if (connection.role === 'unknown' || this.#standBack) return;
    const attributes = sessionMetricAttributes(connection, session.peer, outcome, this.#names);
    this.#metrics.session(connection.role, milliseconds / 1000, attributes, session.context);
  }

  /** Never throws. */
  evicted({ context }: Operation): void {
    try {
      this.#metrics.evicted(context);
    } catch (error) {
      reportFailure('counting an evicted operation', error);
    }
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

  #attributes(template: Operation['template'], outcome: Outcome) {
    if (outcome !== SUCCESS) return operationMetricAttributes(template, outcome, this.#names, this.#statusCodeKey);
    if (template.successMetricAttributes === undefined) {
      learnNames(template.facts, this.#names);
      template.successMetricAttributes = operationMetricAttributes(template, outcome, this.#names, this.#statusCodeKey);
    }
    return template.successMetricAttributes;
  }
}
