/** The record of MCP that no hook sees. Of the message it holds the method and the protocol version, and nothing else. */
import type { LogsTarget } from '../emit/logger-provider.js';
import { METHODS } from '../protocol/methods.js';
import { RedactionCounts } from '../redact/redaction-counts.js';
import type { AuditFields } from '../semconv/audit-record.js';
import { ERROR_TYPE_VALUE_OTHER } from '../semconv/values.js';
import { type FieldValues, RecordFields } from './record-fields.js';
import { addSafe } from './sanitise.js';
import type { AuditSettings } from './settings.js';
import type { Trail } from './trail.js';

/** MCP that no hook sees. */
export interface Unobserved {
  readonly place: NonNullable<AuditFields['mcp_audit.unobserved.place']>;
  readonly reason: NonNullable<AuditFields['mcp_audit.unobserved.reason']>;
  /** As sent. A method that the protocol does not define is recorded as `_OTHER`. */
  readonly method: string;
  /** The protocol version that the message names, if it has the form of one. */
  readonly version: string | undefined;
  /** The file with the cause, without its folder. */
  readonly file: string | undefined;
}

interface UnobservedParts {
  readonly trail: Trail;
  readonly target: LogsTarget | undefined;
  readonly settings: AuditSettings;
}

/** What each place means for a record. */
const PLACES = {
  stdin: { 'mcp_audit.side': 'server', 'network.transport': 'pipe' },
  stdout: { 'mcp_audit.side': 'server', 'network.transport': 'pipe' },
  'http.server': { 'mcp_audit.side': 'server', 'network.transport': 'tcp' },
  'http.client': { 'mcp_audit.side': 'client', 'network.transport': 'tcp' },
  child: { 'mcp_audit.side': 'client', 'network.transport': 'pipe' },
} as const satisfies Record<Unobserved['place'], FieldValues>;

export function recordUnobserved(
  { place, reason, method, version, file }: Unobserved,
  { trail, target, settings: { redactor, showId, showDetail } }: UnobservedParts,
): void {
  const values: FieldValues = {
    'mcp_audit.unobserved.place': place,
    'mcp_audit.unobserved.reason': reason,
    'mcp_audit.unobserved.file': file,
    'mcp.method.name': METHODS.has(method) ? method : ERROR_TYPE_VALUE_OTHER,
    'mcp.protocol.version': version,
    ...PLACES[place],
  };
  const redaction = { redactor, counts: new RedactionCounts(), secret: undefined, showId, showDetail };
  const safe = addSafe(new RecordFields(), values, redaction);
  trail.unobserved(Object.fromEntries(safe.entries()), target);
}
