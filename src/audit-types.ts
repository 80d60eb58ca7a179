/** Public types of the audit trail: options, hooks, and events that applications record. */

import type { PolicyDocument } from './policy/rule.js';
import type { AuditRecord } from './semconv/audit-record.js';

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
  /** Who confirmed what the actor does, if somebody did. */
  readonly approver?: Approver;
  /** Who acts for the actor. @defaultValue the `act` claim of the verified token, if it has one (`extra.act`) */
  readonly delegation?: Delegation;
}

/**
 * Who confirmed an operation or a decision: a person, or a program that decides for one. Without an `id` and a `name`, it
 * is ignored. Recorded like an {@link Identity}: {@link AuditConfig.actorIds} governs both.
 */
export interface Approver {
  /** An opaque, stable id: `mcp_audit.approver.id`. @defaultValue the name */
  readonly id?: string;
  /** A readable name: `mcp_audit.approver.name`. */
  readonly name?: string;
  /** Any other value counts as `user`. @defaultValue `'user'` */
  readonly type?: 'user' | 'service' | 'system';
}

/**
 * Authority that was passed on. {@link AuditConfig.actorIds} governs the ids of those who act.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8693#section-4.1
 */
export interface Delegation {
  /**
   * Ids of those who act, as nested `act` claims have them: the one that calls first, then each that passed the authority on
   * to it. The first 16; `mcp_audit.truncated` names a list that is not complete.
   */
  readonly actors?: readonly string[];
  /** The grant under which they act, as its issuer names it: stable, and never a token. */
  readonly id?: string;
}

/**
 * A sink of the application's own, for {@link AuditConfig.sinks}. Its members are read once, and may be methods of a class.
 * What it throws or rejects with is reported once on stderr, by its class alone, and costs the other sinks nothing.
 */
export interface AuditSink {
  /**
   * Names it in gaps (`mcp_audit.gap.sink`), metrics and messages: 1 to 32 of `a-z 0-9 . _ -`, beginning with a letter, and
   * not `file`, `stderr` or `otel`.
   * @defaultValue `'custom'`
   */
  readonly name?: string;

  /**
   * Whether a record counts as durable once `accept` has returned: it survives the process. Stated by the application. With
   * {@link AuditConfig.onFailure} `block`, a request goes on if the file or a durable sink has its first record; one that
   * answered with a promise does not count.
   * @defaultValue `false`
   */
  readonly durable?: boolean;

  /**
   * Takes a record, before the answer of its operation leaves: whatever it takes, the call takes, too. MCP calls and audit
   * events of its own are not recorded.
   *
   * @param record the fields; frozen, and the same object for all sinks
   * @param text the record as canonical JSON (RFC 8785), one line of at most 32 KiB. The chain is made of it: keep this for
   *   `mcp-trail verify`
   * @returns `false` if it does not keep the record, as if it threw: the record is lost, which is counted, and reported by
   *   `mcp_audit.gap` once it takes records again. A promise makes it best effort: the record is taken, and if the promise
   *   rejects, or is resolved with `false`, that is counted, and no gap
   */
  accept(record: Readonly<AuditRecord>, text: string): unknown;

  /**
   * The trail has ended: send what is left. A promise keeps the process alive until it settles, for 2 seconds at most. Not
   * waited for at `process.exit()`, and not called for a signal without a handler: close it before. Called again if the trail
   * goes on and ends again; `accept` may be called in between.
   */
  close?(): unknown;
}

/** Options of the audit trail. */
export interface AuditConfig {
  /**
   * Where records go: `otel`, the application's LoggerProvider, best effort; `file` and `stderr`, lines of JSON that
   * need no Collector. One or several. `MCP_TRAIL_AUDIT`.
   * @defaultValue `'otel'`; nowhere else with `sinks`
   */
  delivery?: AuditDelivery | readonly AuditDelivery[];

