/** Sizes of messages: as metrics have them, and as they are on the wire. */
import type { Series, Telemetry } from './telemetry.js';

/** Sizes that were measured, added up. */
export interface Sizes {
  readonly request?: number;
  readonly response?: number;
}

const PREFIX = /^mcp_trail\.(request|response)\.size$/;

/** What is measured while something runs, by side and method: `server tools/list`. */
export async function sizesWhile(telemetry: Telemetry, run: () => Promise<unknown>): Promise<Record<string, Sizes>> {
  const before = await telemetry.series();
  await run();
  const found: Record<string, Record<string, number>> = {};
  for (const [series, sign] of [
    ...before.map((each) => [each, -1] as const),
    ...(await telemetry.series()).map((each) => [each, 1] as const),
  ]) {
    const [, part] = PREFIX.exec(series.metric) ?? [];
    if (part === undefined) continue;
    found[placeOf(series)] ??= {};
    const sizes = found[placeOf(series)] as Record<string, number>;
    sizes[part] = (sizes[part] ?? 0) + sign * series.sum;
  }
  const measured = Object.entries(found).map(([place, sizes]) => {
    return [place, Object.fromEntries(Object.entries(sizes).filter(([, bytes]) => bytes !== 0))] as const;
  });
  return Object.fromEntries(measured.filter(([, sizes]) => Object.keys(sizes).length > 0));
}

function placeOf({ attributes }: Series): string {
  return `${attributes['mcp_trail.side']} ${attributes['mcp.method.name']}`;
}

/** Bytes of a message as JSON. */
export function bytesOf(message: unknown): number {
  return Buffer.byteLength(JSON.stringify(message));
}

/** A request as it was before its trace context was added. */
export function withoutContext({ params, ...message }: any): unknown {
  const { _meta, ...others } = params;
  const { traceparent: _, ...meta } = _meta;
  const before = { ...others, ...(Object.keys(meta).length > 0 && { _meta: meta }) };
  return Object.keys(before).length > 0 ? { ...message, params: before } : message;
}
