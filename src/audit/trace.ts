/** The place of a record in its trace. */
import { type Context, isSpanContextValid, type Span } from '@opentelemetry/api';
import type { Trace } from './trail.js';

/** Of a span, sampled or not; nothing where there is no trace. */
export function traceOf(context: Context, span: Span | undefined): Trace | undefined {
  const spanContext = span?.spanContext();
  if (spanContext === undefined || !isSpanContextValid(spanContext)) return undefined;
  return { context, traceId: spanContext.traceId, spanId: spanContext.spanId };
}
