/**
 * Builds templates: the parts of spans and measurements that all messages of one method, target and connection share.
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

/** Network and endpoint attributes, of spans and metrics. */
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
      // Replaced per request: copying an object with this property is cheaper than adding it.
      [ATTR_JSONRPC_REQUEST_ID]: row.kind === 'request' ? '' : undefined,
    }),
    successMetricAttributes: undefined,
    sidedMetricAttributes: undefined,
  };
}

/** A copy without undefined members. */
export function defined(attributes: Attributes): Attributes {
  const kept: Attributes = {};
  for (const key in attributes) {
    const value = attributes[key];
    if (value !== undefined) kept[key] = value;
  }
  return kept;
}
