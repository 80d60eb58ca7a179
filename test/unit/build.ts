/** Operations and templates to test with, made from the parts that a test cares about. */
import { INVALID_SPAN_CONTEXT, ROOT_CONTEXT, type Span, type SpanContext, trace } from '@opentelemetry/api';
import { peerInfo } from '../../src/describe/peer-attributes.js';
import { buildTemplate } from '../../src/describe/template.js';
import type { RequestId } from '../../src/protocol/jsonrpc.js';
import { type MethodRow, methodRow } from '../../src/protocol/methods.js';
import { Connection } from '../../src/session/connection.js';
import type { Direction } from '../../src/session/connection-info.js';
import { Operation } from '../../src/session/operation.js';
import type { Template, TemplateFacts } from '../../src/session/template.js';

/** The row of a request; a typing mistake would give the row of unknown methods. */
export function rowOf(method: string): MethodRow {
  return methodRow(method, method.startsWith('notifications/') ? 'notification' : 'request');
}

export function facts(given: Partial<TemplateFacts> = {}): TemplateFacts {
  const method = given.method ?? 'tools/call';
  return {
    connection: new Connection({}, 'client'),
    direction: 'outbound',
    method,
    row: rowOf(method),
    target: undefined,
    protocolVersion: undefined,
    sessionId: undefined,
    peer: peerInfo(given.connection ?? new Connection({}, 'client'), 'server', {}),
    shownSessionId: given.sessionId,
    ignored: false,
    baggage: true,
    ...given,
  };
}

export function template(given: Partial<TemplateFacts> = {}): Template {
  return buildTemplate(facts(given));
}

interface Given {
  readonly direction?: Direction;
  readonly connection?: Connection;
  readonly method?: string;
  readonly id?: RequestId | undefined;
  readonly span?: Span;
}

export function operation(given: Given = {}): Operation {
  const { direction = 'outbound', method = 'tools/call', connection = new Connection({}, 'client') } = given;
  const { span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT) } = given;
  const id = 'id' in given ? given.id : 1;
  return new Operation({
    template: template({ direction, method, connection }),
    method,
    id,
    startedAt: 0,
    span,
    context: ROOT_CONTEXT,
    callerContext: ROOT_CONTEXT,
    observed: undefined,
  });
}

/** A valid span context, told apart by a number. */
export function spanContext(number: number): SpanContext {
  return { traceId: '1'.repeat(32), spanId: String(number).padStart(16, '0'), traceFlags: 1 };
}
