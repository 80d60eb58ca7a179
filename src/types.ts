/** Public configuration. Every option is optional; the defaults capture no content. */
import type { Span } from '@opentelemetry/api';
import type { AuditConfig } from './audit-types.js';
import type { McpPeerInfo } from './session/connection-info.js';

export type { McpPeerInfo } from './session/connection-info.js';

/** Finds secrets or personal data in a text, for example with another library. Synchronous. */
export interface SecretDetector {
  /** Names the finding: `[REDACTED:<id>]`. */
  readonly id: string;
  /** Returns positions in the text, in UTF-16 units; `end` is exclusive. */
  detect(text: string): readonly { readonly start: number; readonly end: number }[];
}

/** The operation passed to {@link McpInstrumentationConfig.requestHook} and {@link McpInstrumentationConfig.responseHook}. */
export interface McpOperationInfo {
  /** `client` for the sender of the message, `server` for its receiver, as in the span kind. */
  readonly side: 'client' | 'server';
  /** The JSON-RPC method. */
  readonly method: string;
  /** The JSON-RPC id; absent for notifications. */
  readonly id?: string | number;
  /** Tool or prompt name, if the method has one. */
  readonly target?: string;
  /** The other end of the connection. */
  readonly peer: McpPeerInfo;
  /** `error.type` of a failed operation; only in the response hook. */
  readonly errorType?: string;
}

/** Options of {@link McpInstrumentation} and of the `instrument…` functions. */
export interface McpInstrumentationConfig {
  /**
   * Whether anything is observed. `true` in code overrides `MCP_TRAIL_ENABLED`; a call to `enable()` alone, such as
   * `registerInstrumentations` and `NodeSDK` make, does not.
   * @defaultValue `true`
   */
  enabled?: boolean;

  /**
   * How a trace context from outside is used: as the parent of the span, or only as a link. It arrives in `params._meta`, in
   * HTTP request headers or in the environment of a stdio server. Use `link` on servers that strangers can reach: forged
   * trace ids and sampling decisions have no effect, and an inbound correlation id is recorded as a claim
   * (`mcp_audit.correlation.claimed_id`) next to a new one.
   * Any other value is reported and read as `parent`.
   * @defaultValue `'parent'`, as the convention requires
   * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md#context-propagation
   */
  trustIncomingContext?: 'parent' | 'link';

  /**
   * How session ids appear on spans and audit records: in plain text, as a keyed digest (the same on both; see
   * {@link AuditConfig.digestKey}), or not at all. Servers accept session ids like passwords. `audit.sessionIds` overrides
   * this for audit records. Any other value is reported and counts as unset.
   * @defaultValue unset: plain on spans, as the convention requires, and digests on audit records
   * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md
   */
  sessionIds?: 'plain' | 'digest' | 'none';

  /**
   * Add the MCP attributes to an active `execute_tool` span of the same tool instead of starting a second span for the call.
   * @defaultValue `false`
   */
  reuseExecuteToolSpan?: boolean;

  /**
   * Record tool arguments as `gen_ai.tool.call.arguments`, redacted and cut to 8 KiB. Arguments are user data: use this for
   * debugging only. With an audit trail, they also appear on its records, and the trail records that the option is on.
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
   * Allow `captureArguments`, `captureResults` and `capturePromptVariables` in production, where they are refused with a
   * warning otherwise. Production is `deployment.environment.name` in `OTEL_RESOURCE_ATTRIBUTES`, or else `NODE_ENV`.
   * @defaultValue `false`
   */
  captureInProduction?: boolean;

  /**
   * Record the message of a JSON-RPC error as the span's status description, redacted and cut. Error messages often quote
   * arguments, paths and tokens.
   * @defaultValue `false`
   */
  captureErrorMessages?: boolean;

  /**
   * Put resource URIs into span names. Their number is unbounded.
   * @defaultValue `false`
   */
  resourceUriInSpanName?: boolean;

  /**
   * The attribute for JSON-RPC error codes. The MCP conventions still use `rpc.response.status_code`; the RPC conventions
   * that they refer to have renamed it. Any other value is reported and read as the default.
   * @defaultValue `'rpc.response.status_code'`
   */
  rpcStatusCodeAttribute?: 'rpc.response.status_code' | 'rpc.status_code' | 'both';

  /**
   * Measure the size of every request and its response, as `mcp_trail.request.size` and `mcp_trail.response.size`. Reads
   * every message once more, up to 10000 values in it. Unset, the two have the sizes that an audit trail measures for its
   * records, and cost nothing without one; `false` leaves them out.
   * @defaultValue unset: what the audit trail measures
   */
  metricsSizes?: boolean;

