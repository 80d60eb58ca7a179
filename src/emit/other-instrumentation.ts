/**
 * Detects another instrumentation of MCP by its spans, and warns once: each message has two spans and two measurements.
 */
import { type Context, type Span, trace } from '@opentelemetry/api';
import { PACKAGE_NAME } from '../lib/version.js';
import { asRecord, asString } from '../protocol/jsonrpc.js';
import { shown } from '../redact/scrub.js';
import { reportFailure, warnOperator } from '../report/report.js';
import { ATTR_MCP_METHOD_NAME } from '../semconv/attributes.js';

/** Foreign spans that `reuseExecuteToolSpan` gave our attributes. */
const enriched = new WeakSet<Span>();
let noticed = false;

/** Sets our attributes on a foreign span. */
export function enrich(span: Span, attributes: Parameters<Span['setAttributes']>[0]): void {
  enriched.add(span);
  span.setAttributes(attributes);
}

/** Checks a span, until another instrumentation is found. Returns true once one is. */
export function noticeOther(span: unknown): boolean {
  if (noticed || span === undefined) return noticed;
  try {
    const scope = scopeOfOther(span as Span);
    if (scope === undefined) return false;
    noticed = true;
    warnOperator(
      `another instrumentation (${shown(scope, 100)}) also creates spans for MCP messages in this process: spans and durations ` +
        'are recorded twice. Set standBack (MCP_TRAIL_STAND_BACK=true) to leave them to it; the audit trail goes on',
    );
  } catch (error) {
    reportFailure('looking at a span', error);
  }
  return noticed;
}

/** Whether the active span is a foreign span of an MCP message. */
export function isOthers(active: Context): boolean {
  const span = trace.getSpan(active);
  return span !== undefined && scopeOfOther(span) !== undefined;
}

// The API hides attributes; spans of the SDK expose them.
function scopeOfOther(span: Span): string | undefined {
  const { attributes, instrumentationScope } = span as { attributes?: unknown; instrumentationScope?: unknown };
  const name = asString(asRecord(instrumentationScope)?.['name']);
  if (name === undefined || name === PACKAGE_NAME) return undefined;
  return asRecord(attributes)?.[ATTR_MCP_METHOD_NAME] === undefined || enriched.has(span) ? undefined : name;
}