  /**
   * Sinks of the application's own, beside `delivery` or alone; the first 8. Make them once: a trail, with a chain of its
   * own, belongs to a set of options, these objects included. An invalid one is reported and not used.
   * @defaultValue none
   */
  sinks?: readonly AuditSink[];

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
   * Number of rotated files to keep, 1 to 10000; older ones are deleted. Without it nothing is deleted, and a line on stderr
   * warns, once per folder, if the rotated files take up 10 GiB or more. `MCP_TRAIL_AUDIT_FILE_MAX_FILES`.
   * @defaultValue unlimited
   */
  fileMaxFiles?: number;

  /**
   * Space on the file system of the file to leave free for others, in bytes, 0 (off) to 2^40; at most a tenth of the file
   * system. While less is free, records are lost to the file, with the cause `reserve`. `MCP_TRAIL_AUDIT_FILE_RESERVE`.
   * @defaultValue 268435456 (256 MiB)
   */
  fileReserve?: number;

  /**
   * What a record has reached before its message passes: the operating system (`os`), which survives the process, or the
   * disk (`disk`), which survives a loss of power. With `disk`, the handler runs, or the message is sent, once the first record is
   * synced, and an answer leaves once its record is; records of one moment share a sync. Later messages of the connection
   * and its end wait as well, for 2 seconds at most: then the message passes, as after a failed sync, which is reported once
   * on stderr; with `onFailure: 'block'` a request is refused instead. Records of the delivery `file` only. An invalid value counts
   * as `disk`. `MCP_TRAIL_AUDIT_FILE_SYNC`.
   * @defaultValue `'os'`
   */
  fileSync?: 'os' | 'disk';

  /**
   * What happens to a request whose first record cannot be kept: it goes on (`allow`), or is refused (`block`). A refused one
   * is answered with the JSON-RPC error -32603, `data: { reason: 'audit_unavailable' }`, and its handler does not run; in a
   * client, the call rejects with an `Error` that has this `code` and `data`, and nothing is sent. Notifications and
   * requests without a first record, such as `ping`, pass. `block` needs the delivery `file`, or a sink with `durable: true`,
   * and `attempts: 'always'`: a TypeError at the start without them; set by the variable, every such request is refused, and
   * a line on stderr says so. An invalid value counts as `block`. `MCP_TRAIL_AUDIT_ON_FAILURE`.
   * @defaultValue `'allow'`
   */
  onFailure?: 'allow' | 'block';

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
   * certificates, of approvers and delegates, and of people in annotations of servers: as they are, with e-mail
   * addresses and numbers; as keyed digests, which are equal wherever `digestKey` is; or as pseudonyms, which
   * `mcp-trail erase` can part from the person. With `plain` and `digest`, the state directory keeps people in annotations as
   * they are. Known formats of secrets and the caller's token are redacted in any case. `redact` gets ids and
   * names of actors unredacted.
   *
   * A pseudonym is random, `actor-` and 24 hexadecimal digits, and the same for one id in all processes with the same
   * `stateDirectory`, which keeps the map, readable for its owner alone. What else identifies somebody is as
   * {@link AuditConfig.actorDetails} says. Without a usable state directory, and for ids that the map has no room for (1,000,000 lines, 256 MiB),
   * records have digests; a line on stderr says so, once. An invalid value counts as `digest`. `MCP_TRAIL_AUDIT_ACTOR_IDS`.
   * @defaultValue `'plain'`
   */
  actorIds?: 'plain' | 'digest' | 'pseudonym';

  /**
   * With `actorIds: 'pseudonym'`: whether what identifies a person besides their id is left out of records (`omit`), or has pseudonyms of
   * its own from the same map (`pseudonym`: `detail-` and 24 hexadecimal digits), by which calls of one session or address can
   * be found together. Readable names, addresses, user agents, client certificates, session ids, grants and user turns; ports
   * are left out in either case. Such a pseudonym is erased by its value, not with the person. Reported, and without an effect, with other
   * `actorIds`. `MCP_TRAIL_AUDIT_ACTOR_DETAILS`.
   * @defaultValue `'omit'`
   */
  actorDetails?: 'omit' | 'pseudonym';

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
   * Directory for state that survives restarts: the inventory of servers and tools, the key of digests, and the map of
   * pseudonyms.
   * `MCP_TRAIL_AUDIT_STATE_DIRECTORY`.
   * @defaultValue none: kept in memory
   */
  stateDirectory?: string;

