/** Relations between spans, by their ids. */
import { context, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';

/** The active span. */
export function activeId(): string | undefined {
  return trace.getSpan(context.active())?.spanContext().spanId;
}

export function idOf(span: ReadableSpan | undefined): string | undefined {
  return span?.spanContext().spanId;
}

export function parentIdOf(span: ReadableSpan | undefined): string | undefined {
  return span?.parentSpanContext?.spanId;
}

export function linkedIdsOf(span: ReadableSpan | undefined): string[] {
  return span?.links.map((link) => link.context.spanId) ?? [];
}

/** The number of traces of some spans. */
export function countTraces(spans: readonly ReadableSpan[]): number {
  return new Set(spans.map((span) => span.spanContext().traceId)).size;
}