  /**
   * Take `client.address` from `Forwarded` or `X-Forwarded-For`. Use it only behind a proxy that overwrites these headers:
   * anyone can send them.
   * @defaultValue `false`
   */
  trustProxy?: boolean;

  /**
   * Pass the environment for zero-code tracing to servers that a client starts over stdio: `NODE_OPTIONS` with the register
   * entry, and all `OTEL_*` and `MCP_TRAIL_*` variables. The MCP SDK passes none of them. Exporter headers can hold
   * credentials: use it for servers you trust.
   * @defaultValue `false`
   */
  propagateToChildProcesses?: boolean;

  /**
   * Also observe SDKs that a bundler put into another file: such a file is changed by a few characters while it is loaded, so
   * that the SDK's objects are seen when they are made. No line or column moves. Applies to {@link McpInstrumentation} and
   * files that are loaded after it is created; manual instrumentation needs no such thing.
   * @defaultValue `false`; `true` with `mcp-trail/register`
   */
  bundles?: boolean;

  /**
   * How many operations of an instrumentation may be open at once. Beyond that, the oldest span ends with `error.type` `_OTHER`.
   * 1 to 1000000; any other value is reported and read as the default.
   * @defaultValue `10000`
   */
  maxPendingOperations?: number;

  /**
   * Keep an audit trail: records of who did what, when, whether it was allowed, and with what result. `true` takes all
   * options from the environment. Without this option, `MCP_TRAIL_AUDIT` turns the trail on.
   * @defaultValue `false`
   */
  audit?: boolean | AuditConfig;

  /**
   * Methods without spans and metrics: exact names, and `prefix/*` for every name with that prefix, such as `ping` and
   * `tasks/*`. Hooks are not called for them. Trace context still propagates, and audit records are still written.
   * A list with any other entry is reported and ignored.
   * @defaultValue none
   */
  ignoreMethods?: readonly string[];

  /**
   * Leave spans and metrics to another MCP instrumentation in this process, and call no hooks. Trace context still
   * propagates, and audit records are still written. A line on stderr reports another instrumentation once, if its span is
   * the parent of one of ours or, with an SDK that `mcp-trail/register` started, anywhere.
   * @defaultValue `false`
   */
  standBack?: boolean;

  /**
   * Servers that may receive baggage: hosts, such as `api.example.com` or `10.0.0.7:8080`, and commands as configured, such
   * as `npx` or, with its first arguments, `npx -y @acme/weather`. The names that servers claim do not count. An invalid list
   * is reported and counts as an empty one.
   *
   * **By default, every server receives what the propagator sends.** Baggage can hold ids of users, tenants and orders: set
   * this option in clients that talk to other people's servers.
   * @defaultValue `['*']`: every server
   */
  baggageTo?: readonly string[];

  /**
   * Whether trace context and baggage are added to the `_meta` of messages of this method to this peer. Return `false` for a
   * custom method whose receiver rejects unknown `_meta`, or for a server that must not see them. Decide by `peer.host` and
   * `peer.command`, which the client has configured: `peer.name` is the peer's claim. A predicate that throws counts as `true`.
   * @defaultValue every method except `notifications/progress`
   */
  propagateContext?: (method: string, peer: McpPeerInfo) => boolean;

  /**
   * Called last, after the built-in redaction, with captured content and every string of an audit record that others chose:
   * return what may leave, or `undefined` to drop it. If the hook throws or returns anything else, the value is dropped. `field` is the attribute key.
   */
  redact?: (field: string, value: string) => string | undefined;

  /**
   * Detectors of secrets or personal data in addition to the built-in patterns. They see every string that others chose,
   * names included, before it leaves. If one throws or returns an invalid result, the value is dropped.
   */
  detectors?: readonly SecretDetector[];

  /** Called after a span starts, before the message continues. Exceptions are reported once and ignored. */
  requestHook?: (span: Span, info: McpOperationInfo) => void;

  /** Called before a span ends. Exceptions are reported once and ignored. */
  responseHook?: (span: Span, info: McpOperationInfo) => void;
}

/** Returned by the `instrument…` functions. */
export interface Instrumented {
  /** Removes the hooks. Open operations end as `connection_closed`. Idempotent. */
  disable(): void;
}

/** The HTTP entry of SDK v2. */
export interface FetchHandler {
  fetch(request: Request, options?: never): Promise<Response>;
}
