/** The parts of the definition of an audit record field. */
import type { AuditEventName } from './audit-events.js';

/** How a value gets into a record: as it is (ours), or through the redactor; `identity` says who somebody is. */
export type Redaction = 'ours' | 'name' | 'identity' | 'uri' | 'text';

/**
 * Where a name comes from, and how firm it is there: a `stable` or a `development` name of OpenTelemetry's semantic
 * conventions, a name of the `draft` of OpenTelemetry's audit logging, or the package's `own`.
 */
export type AuditStability = 'stable' | 'development' | 'draft' | 'own';

/** The requirement level of a field, in OpenTelemetry's terms. A condition completes the sentence that begins "if". */
export type AuditRequirement = 'required' | 'recommended' | 'opt_in' | { readonly conditionally_required: string };

/** One field. */
export interface AuditField {
  readonly type: 'string' | 'int' | 'boolean' | 'string[]';
  /** Where the value comes from: made by this package, or a peer, handler or hook chose it and the redactor sees it. */
  readonly redaction: Redaction;
  /** All values there are, of a closed set. */
  readonly values?: readonly string[];
  /** Only in the body: the log record or its resource carries the value elsewhere. */
  readonly bodyOnly?: true;
  /** Its meaning, in one or two sentences. */
  readonly brief: string;
  /** Example values; not needed for a closed set. */
  readonly examples?: readonly (string | number | readonly string[])[];
  readonly stability: AuditStability;
  /** Events whose records can have it, where they are not those of its group. */
  readonly events?: readonly AuditEventName[];
  /** Its requirement level, where it differs from that of its group. */
  readonly requirement?: AuditRequirement;
  /** Those of its events whose records always have it, whatever the requirement is on the others. */
  readonly requiredOn?: readonly AuditEventName[];
  /** A regular expression that every value matches from its start to its end. */
  readonly pattern?: string;
  /**
   * It identifies a person besides their id, which `redaction: 'identity'` marks: an address, a session, a readable name.
   * With `actorIds: 'pseudonym'` it is left out, or has a pseudonym of its own.
   */
  readonly identifies?: true;
  /** Why to be careful with it. */
  readonly sensitive?: string;
  /** Where the name comes from. */
  readonly see?: string;
}

/** Fields about the same thing. Their events and requirement apply to each field that does not set its own. */
export interface AuditFieldGroup {
  readonly title: string;
  readonly brief: string;
  readonly events: readonly AuditEventName[];
  readonly requirement: AuditRequirement;
  readonly fields: Readonly<Record<string, AuditField>>;
}

/** The conventions for MCP. */
export const MCP_CONVENTIONS =
  'https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md';

/** The draft of OpenTelemetry's audit logging, which the names `audit.*` are from. */
export const AUDIT_DRAFT = 'https://github.com/open-telemetry/opentelemetry-specification/pull/5059';

/** The page of a namespace in the attribute registry of the semantic conventions. */
export function registryPage(namespace: string): string {
  return `https://github.com/open-telemetry/semantic-conventions/blob/v1.41.1/docs/registry/attributes/${namespace}.md`;
}

/** A version 7 UUID, as RFC 9562 writes it. */
export const UUID_V7 = '[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}';

/** A moment in UTC, as RFC 3339 writes it, to the nanosecond. */
export const NANOSECOND_TIME = '\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{9}Z';
