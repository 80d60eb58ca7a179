/** Instruments: the conventions' four histograms of durations, and those of ours. */

import {
  type Attributes,
  type Context,
  type Counter,
  type Histogram,
  type MeterProvider,
  type UpDownCounter,
  ValueType,
} from '@opentelemetry/api';
import { PACKAGE_NAME, PACKAGE_VERSION } from '../lib/version.js';
import { ATTR_ERROR_TYPE, ATTR_MCP_TRAIL_AUDIT_SINK } from '../semconv/attributes.js';
import {
  MCP_DURATION_BUCKETS,
  MCP_TRAIL_SIZE_BUCKETS,
  METRIC_MCP_CLIENT_OPERATION_DURATION,
  METRIC_MCP_CLIENT_SESSION_DURATION,
  METRIC_MCP_SERVER_OPERATION_DURATION,
  METRIC_MCP_SERVER_SESSION_DURATION,
  METRIC_MCP_TRAIL_AUDIT_RECORDS_LOST,
  METRIC_MCP_TRAIL_OPERATIONS_ACTIVE,
  METRIC_MCP_TRAIL_OPERATIONS_EVICTED,
  METRIC_MCP_TRAIL_REQUEST_SIZE,
  METRIC_MCP_TRAIL_RESPONSE_SIZE,
} from '../semconv/metrics.js';
import type { Direction } from '../session/connection-info.js';
import { watchExports } from './lost-exports.js';
import type { Providers } from './providers.js';

interface Instruments {
  readonly client: Histogram;
  readonly server: Histogram;
  readonly clientSession: Histogram;
  readonly serverSession: Histogram;
  readonly requestSize: Histogram;
  readonly responseSize: Histogram;
  readonly active: UpDownCounter;
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

  /** Bytes of a message; nothing where they are not known. */
  size(of: 'requestSize' | 'responseSize', bytes: number | undefined, attributes: Attributes, context: Context): void {
    if (bytes !== undefined) this.#current()[of].record(bytes, attributes, context);
  }

  /** Counts an operation as active. The result takes it off again: from the same instrument, with the same attributes. */
  active(attributes: Attributes, context: Context): () => void {
    const { active } = this.#current();
    active.add(1, attributes, context);
    return () => active.add(-1, attributes, context);
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
  const size = (name: string, description: string) =>
    meter.createHistogram(name, {
      description,
      unit: 'By',
      valueType: ValueType.INT,
      advice: { explicitBucketBoundaries: [...MCP_TRAIL_SIZE_BUCKETS] },
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
    requestSize: size(METRIC_MCP_TRAIL_REQUEST_SIZE, 'Size of JSON-RPC requests as JSON.'),
    responseSize: size(METRIC_MCP_TRAIL_RESPONSE_SIZE, 'Size of the responses to JSON-RPC requests as JSON.'),
    active: meter.createUpDownCounter(METRIC_MCP_TRAIL_OPERATIONS_ACTIVE, {
      description: 'Requests that are being handled or waited for.',
      unit: '{operation}',
      valueType: ValueType.INT,
    }),
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
