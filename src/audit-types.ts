/** Public types of the audit trail: options, hooks, and events that applications record. */

import type { PolicyDocument } from './policy/rule.js';

/** Where audit records go. */
export type AuditDelivery = 'otel' | 'stderr' | 'file';

/** What an {@link AuditConfig.identity} hook gets. It contains no credential. */
export interface IdentityContext {
  /** `server` for a received message, `client` for a sent one. */
  readonly side: 'client' | 'server';
  /** The JSON-RPC method on the wire. */
  readonly method: string;
  /** Tool or prompt name, if the method has one. */
  readonly target?: string;
  /** The client, as it describes itself. */
  readonly client?: { readonly name?: string; readonly version?: string };
  /** The result of the SDK's token verification, without the token. */
  readonly auth?: {
    readonly clientId?: string;
    readonly subject?: string;
    readonly scopes?: readonly string[];
    /** Additions of the verifier, such as the token's claims. */
    readonly extra?: Readonly<Record<string, unknown>>;
  };
  /** Address of the HTTP client. */
  readonly address?: string;
  /** Headers of the HTTP request, except those with credentials. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Subject of the TLS client certificate. */
  readonly certificateSubject?: string;
}

/**
 * What {@link AuditConfig.identity} returns. All members are optional. Secrets in them are redacted; {@link AuditConfig.actorIds} governs ids and names.
 */
export interface Identity {
  /** An opaque, stable id: `audit.actor.id` and, for users, `user.id`. */
  readonly id?: string;
  /** A readable name: `user.name`. */
  readonly name?: string;
  /** Any other value counts as `user`. @defaultValue `'user'` */
  readonly type?: 'user' | 'service' | 'system';
  /** `user.roles`; the first 64. */
  readonly roles?: readonly string[];
  readonly organization?: string;
  readonly team?: string;
}

/** Options of the audit trail. */
export interface AuditConfig {
  /**
   * Where records go: `otel`, the application's LoggerProvider, best effort; `file` and `stderr`, lines of JSON that
   * need no Collector. One or several. `MCP_TRAIL_AUDIT`.
   * @defaultValue `'otel'`
   */
  delivery?: AuditDelivery | readonly AuditDelivery[];

  /**
   * The file that the delivery `file` writes. `{pid}` and `{service}` are replaced. Several processes can share a file.
   * `MCP_TRAIL_AUDIT_FILE`.
   * @defaultValue `'mcp-audit.jsonl'` in the working directory
   */
  file?: string;

  /**
   * Size in bytes at which the file is rotated; it is also rotated every day (UTC). 1024 to 2^40.
   * `MCP_TRAIL_AUDIT_FILE_MAX_BYTES`.
   * @defaultValue 67108864 (64 MiB)
   */
  fileMaxBytes?: number;

  /**
   * Number of rotated files to keep, 1 to 10000; older ones are deleted. `MCP_TRAIL_AUDIT_FILE_MAX_FILES`.
   * @defaultValue 30
   */
  fileMaxFiles?: number;

  /**
   * Which operations also have a record when they begin, before the handler runs: it survives a crash of the handler.
   * `sensitive` needs a policy that classifies operations. `MCP_TRAIL_AUDIT_ATTEMPTS`.
   * @defaultValue `'always'`
   */
  attempts?: 'always' | 'sensitive' | 'never';

  /**
   * Identifies the actor. Called once per operation of a client, before its first record; a server's own requests are
   * its own. Synchronous. If it throws, or returns a promise or anything but an object, that is reported once, and the
   * record falls back to what the protocol tells.
   */
  identity?: (context: IdentityContext) => Identity | undefined;

  /**
   * Classification rules, policy tags and the allow-list of argument values: a policy document, or the path of a JSON
   * file. `MCP_TRAIL_AUDIT_POLICY` (a path). See `examples/policy/` and the JSON Schema
   * `mcp-trail/policy.schema.json`. Invalid parts are reported; the others apply.
   * @defaultValue none: operations are not classified
   */
  policy?: string | PolicyDocument;

  /**
   * Key of digests. With a key, records have a keyed digest of the arguments, and session ids and endpoints can be
   * compared across restarts and machines. Hex or base64, 16 bytes or more; `id` is part of every digest.
   * `MCP_TRAIL_AUDIT_DIGEST_KEY`, `MCP_TRAIL_AUDIT_DIGEST_KEY_ID`. An invalid key is reported and ignored.
   * @defaultValue a random key, kept in the state directory if there is one; then arguments have no digest
   */
  digestKey?: string | { readonly id: string; readonly key: string };

