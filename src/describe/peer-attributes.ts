/** The peer, as hooks and spans show it. Pure. */
import type { Attributes } from '@opentelemetry/api';
import {
  ATTR_MCP_TRAIL_CLIENT_NAME,
  ATTR_MCP_TRAIL_CLIENT_VERSION,
  ATTR_MCP_TRAIL_SERVER_NAME,
  ATTR_MCP_TRAIL_SERVER_VERSION,
} from '../semconv/attributes.js';
import type { ConnectionInfo, McpPeerInfo } from '../session/connection-info.js';

/** Attributes of name and version, by role of the peer. */
export const PEER_ATTRIBUTES = {
  client: { name: ATTR_MCP_TRAIL_CLIENT_NAME, version: ATTR_MCP_TRAIL_CLIENT_VERSION },
  server: { name: ATTR_MCP_TRAIL_SERVER_NAME, version: ATTR_MCP_TRAIL_SERVER_VERSION },
} as const;

/** @param claim redacted name and version */
export function peerInfo(
  { kind, endpoint, command }: ConnectionInfo,
  role: McpPeerInfo['role'],
  claim: Pick<McpPeerInfo, 'name' | 'version'>,
): McpPeerInfo {
  const reached = role === 'server';
  return Object.freeze({
    role,
    transport: kind.name,
    ...(reached && endpoint !== undefined && { host: endpoint.address }),
    ...(reached && endpoint?.port !== undefined && { port: endpoint.port }),
    ...(reached && command),
    ...(claim.name !== undefined && { name: claim.name }),
    ...(claim.version !== undefined && { version: claim.version }),
  });
}

export function peerAttributes({ role, name, version }: McpPeerInfo): Attributes {
  const keys = PEER_ATTRIBUTES[role];
  return {
    ...(name !== undefined && { [keys.name]: name }),
    ...(version !== undefined && { [keys.version]: version }),
  };
}
