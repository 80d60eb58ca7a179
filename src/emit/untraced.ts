/** What this package does for itself: instrumentations make no spans of it. */
import { context, createContextKey } from '@opentelemetry/api';

/** The key that all instrumentations ask, from `@opentelemetry/core`. */
const SUPPRESS_TRACING = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

export function untraced<T>(run: () => T): T {
  return context.with(context.active().setValue(SUPPRESS_TRACING, true), run);
}
