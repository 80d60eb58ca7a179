import { attributes } from './otlp.js';

/** The buckets that the conventions ask for, in seconds. */
const BOUNDS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

export interface CallsInput {
  /** What the series is: attributes of `mcp.server.operation.duration`. */
  readonly attributes: Record<string, string>;
  /** When the series began. */
  readonly startMs: number;
  /** How many calls there had been by when. */
  readonly points: readonly { readonly timeMs: number; readonly calls: number }[];
  /** How long each took. Default: 0.15 s. */
  readonly seconds?: number;
  /** The trace of one of them. */
  readonly traceId?: string;
}

/** The body of a request to `/v1/metrics` that says how many tool calls a server has answered. */
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