  /**
   * File with the Ed25519 key that signs the trail, as `mcp-trail keygen` writes it: a JWK, or PKCS#8 as PEM; at most 16
   * KiB, for its owner and its group alone. Another key in it is taken at the next checkpoint, unless it has expired or is
   * not valid yet. A file that cannot be used is reported: at the start the trail stays unsigned until it can, later the
   * old key goes on. A relative path is that of the working directory at the start. `MCP_TRAIL_AUDIT_SIGNING_KEY_FILE`.
   * @defaultValue none: records are linked, but not signed
   */
  signingKeyFile?: string;

  /**
   * A second place for checkpoints, which shows that the end of a trail was cut off: `stderr`, an `https://` URL that takes
   * one POST for each (`http://` to this machine only; no user or password in it), or a file, in which `{pid}` and
   * `{service}` are replaced. A failure is reported once, and the next checkpoint is tried. `MCP_TRAIL_AUDIT_CHECKPOINTS`.
   * @defaultValue none
   */
  checkpoints?: string;

  /**
   * File with the reviewed definitions of tools, as `mcp-trail inventory --lock` writes it. A tool that a server lists and
   * that differs from the lock, is not in it or is missing has a record `mcp_audit.tool.changed`, once per difference and
   * process; a server that the lock does not have, `mcp_audit.inventory.changed`. The file is read once, at the start, from
   * the working directory then; up to 32 MiB. A file that cannot be used is reported, and there is no lock.
   * `MCP_TRAIL_AUDIT_TOOL_LOCK` (a path).
   *
   * With `enforce`, a call of a tool that is not as locked is refused, on servers and clients: as {@link AuditConfig.onFailure}
   * describes, with `data: { reason: 'tool_not_locked' }`. So is each call of a tool or a server that the lock does not have, and
   * every call without a usable lock. Before its server has listed its tools in this process, a tool is known by its name
   * alone. Lists pass unchanged. `MCP_TRAIL_AUDIT_TOOL_LOCK_ENFORCE`. An invalid value counts as `true`.
   * @defaultValue none: lists are compared only with those before them
   */
  toolLock?: string | { readonly file: string; readonly enforce?: boolean };

  /**
   * Adds a readable sentence, `mcp_audit.message`, from a fixed template. `MCP_TRAIL_AUDIT_MESSAGES`.
   * @defaultValue `false`
   */
  messages?: boolean;

  /**
   * Records the user turn and the model behind a call, as its client claims them in `_meta`
   * (`io.modelcontextprotocol/aiInvocation`): `mcp_audit.ai_invocation.turn_id` and `.model`. Nothing proves them. The user's
   * intent and the reason, which may be there too, are texts and never recorded. A draft of the protocol, which may change
   * or be dropped. `MCP_TRAIL_AUDIT_AI_INVOCATION`.
   * @defaultValue `false`
   * @see https://github.com/modelcontextprotocol/modelcontextprotocol/pull/2817
   */
  aiInvocation?: boolean;
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
  /** Who confirmed it. */
  readonly approver?: Approver;
  /** Who acts for the actor, if the decision depends on it. */
  readonly delegation?: Delegation;
}

/** An event of a login or token, for {@link recordAuthentication}. */
export interface AuthenticationEvent {
  readonly event:
    | 'login'
    | 'logout'
    | 'token_issued'
    | 'token_refreshed'
    | 'token_revoked'
    | 'token_rejected'
    /** The application knows who acts, without a login. */
    | 'identified';
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
  /** Who confirmed it. */
  readonly approver?: Approver;
  /** Who acts for the actor, if the verdict depends on it. */
  readonly delegation?: Delegation;
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
