/** Public types of the audit trail: its options, its hooks, and what applications tell it. */

/** Where audit records go. */
export type AuditDelivery = 'otel' | 'stderr' | 'file';

/** What an {@link AuditConfig.identity} hook is told of whoever acts. No credential is in it. */
export interface IdentityContext {
  /** `server` for a message that was received, `client` for one that is sent. */
  readonly side: 'client' | 'server';
  /** The JSON-RPC method, as it stands on the wire. */
  readonly method: string;
  /** Tool or prompt name, where the method has one. */
  readonly target?: string;
  /** What the peer says of itself. */
  readonly client?: { readonly name?: string; readonly version?: string };
  /** What the SDK's token verification has found out: never the token. */
  readonly auth?: {
    readonly clientId?: string;
    readonly subject?: string;
    readonly scopes?: readonly string[];
    /** The verifier's own additions, such as the token's claims. */
    readonly extra?: Readonly<Record<string, unknown>>;
  };
  /** Address of the HTTP client. */
  readonly address?: string;
  /** Headers of the HTTP request, without those that hold credentials. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Subject of the TLS client certificate. */
  readonly certificateSubject?: string;
}

/** What an {@link AuditConfig.identity} hook answers. Everything is optional and passes the redactor; see {@link AuditConfig.actorIds}. */
export interface Identity {
  /** Opaque and stable: becomes `audit.actor.id` and, for users, `user.id`. */
  readonly id?: string;
  /** Readable name, as `user.name`. */
  readonly name?: string;
  /** Anything else counts as `user`. @defaultValue `'user'` */
  readonly type?: 'user' | 'service' | 'system';
  /** Becomes `user.roles`; the first 64. */
  readonly roles?: readonly string[];
  readonly organization?: string;
  readonly team?: string;
}

/** Options of the audit trail. */
export interface AuditConfig {
  /**
   * Where records go: `otel`, the application's LoggerProvider, best effort; `file` and `stderr`, lines of JSON, for
   * those without a Collector. Also several. `MCP_TRAIL_AUDIT`.
   * @defaultValue `'otel'`
   */
  delivery?: AuditDelivery | readonly AuditDelivery[];

  /**
   * The file of the delivery `file`. `{pid}` and `{service}` in it are replaced. Several processes can share one.
   * `MCP_TRAIL_AUDIT_FILE`.
   * @defaultValue `'mcp-audit.jsonl'` in the working directory
   */
  file?: string;

  /**
   * Bytes after which the file is rotated; it is also rotated every day (UTC). 1024 to 2^40.
   * `MCP_TRAIL_AUDIT_FILE_MAX_BYTES`.
   * @defaultValue 67108864 (64 MiB)
   */
  fileMaxBytes?: number;

  /**
   * How many rotated files are kept, 1 to 10000; older ones are deleted. `MCP_TRAIL_AUDIT_FILE_MAX_FILES`.
   * @defaultValue 30
   */
  fileMaxFiles?: number;

  /**
   * Which operations have a record when they begin, before the handler runs, beside the one when they have ended: only
   * that one survives a crash in between. `sensitive` needs a policy that says what is. `MCP_TRAIL_AUDIT_ATTEMPTS`.
   * @defaultValue `'always'`
   */
  attempts?: 'always' | 'sensitive' | 'never';

  /**
   * Who acts. Called once per operation of a client, before its first record; a server's own requests are its own doing.
   * Synchronous; one that throws, or returns a promise or anything but an object, is reported once, and the record falls
   * back to what the protocol tells.
   */
  identity?: (context: IdentityContext) => Identity | undefined;

  /**
   * Classification rules, policy tags and the allow-list of argument values: a policy document or the path of a JSON
   * file that holds one. `MCP_TRAIL_AUDIT_POLICY` (a path). See `examples/policy/`.
   */
  policy?: string | object;

  /**
   * Key of digests: with one, records carry a keyed digest of the arguments, and session ids and endpoints can be
   * compared over restarts and machines. Hex or base64, 16 bytes or more; `id` names it in every digest.
   * `MCP_TRAIL_AUDIT_DIGEST_KEY`, `MCP_TRAIL_AUDIT_DIGEST_KEY_ID`.
   * A key that cannot be read is reported and not used.
   * @defaultValue a random key, kept in the state directory if there is one; then no digests of arguments
   */
  digestKey?: string | { readonly id: string; readonly key: string };

