/** How spans hang together, by their ids. */
import { context, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';

/** The span that is active here and now. */
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

/** How many traces spans belong to. */
export function countTraces(spans: readonly ReadableSpan[]): number {
  return new Set(spans.map((span) => span.spanContext().traceId)).size;
}
