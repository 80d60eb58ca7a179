/**
 * The parts of a span and of its measurements that are the same for every message of one method, target and
 * connection. They are put together once; a message adds its id.
 */
import { type Attributes, SpanKind } from '@opentelemetry/api';
import {
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_JSONRPC_REQUEST_ID,
  ATTR_MCP_METHOD_NAME,
  ATTR_MCP_PROTOCOL_VERSION,
  ATTR_MCP_SESSION_ID,
  ATTR_NETWORK_PROTOCOL_NAME,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_NETWORK_TRANSPORT,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
} from '../semconv/attributes.js';
import type { Template, TemplateFacts } from '../session/template.js';
import { peerAttributes } from './peer-attributes.js';
import { spanNameOf } from './span-name.js';

/** Network and endpoint attributes, which spans and metrics share. */
export function networkAttributes({
  connection,
  direction,
}: Pick<TemplateFacts, 'connection' | 'direction'>): Attributes {
  const { kind, httpVersion, endpoint } = connection;
  return defined({
    [ATTR_NETWORK_TRANSPORT]: kind.networkTransport,
    [ATTR_NETWORK_PROTOCOL_NAME]: kind.networkProtocol,
    [ATTR_NETWORK_PROTOCOL_VERSION]: httpVersion,
    [ATTR_SERVER_ADDRESS]: direction === 'outbound' ? endpoint?.address : undefined,
    [ATTR_SERVER_PORT]: direction === 'outbound' ? endpoint?.port : undefined,
  });
}

export function buildTemplate(facts: TemplateFacts): Template {
  const { method, row, target, protocolVersion, shownSessionId, direction, peer } = facts;
  return {
    facts,
    spanName: spanNameOf(method, target),
    spanKind: direction === 'outbound' ? SpanKind.CLIENT : SpanKind.SERVER,
    spanAttributes: defined({
      [ATTR_MCP_METHOD_NAME]: method,
      ...(row.target && { [row.target.attribute]: target }),
      [ATTR_GEN_AI_OPERATION_NAME]: row.operationName,
      [ATTR_MCP_PROTOCOL_VERSION]: protocolVersion,
      [ATTR_MCP_SESSION_ID]: shownSessionId,
      ...networkAttributes(facts),
      ...peerAttributes(peer),
      // Filled in for each request. A copy that has its place for it is cheaper than one that has to grow.
      [ATTR_JSONRPC_REQUEST_ID]: row.kind === 'request' ? '' : undefined,
    }),
    successMetricAttributes: undefined,
  };
}

/** The same record without its undefined members. */
export function defined(attributes: Attributes): Attributes {
  const kept: Attributes = {};
  for (const key in attributes) {
    const value = attributes[key];
    if (value !== undefined) kept[key] = value;
  }
  return kept;
}
