/** Creates one span and ends. The span is exported only if an SDK was started before and is flushed at the end. */
import { trace } from '@opentelemetry/api';

trace.getTracer('matrix').startSpan('one span').end();
