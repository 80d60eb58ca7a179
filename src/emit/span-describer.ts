/** Describes spans. Values of peers and handlers reach a span only through here, redacted. */
import type { Attributes } from '@opentelemetry/api';
import { mayHaveBaggage } from '../describe/baggage.js';
import { type Content, requestContent, resultContent } from '../describe/content.js';
import { outcomeAttributes } from '../describe/outcome-attributes.js';
import { PEER_ATTRIBUTES, peerInfo } from '../describe/peer-attributes.js';
import { withUri } from '../describe/span-name.js';
import { buildTemplate } from '../describe/template.js';
import { TRUNCATED } from '../lib/json-reader.js';
import type { ResolvedConfig } from '../options/instrumentation.js';
import { asString } from '../protocol/jsonrpc.js';
import { declaredProtocolVersion } from '../protocol/meta.js';
import { methodMatcher } from '../protocol/method-patterns.js';
import type { MethodRow } from '../protocol/methods.js';
import { Redactor } from '../redact/redactor.js';
import { newReading, REDACTED } from '../redact/scrub.js';
import { isSensitiveKey, isStatement } from '../redact/sensitive-names.js';
import {
  ATTR_CLIENT_ADDRESS,
  ATTR_CLIENT_PORT,
  ATTR_ERROR_TYPE,
  ATTR_GEN_AI_PROMPT_VARIABLE,
  ATTR_JSONRPC_REQUEST_ID,
  ATTR_MCP_METHOD_NAME,
  ATTR_MCP_PROTOCOL_VERSION,
  ATTR_MCP_RESOURCE_URI,
  ATTR_MCP_SESSION_ID,
  ATTR_MCP_TRAIL_ROUND,
  ATTR_MCP_TRAIL_TASK_ID,
  ATTR_MCP_TRAIL_TASK_STATUS,
  ATTR_RPC_RESPONSE_STATUS_CODE,
} from '../semconv/attributes.js';
import type { Connection } from '../session/connection.js';
import type { ConnectionInfo, Implementation, McpPeerInfo } from '../session/connection-info.js';
import { ownRole } from '../session/implementations.js';
import type { RequestFacts } from '../session/message-facts.js';
import type { Outcome } from '../session/outcome.js';
import type { Peer } from '../session/peer.js';
import { nextNumber, type Round } from '../session/rounds.js';
import type { Template } from '../session/template.js';
import { STRUCTURED_ATTRIBUTES } from './providers.js';

/** Identifies a template on a connection. */
export type TemplateKey = Pick<RequestFacts, 'direction' | 'row' | 'method' | 'target' | 'meta'>;

export class SpanDescriber {
  readonly #config: ResolvedConfig;
  readonly #redactor: Redactor;
  readonly #showSessionId: ((id: string) => string | undefined) | undefined;
  readonly #ignores: (method: string) => boolean;

