/** Public configuration. Every option is optional; the defaults capture no content. */
import type { Span } from '@opentelemetry/api';
import type { AuditConfig } from './audit-types.js';
import type { McpPeerInfo } from './session/connection-info.js';

export type { McpPeerInfo } from './session/connection-info.js';

/** A finder of secrets or personal data, such as another library. Synchronous. */
export interface SecretDetector {
  /** Names the finding: `[REDACTED:<id>]`. */
  readonly id: string;
  /** Where in the text, in UTF-16 units; `end` is past the last one. */
  detect(text: string): readonly { readonly start: number; readonly end: number }[];
}

/** What a {@link McpInstrumentationConfig.requestHook} and {@link McpInstrumentationConfig.responseHook} are told. */
export interface McpOperationInfo {
  /** `client` for the sender of the message, `server` for its receiver: the kind of the span. */
  readonly side: 'client' | 'server';
  /** The JSON-RPC method, as it stands on the wire. */
  readonly method: string;
  /** The JSON-RPC id; absent for notifications. */
  readonly id?: string | number;
  /** Tool or prompt name, where the method has one. */
  readonly target?: string;
  /** Who the message goes to, or came from. */
  readonly peer: McpPeerInfo;
  /** `error.type` of an operation that failed; only in the response hook. */
  readonly errorType?: string;
}

/** Options of {@link McpInstrumentation} and of the `instrument…` functions. */
export interface McpInstrumentationConfig {
  /**
   * Whether anything is observed at all. `true` in code wins over `MCP_TRAIL_ENABLED`; a call of `enable()` alone, by
   * `registerInstrumentations` or a `NodeSDK`, does not.
   * @defaultValue `true`
   */
  enabled?: boolean;

  /**
   * What a trace context becomes that comes from outside, in `params._meta`, in the headers of the HTTP request or in the
   * environment of a stdio server: the parent of our span, or only a link from it. Use `link` on servers that strangers
   * can reach: it keeps a forged trace id or sampling decision from taking effect, and an inbound correlation id becomes a
   * claim (`mcp_audit.correlation.claimed_id`) beside our own.
   * Anything else is reported and read as `parent`.
   * @defaultValue `'parent'`, what the convention asks for
   * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md#context-propagation
   */
  trustIncomingContext?: 'parent' | 'link';

  /**
   * How session ids are told, on spans and in the audit trail alike: as they are, as a keyed digest (the same on both; see
   * {@link AuditConfig.digestKey}), or not at all. Servers accept them like passwords. `audit.sessionIds` wins for the trail.
   * Anything else is reported and read as not set.
   * @defaultValue not set: spans have them as they are, as the convention asks, and the audit trail has digests
   * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md
   */
  sessionIds?: 'plain' | 'digest' | 'none';

  /**
   * Add the MCP attributes to an `execute_tool` span of the same tool that is already active, instead of making a
   * second span for the same call.
   * @defaultValue `false`
   */
  reuseExecuteToolSpan?: boolean;

  /**
   * Record tool arguments as `gen_ai.tool.call.arguments`, redacted and cut to 8 KiB. They are the users' data: turn
   * this on for debugging, not as a habit. Where an audit trail is kept, they are on its records, too, and it says so.
   * @defaultValue `false`
   */
  captureArguments?: boolean;

  /**
   * Record the results of successful tool calls as `gen_ai.tool.call.result`, redacted and cut to 8 KiB.
   * @defaultValue `false`
   */
  captureResults?: boolean;

  /**
   * Record the arguments of `prompts/get` as `gen_ai.prompt.variable.<name>`, redacted and cut.
   * @defaultValue `false`
   */
  capturePromptVariables?: boolean;

  /**
   * Let the three options above work where the environment says that it is production (`deployment.environment.name` in
   * `OTEL_RESOURCE_ATTRIBUTES`, else `NODE_ENV`). Without, they are refused there, with a warning.
   * @defaultValue `false`
   */
  captureInProduction?: boolean;

  /**
   * Record the message of a JSON-RPC error as the span's status description, redacted and cut. Error text quotes
   * arguments, paths and tokens more often than not.
   * @defaultValue `false`
   */
  captureErrorMessages?: boolean;

  /**
   * Put resource URIs into span names. They are unbounded in number.
   * @defaultValue `false`
   */
  resourceUriInSpanName?: boolean;

