import { attributes } from '../support/otlp.js';

/** The buckets of the conventions up to half a second. */
const BOUNDS = [0.01, 0.5];
const START_MS = Date.now() - 600_000;

/** A request body for `/v1/metrics` with the cumulative duration of calls, as from an application. */
export function histogramRequest({
  count,
  tool,
  service = 'weather',
}: {
  count: number;
  tool: string;
  service?: string;
}) {
  const slow = Math.ceil((count * 2) / 3);
  const point = {
    attributes: attributes({ 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': tool }),
    startTimeUnixNano: `${START_MS}000000`,
    timeUnixNano: `${Date.now() + count}000000`,
    count: String(count),
    sum: slow * 0.2 + (count - slow) * 0.005,
    bucketCounts: [String(count - slow), String(slow), '0'],
    explicitBounds: BOUNDS,
  };
  const histogram = { aggregationTemporality: 2, dataPoints: [point] };
  const metric = { name: 'mcp.server.operation.duration', unit: 's', histogram };
  const resource = { attributes: attributes({ 'service.name': service }) };
  return { resourceMetrics: [{ resource, scopeMetrics: [{ scope: { name: 'mcp-trail' }, metrics: [metric] }] }] };
}