  /** @param showSessionId how spans show a session id; the id itself by default */
  constructor(config: ResolvedConfig, showSessionId?: (id: string) => string | undefined) {
    const { redact, detectors } = config;
    this.#showSessionId = showSessionId;
    this.#config = config;
    this.#ignores = methodMatcher(config.ignoreMethods);
    this.#redactor = new Redactor({
      ...(redact !== undefined && { redact }),
      ...(detectors !== undefined && { detectors }),
    });
  }

  /** A redacted name. */
  name(field: string, value: string): string {
    return this.#redactor.name(field, value);
  }

  /** The template of a method and target on a connection, cached. */
  template(connection: Connection, key: TemplateKey): Template {
    const { direction, row, method, target, meta } = key;
    // Stateless messages name their version and have no session.
    const declared = declaredProtocolVersion(meta);
    const protocolVersion = declared ?? connection.protocolVersion ?? connection.negotiatedVersion?.();
    const sessionId = declared === undefined ? connection.sessionId : undefined;
    const cache = connection.templates;
    const client = ownRole(connection, direction, row) === 'client';
    const other = client ? connection.server : connection.client;
    cache.expect(protocolVersion, sessionId, connection.httpVersion, other);
    const cached = cache.get(key);
    if (cached !== undefined) return cached;

    const peer = this.#peer(connection, client ? 'server' : 'client', other);
    const name = (field: string, value: string | undefined) =>
      value === undefined ? undefined : this.name(field, value);
    const knownAs = name(ATTR_MCP_SESSION_ID, sessionId);
    const shown = this.#showSessionId;
    const template = buildTemplate({
      connection,
      direction,
      row,
      method: this.name(ATTR_MCP_METHOD_NAME, method),
      target: name(row.target?.attribute ?? '', target),
      protocolVersion: name(ATTR_MCP_PROTOCOL_VERSION, protocolVersion),
      sessionId: knownAs,
      shownSessionId: shown === undefined || sessionId === undefined ? knownAs : shown(sessionId),
      peer,
      ignored: this.#config.standBack || this.#ignores(method),
      baggage: mayHaveBaggage(this.#config.baggageTo, peer),
    });
    cache.set(key, template);
    return template;
  }

  /** The template with the server that an answer introduced. */
  introduced({ facts }: Template): Template {
    if (facts.peer.role !== 'server') return buildTemplate(facts);
    return buildTemplate({ ...facts, peer: this.#peer(facts.connection, 'server', facts.connection.server) });
  }

  #peer(connection: ConnectionInfo, role: McpPeerInfo['role'], other: Implementation | undefined): McpPeerInfo {
    const keys = PEER_ATTRIBUTES[role];
    const name = asString(other?.name);
    const version = asString(other?.version);
    return peerInfo(connection, role, {
      ...(name !== undefined && { name: this.name(keys.name, name) }),
      ...(version !== undefined && { version: this.name(keys.version, version) }),
    });
  }

  /** Attributes at the start, for samplers, too. */
  startAttributes(
    template: Template,
    facts: RequestFacts,
    previous: Round | undefined,
    peer: Peer | undefined,
  ): Attributes {
    const { row, id, uri, task, taskStatus } = facts;
    const attributes: Attributes = { ...template.spanAttributes };
    if (id !== undefined) attributes[ATTR_JSONRPC_REQUEST_ID] = this.name(ATTR_JSONRPC_REQUEST_ID, String(id));
    // Embedded requests have no id.
    else if (row.kind === 'request') delete attributes[ATTR_JSONRPC_REQUEST_ID];
    if (peer?.address !== undefined) attributes[ATTR_CLIENT_ADDRESS] = peer.address;
    if (peer?.address !== undefined && peer.port !== undefined) attributes[ATTR_CLIENT_PORT] = peer.port;
    const round = previous === undefined ? undefined : nextNumber(previous);
    if (round !== undefined) attributes[ATTR_MCP_TRAIL_ROUND] = round;
    if (task !== undefined) attributes[ATTR_MCP_TRAIL_TASK_ID] = this.name(ATTR_MCP_TRAIL_TASK_ID, task);
    if (uri !== undefined) attributes[ATTR_MCP_RESOURCE_URI] = this.#redactor.uri(ATTR_MCP_RESOURCE_URI, uri);
    if (taskStatus !== undefined) attributes[ATTR_MCP_TRAIL_TASK_STATUS] = taskStatus;
    if (row.content !== undefined) this.#addContent(attributes, requestContent(facts, this.#config));
    return attributes;
  }

  spanName({ spanName }: Template, attributes: Attributes): string {
    return withUri(spanName, attributes[ATTR_MCP_RESOURCE_URI], this.#config);
  }

  /** A redacted outcome: error types can be class names, and codes any number. */
  outcome(outcome: Outcome): Outcome {
    const { errorType, statusCode } = outcome;
    const type = errorType && this.name(ATTR_ERROR_TYPE, errorType);
    const code = statusCode && this.name(ATTR_RPC_RESPONSE_STATUS_CODE, statusCode);
    if (type === errorType && code === statusCode) return outcome;
    return { ...outcome, ...(type && { errorType: type }), ...(code && { statusCode: code }) };
  }

  /** Attributes at the end. */
  endAttributes(outcome: Outcome): Attributes {
    return outcomeAttributes(outcome, this.#config.rpcStatusCodeAttribute);
  }

  /** The status description: error text, by opt-in only. */
  statusMessage({ message }: Outcome): string | undefined {
    if (!this.#config.captureErrorMessages || message === undefined) return undefined;
    return this.#redactor.text('status.description', message);
  }

  /** Content of a result, by opt-in. */
  resultAttributes(row: MethodRow, result: unknown): Attributes | undefined {
    const content = resultContent(row, result, this.#config);
    if (content.length === 0) return undefined;
    const attributes: Attributes = {};
    this.#addContent(attributes, content);
    return attributes;
  }

  #addContent(attributes: Attributes, content: Content): void {
    const reading = newReading();
    for (const [key, raw] of content) {
      if (reading.left <= 0) {
        attributes[ATTR_GEN_AI_PROMPT_VARIABLE(TRUNCATED)] = true;
        break;
      }
      const name = this.#redactor.name('attribute key', key, undefined, { reading });
      const value = isHiddenVariable(key, raw) ? REDACTED : this.#redactor.value(name, raw, undefined, { reading });
      if (value === undefined) continue;
      const structured = STRUCTURED_ATTRIBUTES || typeof value !== 'object';
      attributes[name] = structured ? (value as string) : JSON.stringify(value);
    }
  }
}

const VARIABLE = ATTR_GEN_AI_PROMPT_VARIABLE('');

/** A prompt variable whose name marks it as secret, such as `password`. */
function isHiddenVariable(key: string, value: unknown): boolean {
  if (!key.startsWith(VARIABLE)) return false;
  const name = key.slice(VARIABLE.length);
  return isSensitiveKey(name) && !isStatement(name, value);
}