  /**
   * The attribute that holds a JSON-RPC error code. The MCP conventions still say `rpc.response.status_code`; the RPC
   * conventions they refer to have renamed it. Anything else is reported and read as the default.
   * @defaultValue `'rpc.response.status_code'`
   */
  rpcStatusCodeAttribute?: 'rpc.response.status_code' | 'rpc.status_code' | 'both';

  /**
   * Take `client.address` from `Forwarded` or `X-Forwarded-For`. Only behind a proxy that overwrites them: anyone can
   * send these headers.
   * @defaultValue `false`
   */
  trustProxy?: boolean;

  /**
   * Give servers that a client starts over stdio the environment they need to be traced with no code of their own:
   * `NODE_OPTIONS` with this package's register entry, and all `OTEL_*` and `MCP_TRAIL_*` variables. The MCP SDK
   * passes none of them by itself. Exporter headers hold credentials: turn it on for servers you trust.
   * @defaultValue `false`
   */
  propagateToChildProcesses?: boolean;

  /**
   * How many operations may be open at once in this process before the oldest is given up: its span ends with
   * `error.type` `_OTHER`. At least 1; anything that is not a whole number is reported and read as the default.
   * @defaultValue `10000`
   */
  maxPendingOperations?: number;

  /**
   * Keep an audit trail: a record before and after each operation of who did what, when, allowed or denied, with what
   * result. `true` uses the options of the environment. Without this option, `MCP_TRAIL_AUDIT` turns it on.
   * @defaultValue `false`
   */
  audit?: boolean | AuditConfig;

  /**
   * Methods that are not worth a span: exact names, and `prefix/*` for all that begin so, such as `ping` and `tasks/*`.
   * They have no span and no measurement, and the hooks are not called for them. Trace context still goes through them,
   * and the audit trail is as ever. A list with anything else in it is reported and ignored.
   * @defaultValue none
   */
  ignoreMethods?: readonly string[];

  /**
   * Leave spans and measurements to another instrumentation of MCP in this process: none are made here, and the hooks are
   * not called. Trace context still goes through, and the audit trail is as ever. That there is another is said once on
   * stderr, when a span of its is the parent of one of ours or, where `mcp-trail/register` has started the SDK, anywhere.
   * @defaultValue `false`
   */
  standBack?: boolean;

  /**
   * Servers that baggage may go to: hosts, such as `api.example.com` or `10.0.0.7:8080`, and commands as they were
   * configured, such as `npx` or, with its first arguments, `npx -y @acme/weather`. Never by the name that a server
   * claims; nobody whom this process has not configured is on the list. What is no list of texts is reported, and counts
   * as an empty one.
   *
   * **By default baggage goes to every server, as the propagator says.** It may hold ids of users, tenants and orders: set
   * this where a client talks to servers of others.
   * @defaultValue `['*']`: everywhere
   */
  baggageTo?: readonly string[];

  /**
   * Whether trace context and baggage are added to the `_meta` of a message of this method to this peer. Return `false` for
   * a custom method whose receiver rejects unknown `_meta`, or for a server that shall not know. Go by `peer.host` and
   * `peer.command`, which the client has configured: `peer.name` is what the peer claims. A throwing predicate counts as
   * `true`.
   * @defaultValue every method but `notifications/progress`
   */
  propagateContext?: (method: string, peer: McpPeerInfo) => boolean;

  /**
   * The last word on every piece of captured content, after the built-in redaction: return what may leave, or
   * `undefined` to drop it. A hook that throws or returns anything else drops the value. `field` is the attribute key.
   */
  redact?: (field: string, value: string) => string | undefined;

  /**
   * Finders of secrets or personal data in addition to the built-in patterns, applied to every string that others chose
   * before it leaves, names included. Of one that throws or answers nonsense the value is dropped.
   */
  detectors?: readonly SecretDetector[];

  /** Called when a span has started, before the message goes on. An exception in it is reported once and ignored. */
  requestHook?: (span: Span, info: McpOperationInfo) => void;

  /** Called before a span ends. An exception in it is reported once and ignored. */
  responseHook?: (span: Span, info: McpOperationInfo) => void;
}

/** What the `instrument…` functions return. */
export interface Instrumented {
  /** Takes the hooks off again. Operations that are open at that moment end as `connection_closed`. Idempotent. */
  disable(): void;
}

/** The HTTP entry of SDK v2. */
export interface FetchHandler {
  fetch(request: Request, options?: never): Promise<Response>;
}
