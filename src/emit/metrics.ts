/** Instruments: the conventions' four histograms and two counters of ours. */

import {
  type Attributes,
  type Context,
  type Counter,
  type Histogram,
  type MeterProvider,
  ValueType,
} from '@opentelemetry/api';
import { PACKAGE_NAME, PACKAGE_VERSION } from '../lib/version.js';
import { ATTR_ERROR_TYPE, ATTR_MCP_TRAIL_AUDIT_SINK } from '../semconv/attributes.js';
import {
  MCP_DURATION_BUCKETS,
  METRIC_MCP_CLIENT_OPERATION_DURATION,
  METRIC_MCP_CLIENT_SESSION_DURATION,
  METRIC_MCP_SERVER_OPERATION_DURATION,
  METRIC_MCP_SERVER_SESSION_DURATION,
  METRIC_MCP_TRAIL_AUDIT_RECORDS_LOST,
  METRIC_MCP_TRAIL_OPERATIONS_EVICTED,
} from '../semconv/metrics.js';
import type { Direction } from '../session/connection-info.js';
import { watchExports } from './lost-exports.js';
import type { Providers } from './providers.js';

interface Instruments {
  readonly client: Histogram;
  readonly server: Histogram;
  readonly clientSession: Histogram;
  readonly serverSession: Histogram;
  readonly evicted: Counter;
  readonly lostRecords: Counter;
}

export class Metrics {
  readonly #providers: Providers;
  #madeBy: MeterProvider | undefined;
  #instruments: Instruments | undefined;

  constructor(providers: Providers) {
    this.#providers = providers;
  }

  /** An operation's duration, as its sender or receiver sees it. */
  operation(direction: Direction, seconds: number, attributes: Attributes, context: Context): void {
    const instruments = this.#current();
    (direction === 'outbound' ? instruments.client : instruments.server).record(seconds, attributes, context);
  }

  session(side: 'client' | 'server', seconds: number, attributes: Attributes, context: Context): void {
    const instruments = this.#current();
    (side === 'client' ? instruments.clientSession : instruments.serverSession).record(seconds, attributes, context);
  }

  evicted(context: Context): void {
    this.#current().evicted.add(1, undefined, context);
  }

  lostRecord(sink: string, cause: string): void {
    this.#current().lostRecords.add(1, { [ATTR_MCP_TRAIL_AUDIT_SINK]: sink, [ATTR_ERROR_TYPE]: cause });
  }

  #current(): Instruments {
    const provider = this.#providers.meterProvider;
    if (this.#instruments === undefined || provider !== this.#madeBy) {
      this.#madeBy = provider;
      watchExports('metrics', provider);
      this.#instruments = createInstruments(provider);
    }
    return this.#instruments;
  }
}

function createInstruments(provider: MeterProvider): Instruments {
  const meter = provider.getMeter(PACKAGE_NAME, PACKAGE_VERSION);
  const duration = (name: string, description: string) =>
    meter.createHistogram(name, {
      description,
      unit: 's',
      valueType: ValueType.DOUBLE,
      advice: { explicitBucketBoundaries: [...MCP_DURATION_BUCKETS] },
    });
  return {
    client: duration(
      METRIC_MCP_CLIENT_OPERATION_DURATION,
      'Duration of an MCP request or notification as observed by the sender, until the response or acknowledgement.',
    ),
    server: duration(
      METRIC_MCP_SERVER_OPERATION_DURATION,
      'Duration of an MCP request or notification as observed by the receiver, until the result or acknowledgement.',
    ),
    clientSession: duration(
      METRIC_MCP_CLIENT_SESSION_DURATION,
      'Duration of an MCP session as observed by the client.',
    ),
    serverSession: duration(
      METRIC_MCP_SERVER_SESSION_DURATION,
      'Duration of an MCP session as observed by the server.',
    ),
    evicted: meter.createCounter(METRIC_MCP_TRAIL_OPERATIONS_EVICTED, {
      description: 'Operations given up because the bound on open operations was reached or their id was repeated.',
      unit: '{operation}',
    }),
    lostRecords: meter.createCounter(METRIC_MCP_TRAIL_AUDIT_RECORDS_LOST, {
      description: 'Audit records that could not be delivered.',
      unit: '{record}',
    }),
  };
}
