import { getJson } from './json.js';

/** A line in Loki: its text, and its labels and structured metadata. */
export interface Line {
  readonly timestamp: string;
  readonly text: string;
  readonly labels: Record<string, string>;
}

const HOUR_MS = 3_600_000;
const NANOS = '000000';

/** Results of a log query over the last hour and the next minute (clocks differ), oldest first. */
export async function queryLines(
  base: string,
  query: string,
  options: { tenant?: string; limit?: number; sinceMs?: number } = {},
): Promise<Line[]> {
  const { tenant = 'mcp-audit', limit = 5_000, sinceMs = HOUR_MS } = options;
  const url = new URL('/loki/api/v1/query_range', base);
  const range = { start: `${Date.now() - sinceMs}${NANOS}`, end: `${Date.now() + 60_000}${NANOS}` };
  url.search = String(new URLSearchParams({ query, limit: String(limit), direction: 'forward', ...range }));
  const { data } = await getJson(url, { 'x-scope-orgid': tenant });
  const lines = data.result.flatMap(({ stream, values }: any) =>
    values.map(([timestamp, text]: [string, string]) => ({ timestamp, text, labels: stream })),
  );
  return lines.sort((one: Line, other: Line) => (BigInt(one.timestamp) < BigInt(other.timestamp) ? -1 : 1));
}