  /**
   * How records show ids and names of actors from the `identity` hook, OAuth (`sub`, `client_id`) and client
   * certificates: as they are, with e-mail addresses and numbers, or as keyed digests, which are equal wherever
   * `digestKey` is. Known formats of secrets and the caller's token are redacted in either case. `redact` gets ids and
   * names of actors unredacted. `MCP_TRAIL_AUDIT_ACTOR_IDS`.
   * @defaultValue `'plain'`
   */
  actorIds?: 'plain' | 'digest';

  /**
   * Whether `mcp.session.id` of records is a digest, the id itself, or absent. Servers accept the id like a password.
   * Takes precedence over `sessionIds` of the instrumentation. Digests of client and server are equal only with the
   * same `digestKey`. `MCP_TRAIL_AUDIT_SESSION_IDS`.
   * @defaultValue `sessionIds` of the instrumentation, else `'digest'`
   */
  sessionIds?: 'digest' | 'plain' | 'none';

  /**
   * Paths of MCP endpoints on the HTTP server, with an optional final `*`: refusals there (401, 403, 429) are recorded
   * from the first request on. Endpoints that have served MCP messages need no entry. Compared literally, with case and
   * trailing slash. A list with an invalid path is reported and ignored. `MCP_TRAIL_AUDIT_PATHS`, separated by commas.
   * @defaultValue none
   */
  paths?: readonly string[];

  /**
   * Response headers to record in addition to content-type, mcp-protocol-version, retry-after and x-request-id. Headers
   * with credentials are never recorded. A list with an invalid name is reported and ignored.
   * `MCP_TRAIL_AUDIT_HEADERS`, separated by commas.
   * @defaultValue none
   */
  headers?: readonly string[];

  /**
   * Statuses of the application's own JSON-RPC error codes.
   * @example `{ '-32029': 'rate_limited' }`
   */
  errorCodes?: Readonly<Record<string, 'rate_limited' | 'denied' | 'unauthenticated' | 'timeout' | 'input_required'>>;

  /**
   * Directory for state that survives restarts: the inventory of servers and tools, and the key of digests.
   * `MCP_TRAIL_AUDIT_STATE_DIRECTORY`.
   * @defaultValue none: kept in memory
   */
  stateDirectory?: string;

  /**
   * Adds a readable sentence, `mcp_audit.message`, from a fixed template. `MCP_TRAIL_AUDIT_MESSAGES`.
   * @defaultValue `false`
   */
  messages?: boolean;
}

/** A decision about the current operation, for {@link recordAuthorization}. */
export interface AuthorizationDecision {
  readonly decision: 'allow' | 'deny';
  readonly policyId?: string;
  /** Recorded as `security_rule.version`. */
  readonly policyVersion?: string;
  readonly ruleName?: string;
  /** A short code, not a sentence: `outside_business_hours`. */
  readonly reason?: string;
}

/** An event of a login or token, for {@link recordAuthentication}. */
export interface AuthenticationEvent {
  readonly event: 'login' | 'logout' | 'token_issued' | 'token_refreshed' | 'token_revoked' | 'token_rejected';
  /** @defaultValue `'failure'` for `token_rejected`, `'success'` otherwise */
  readonly outcome?: 'success' | 'failure';
  /** The actor; by default the caller of the current operation or HTTP request. */
  readonly actor?: Identity;
  /** The method: `password`, `oauth`, `mtls`. */
  readonly method?: string;
  /** A short code, not a sentence. Never the token. */
  readonly reason?: string;
}

/** A verdict of a guardrail, for {@link recordGuardrail}. */
export interface GuardrailVerdict {
  readonly verdict: 'allow' | 'block' | 'quarantine' | 'sanitize';
  /** Any other value is reported, and nothing is recorded. @defaultValue `'other'` */
  readonly subject?: 'prompt' | 'arguments' | 'result' | 'resource' | 'tool_definition' | 'other';
  readonly ruleName?: string;
  readonly ruleVersion?: string;
  readonly reason?: string;
}

/** A change of configuration, for {@link recordConfigChange}. */
export interface ConfigChange {
  /** Name of the changed setting, policy or server. Never its value. */
  readonly item: string;
  /** Any other value is reported, and nothing is recorded. @defaultValue `'update'` */
  readonly change?: 'create' | 'update' | 'delete';
  readonly actor?: Identity;
  readonly reason?: string;
}