  /**
   * How the ids and names of who acts are told, that the `identity` hook, OAuth (`sub`, `client_id`) or a client
   * certificate give: as they are, e-mail addresses and numbers included, or as keyed digests, equal wherever the same
   * `digestKey` is used. Known formats of secrets and the caller's own token are hidden in them in any case. `redact` is
   * given ids and names of actors as they came. `MCP_TRAIL_AUDIT_ACTOR_IDS`.
   * @defaultValue `'plain'`
   */
  actorIds?: 'plain' | 'digest';

  /**
   * Whether `mcp.session.id` of records is a digest, the id itself, or not there. Servers accept it like a password. Wins
   * over the instrumentation's `sessionIds`. Client and server can be joined by digests only where both have the same
   * `digestKey`. `MCP_TRAIL_AUDIT_SESSION_IDS`.
   * @defaultValue what `sessionIds` of the instrumentation says, else `'digest'`
   */
  sessionIds?: 'digest' | 'plain' | 'none';

  /**
   * Paths of the HTTP server that are MCP endpoints, `*` at the end for any rest: so that refusals (401, 403, 429) are
   * recorded from the first request on. Endpoints that have served MCP messages are known without.
   * Compared as they are, case and trailing slash included. A list with anything but paths is reported and not used.
   * `MCP_TRAIL_AUDIT_PATHS`, separated by commas.
   * @defaultValue none
   */
  paths?: readonly string[];

  /**
   * Response headers to record in addition to content-type, mcp-protocol-version, retry-after and x-request-id. Those that
   * hold credentials are never recorded. A list with anything but names of headers is reported and not used.
   * `MCP_TRAIL_AUDIT_HEADERS`, separated by commas.
   * @defaultValue none
   */
  headers?: readonly string[];

  /**
   * JSON-RPC error codes of the application and the status they stand for: JSON-RPC has none for these.
   * @example `{ '-32029': 'rate_limited' }`
   */
  errorCodes?: Readonly<Record<string, 'rate_limited' | 'denied' | 'unauthenticated' | 'timeout' | 'input_required'>>;

  /**
   * A directory for what survives restarts: the inventory of servers and tools. `MCP_TRAIL_AUDIT_STATE_DIRECTORY`.
   * @defaultValue none: kept in memory
   */
  stateDirectory?: string;

  /**
   * Adds a readable sentence from a fixed template, `mcp_audit.message`. `MCP_TRAIL_AUDIT_MESSAGES`.
   * @defaultValue `false`
   */
  messages?: boolean;
}

/** A decision about the operation at hand, for {@link recordAuthorization}. */
export interface AuthorizationDecision {
  readonly decision: 'allow' | 'deny';
  readonly policyId?: string;
  /** Becomes `security_rule.version`. */
  readonly policyVersion?: string;
  readonly ruleName?: string;
  /** A short code, not a sentence: `outside_business_hours`. */
  readonly reason?: string;
}

/** Something that happened to a login or a token, for {@link recordAuthentication}. */
export interface AuthenticationEvent {
  readonly event: 'login' | 'logout' | 'token_issued' | 'token_refreshed' | 'token_revoked' | 'token_rejected';
  /** @defaultValue `'failure'` for `token_rejected`, else `'success'` */
  readonly outcome?: 'success' | 'failure';
  /** Who; without, whoever the running operation or HTTP request belongs to. */
  readonly actor?: Identity;
  /** How: `password`, `oauth`, `mtls`. */
  readonly method?: string;
  /** A short code, not a sentence. Never the token. */
  readonly reason?: string;
}

/** What a guardrail has found, for {@link recordGuardrail}. */
export interface GuardrailVerdict {
  readonly verdict: 'allow' | 'block' | 'quarantine' | 'sanitize';
  /** Anything else is reported, and nothing is recorded. @defaultValue `'other'` */
  readonly subject?: 'prompt' | 'arguments' | 'result' | 'resource' | 'tool_definition' | 'other';
  readonly ruleName?: string;
  readonly ruleVersion?: string;
  readonly reason?: string;
}

/** A change of configuration, for {@link recordConfigChange}. */
export interface ConfigChange {
  /** What was changed: the name of a setting, a policy or a server. Never its value. */
  readonly item: string;
  /** Anything else is reported, and nothing is recorded. @defaultValue `'update'` */
  readonly change?: 'create' | 'update' | 'delete';
  readonly actor?: Identity;
  readonly reason?: string;
}
