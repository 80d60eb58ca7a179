import { attributes } from './otlp.js';

/** Buckets of the conventions, in seconds. */
const BOUNDS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

export interface CallsInput {
  /** Attributes of `mcp.server.operation.duration`. */
  readonly attributes: Record<string, string>;
  /** Start time of the series. */
  readonly startMs: number;
  /** Cumulative counts of calls, by time. */
  readonly points: readonly { readonly timeMs: number; readonly calls: number }[];
  /** Duration of each call; default: 0.15 s. */
  readonly seconds?: number;
  /** The trace of one call, as an exemplar. */
  readonly traceId?: string;
}

/** A request body for `/v1/metrics` with the number of tool calls of a server. */
export function callsRequest(series: readonly CallsInput[], resource: Record<string, string>) {
  const dataPoints = series.flatMap(({ startMs, points, seconds = 0.15, traceId, ...input }) =>
    points.map(({ timeMs, calls }) => ({
      attributes: attributes({ 'mcp.method.name': 'tools/call', ...input.attributes }),
      startTimeUnixNano: `${startMs}000000`,
      timeUnixNano: `${timeMs}000000`,
      count: String(calls),
      sum: calls * seconds,
      explicitBounds: BOUNDS,
      bucketCounts: [...BOUNDS, Number.POSITIVE_INFINITY].map((bound, index) =>
        seconds <= bound && seconds > (BOUNDS[index - 1] ?? 0) ? String(calls) : '0',
      ),
      ...(traceId && {
        exemplars: [{ traceId, spanId: traceId.slice(16), timeUnixNano: `${timeMs}000000`, asDouble: seconds }],
      }),
    })),
  );
  const metric = {
    name: 'mcp.server.operation.duration',
    unit: 's',
    histogram: { aggregationTemporality: 2, dataPoints },
  };
  return {
    resourceMetrics: [
      {
        resource: { attributes: attributes(resource) },
        scopeMetrics: [{ scope: { name: 'mcp-trail' }, metrics: [metric] }],
      },
    ],
  };
}
