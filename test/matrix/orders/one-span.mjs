/** Makes one span and ends: it is exported only if an SDK has been started before, and flushed at the end. */
import { trace } from '@opentelemetry/api';

trace.getTracer('matrix').startSpan('one span').end();
