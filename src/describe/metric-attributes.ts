/** Metric attributes of operations and sessions: an allow-list of bounded values. Pure. */
import type { Attributes } from '@opentelemetry/api';
import { METHODS } from '../protocol/methods.js';
import {
  ATTR_ERROR_TYPE,
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_PROMPT_NAME,
  ATTR_GEN_AI_TOOL_NAME,
  ATTR_MCP_METHOD_NAME,
  ATTR_MCP_PROTOCOL_VERSION,
  ATTR_MCP_TRAIL_SIDE,
} from '../semconv/attributes.js';
import { MCP_PROTOCOL_VERSIONS, MCP_TRAIL_SIDE_VALUE_CLIENT, MCP_TRAIL_SIDE_VALUE_SERVER } from '../semconv/values.js';
import type { ConnectionInfo, Direction, McpPeerInfo } from '../session/connection-info.js';
import type { Outcome } from '../session/outcome.js';
import type { Template, TemplateFacts } from '../session/template.js';
import { KnownNames } from './known-names.js';
import { type StatusCodeKey, statusCodeAttributes } from './outcome-attributes.js';
import { PEER_ATTRIBUTES } from './peer-attributes.js';
import { defined, networkAttributes } from './template.js';

/** Known names, per kind. */
export interface KnownMetricNames {
  readonly methods: KnownNames;
  readonly targets: Readonly<Record<string, KnownNames>>;
  readonly protocolVersions: KnownNames;
  readonly statusCodes: KnownNames;
  /** Names of peers, by role. */
  readonly peers: Readonly<Record<McpPeerInfo['role'], KnownNames>>;
}

export function createKnownMetricNames(): KnownMetricNames {
  return {
    methods: new KnownNames(100, METHODS.keys()),
    targets: { [ATTR_GEN_AI_TOOL_NAME]: new KnownNames(500), [ATTR_GEN_AI_PROMPT_NAME]: new KnownNames(500) },
    protocolVersions: new KnownNames(10, MCP_PROTOCOL_VERSIONS),
    statusCodes: new KnownNames(50),
    peers: { client: new KnownNames(50), server: new KnownNames(100) },
  };
}

/** Learns the names of a successful request. Notifications prove nothing: they have no answer. */
export function learnNames(
  { method, row, target, protocolVersion, peer }: TemplateFacts,
  names: KnownMetricNames,
): void {
  if (row.kind !== 'request') return;
  names.methods.learn(method);
  if (peer.name !== undefined) names.peers[peer.role].learn(peer.name);
  if (protocolVersion !== undefined) names.protocolVersions.learn(protocolVersion);
  if (row.target !== undefined && target !== undefined) names.targets[row.target.attribute]?.learn(target);
}

/** Attributes of an operation's duration, sorted by key: the SDK hashes sorted attributes fastest. */
export function operationMetricAttributes(
  template: Template,
  outcome: Outcome,
  names: KnownMetricNames,
  statusCodeKey: StatusCodeKey,
): Attributes {
  const { facts } = template;
  const { method, row, target, protocolVersion, peer } = facts;
  const { errorType, statusCode } = outcome;
  const code = statusCode === undefined ? undefined : boundedCode(statusCode, names);
  return sorted({
    ...(errorType !== undefined && { [ATTR_ERROR_TYPE]: errorType === statusCode ? code : errorType }),
    [ATTR_GEN_AI_OPERATION_NAME]: row.operationName,
    ...(row.target &&
      target !== undefined && { [row.target.attribute]: names.targets[row.target.attribute]?.bounded(target) }),
    [ATTR_MCP_METHOD_NAME]: names.methods.bounded(method),
    [ATTR_MCP_PROTOCOL_VERSION]:
      protocolVersion === undefined ? undefined : names.protocolVersions.bounded(protocolVersion),
    ...networkAttributes(facts),
    ...peerMetricAttributes(peer, names),
    ...(code !== undefined && statusCodeAttributes(code, statusCodeKey)),
  });
}

/** With the side, for metrics that have one name for both. */
export function withSide(attributes: Attributes, direction: Direction): Attributes {
  const side = direction === 'outbound' ? MCP_TRAIL_SIDE_VALUE_CLIENT : MCP_TRAIL_SIDE_VALUE_SERVER;
  return sorted({ ...attributes, [ATTR_MCP_TRAIL_SIDE]: side });
}

/** Attributes of a session's duration. */
export function sessionMetricAttributes(
  connection: ConnectionInfo,
  peer: McpPeerInfo,
  outcome: Outcome,
  names: KnownMetricNames,
): Attributes {
  const { protocolVersion } = connection;
  return sorted({
    [ATTR_ERROR_TYPE]: outcome.errorType,
    [ATTR_MCP_PROTOCOL_VERSION]:
      protocolVersion === undefined ? undefined : names.protocolVersions.bounded(protocolVersion),
    ...networkAttributes({ connection, direction: connection.role === 'client' ? 'outbound' : 'inbound' }),
    ...peerMetricAttributes(peer, names),
  });
}

function peerMetricAttributes({ role, name }: McpPeerInfo, names: KnownMetricNames): Attributes {
  return name === undefined ? {} : { [PEER_ATTRIBUTES[role].name]: names.peers[role].bounded(name) };
}

/** Peers choose error codes: the first fifty are kept. */
function boundedCode(code: string, names: KnownMetricNames): string {
  names.statusCodes.learn(code);
  return names.statusCodes.bounded(code);
}

function sorted(attributes: Record<string, unknown>): Attributes {
  const entries = Object.entries(defined(attributes as Attributes));
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
