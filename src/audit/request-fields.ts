/** Fields of the operation that a message begins, not yet redacted. Pure. */
import { memberNames, membersOf, nonEmpty } from '../lib/foreign.js';
import { cutChars } from '../lib/text.js';
import { asString } from '../protocol/jsonrpc.js';
import { AI_INVOCATION_KEY, CLIENT_CAPABILITIES_KEY } from '../protocol/meta.js';
import type { AuditRow, MethodRow } from '../protocol/methods.js';
import { taskNamed } from '../protocol/tasks.js';
import { MAX_NAME_CHARS } from '../redact/limits.js';
import { ATTR_GEN_AI_PROMPT_NAME, ATTR_GEN_AI_TOOL_NAME } from '../semconv/attributes.js';
import type { ConnectionInfo, Implementation } from '../session/connection-info.js';
import { paramsSize, type RequestFacts } from '../session/message-facts.js';
import type { Operation } from '../session/operation.js';
import type { Peer } from '../session/peer.js';
import { strings } from './actor.js';
import type { FieldValues, RecordFields } from './record-fields.js';

/** Fields that are the same for all operations of a template. */
export function constantFields(
  { row, method, direction }: Operation,
  audit: AuditRow,
  { target: name }: RequestFacts,
): FieldValues {
  return {
    'mcp_audit.side': direction === 'outbound' ? 'client' : 'server',
    'audit.action': audit.action,
    'audit.target.type': name === undefined ? audit.target : undefined,
    'audit.target.id': name === undefined && audit.target === 'mcp.method' ? method : undefined,
    'mcp.method.name': method,
    'gen_ai.operation.name': row.operationName,
    'gen_ai.tool.name': row.target?.attribute === ATTR_GEN_AI_TOOL_NAME ? name : undefined,
    'gen_ai.prompt.name': row.target?.attribute === ATTR_GEN_AI_PROMPT_NAME ? name : undefined,
  };
}

/** Fields of one message. */
export function messageFields(operation: Operation, audit: AuditRow, facts: RequestFacts): FieldValues {
  const { params, uri } = facts;
  const { row, id, round, correlation, claimedCorrelation } = operation;
  // What the message itself names: the facts may hold a related task instead.
  const taskId = audit.target === 'mcp.task' ? taskNamed(row, params, undefined) : undefined;
  return {
    'audit.target.id': audit.target === 'mcp.task' ? `tasks/${taskId ?? ''}` : undefined,
    'mcp.resource.uri': uri,
    'mcp_audit.task.id': taskId,
    'jsonrpc.request.id': id === undefined ? undefined : String(id),
    'mcp_audit.correlation.id': correlation,
    'mcp_audit.correlation.claimed_id': claimedCorrelation,
    'mcp_trail.round': round !== undefined && round > 1 ? round : undefined,
    'mcp_audit.request.size': paramsSize(facts),
  };
}

const MAX_CAPABILITIES = 64;

/** What a client declares that it can do, of a message by which it connects. */
export function capabilityFields({ params, meta }: RequestFacts): FieldValues {
  const { capabilities } = membersOf<Record<string, unknown>>(params, ['capabilities']);
  const { [CLIENT_CAPABILITIES_KEY]: ofMessage } = membersOf<Record<string, unknown>>(meta, [CLIENT_CAPABILITIES_KEY]);
  const names = memberNames(capabilities ?? ofMessage);
  if (names.length === 0) return {};
  return {
    'mcp_audit.client.capabilities': names.slice(0, MAX_CAPABILITIES).sort(),
    'mcp_audit.truncated': names.length > MAX_CAPABILITIES ? ['mcp_audit.client.capabilities'] : undefined,
  };
}

/** The turn and the model that a client claims. Its user's intent and its reason, which are texts, are not read. */
export function aiInvocationFields({ meta }: RequestFacts): FieldValues {
  const { [AI_INVOCATION_KEY]: claim } = membersOf<Record<string, unknown>>(meta, [AI_INVOCATION_KEY]);
  const { turnId, model } = membersOf<Record<string, unknown>>(claim, ['turnId', 'model']);
  return {
    'mcp_audit.ai_invocation.turn_id': nonEmpty(turnId),
    'mcp_audit.ai_invocation.model': nonEmpty(membersOf<Record<string, unknown>>(model, ['name'])['name']),
  };
}

/** The target: `tools/{name}`, `prompts/{name}`, a URI, or the server or client if the method names none. */
export function namedTarget(row: MethodRow, fields: RecordFields): FieldValues {
  // Built from redacted fields: the URI has lost its secrets.
  const uri = fields.get('mcp.resource.uri');
  if (uri !== undefined) return { 'audit.target.type': 'mcp.resource', 'audit.target.id': cut(uri) };
  if (row.resource) return { 'audit.target.type': 'mcp.resource', 'audit.target.id': 'unknown' };
  const tool = fields.get('gen_ai.tool.name');
  const prompt = fields.get('gen_ai.prompt.name');
  if (tool !== undefined) return { 'audit.target.type': 'mcp.tool', 'audit.target.id': toolTarget(tool) };
  if (prompt !== undefined) return { 'audit.target.type': 'mcp.prompt', 'audit.target.id': cut(`prompts/${prompt}`) };
  const type = fields.get('audit.target.type') ?? row.audit?.target;
  if (type === undefined || fields.get('audit.target.id') !== undefined) return {};
  const who = type === 'mcp.client' ? fields.get('mcp_audit.client.name') : fields.get('mcp_audit.server.name');
  return { 'audit.target.type': type, 'audit.target.id': who ?? 'unknown' };
}

/** Target id of a tool. */
export function toolTarget(name: string): string {
  return cut(`tools/${name}`);
}

/** The prefix may exceed the bound of names. */
function cut(id: string): string {
  return cutChars(id, MAX_NAME_CHARS);
}

/** Client and server, as they describe themselves. */
export function endpointFields(connection: ConnectionInfo, client: Implementation | undefined): FieldValues {
  const { server, endpoint, kind } = connection;
  const transport = kind.networkTransport;
  return {
    'network.transport': transport === 'pipe' || transport === 'tcp' ? transport : undefined,
    'mcp_audit.client.name': asString(client?.name),
    'mcp_audit.client.version': asString(client?.version),
    'client.service.name': asString(client?.name),
    'mcp_audit.server.name': asString(server?.name),
    'mcp_audit.server.version': asString(server?.version),
    'server.address': endpoint?.address,
    'server.port': endpoint?.port,
  };
}

/** Fields that only the receiver knows. */
export function peerFields(peer: Peer): FieldValues {
  const { http, auth = http?.notes.auth } = peer;
  const presented = http?.certificate();
  // Anyone can create a certificate: only those of a trusted authority count.
  const certificate = presented?.authorized ? presented : undefined;
  const requestId = http?.header('x-request-id');
  return {
    'client.address': peer.address,
    'client.port': peer.port,
    'network.peer.address': http?.peerAddress,
    'user_agent.original': http?.header('user-agent'),
    'http.request.method': http?.method,
    'url.path': http?.path,
    'http.request.header.x-request-id': requestId === undefined ? undefined : [requestId],
    'mcp_audit.oauth.client_id': auth?.clientId,
    'mcp_audit.oauth.scopes': strings(auth?.scopes),
    'tls.client.subject': certificate?.subject,
    'tls.client.hash.sha256': certificate?.sha256,
  };
}
