/** Records of HTTP requests that were refused before an MCP message was read. */
import type { Correlator } from '../emit/correlation.js';

import type { LogsTarget } from '../emit/logger-provider.js';
import { RedactionCounts } from '../redact/redaction-counts.js';

import type { AuditFields } from '../semconv/audit-record.js';

import { ERROR_TYPE_VALUE_CONNECTION_CLOSED } from '../semconv/values.js';
import type { HttpNotes, Peer } from '../session/peer.js';
import { actorFields } from './actor.js';
import type { Decision } from './entry.js';
import { RecordFields } from './record-fields.js';
import { peerFields } from './request-fields.js';
import { addHeaders } from './response-fields.js';
import { addSafe } from './sanitise.js';
import type { AuditSettings } from './settings.js';
import { type AuditStatus, STATUSES } from './status.js';
import type { Trail } from './trail.js';

/** A refused request, not yet redacted. */
export interface Refusal {
  readonly status: 401 | 403 | 429;
  readonly peer: Peer;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly durationMs: number;
  readonly aborted: boolean;
  /** Error code of the challenge. */
  readonly error?: string;
  /** W3C trace context of the request. */
  readonly traceparent?: string;
}

interface Meaning {
  readonly status: AuditStatus;
  readonly action: NonNullable<AuditFields['audit.action']>;
}

const MEANINGS: Readonly<Record<Refusal['status'], Meaning>> = {
  401: { status: 'unauthenticated', action: 'AUTHENTICATE' },
  403: { status: 'denied', action: 'AUTHORIZE' },
  429: { status: 'rate_limited', action: 'AUTHORIZE' },
};

interface RefusalParts {
  readonly trail: Trail;
  readonly target: LogsTarget | undefined;
  readonly settings: AuditSettings;
  readonly correlator: Correlator;
}

/** Records a refusal. Call the result if the response cannot be sent; undefined if nothing was recorded. */
export function recordRefusal(
  refusal: Refusal,
  { trail, target, settings, correlator }: RefusalParts,
): (() => void) | undefined {
  const { peer, error } = refusal;
  const { http } = peer;
  const decision = http?.notes.decision as Decision | undefined;
  // The application recorded this denial, or another copy of this package did.
  if (decision?.decision === 'deny' || (http !== undefined && isTold(http.notes, trail.key))) return undefined;
  const { status, action } = MEANINGS[refusal.status];
  const { redactor, showId, showDetail } = settings;
  const secret = http?.notes.auth?.token;
  const redaction = { redactor, counts: new RedactionCounts(), secret, showId, showDetail };
  const correlation = correlator.ofRequest(http, traceIdOf(refusal.traceparent));
  const said = addSafe(
    new RecordFields(),
    {
      ...peerFields(peer),
      ...actorFields({ identity: undefined, peer, sender: undefined }),
      'mcp_audit.side': 'server',
      'network.transport': 'tcp',
      'mcp_audit.operation.id': http?.notes.operationId ?? trail.newId(),
      'mcp_audit.correlation.id': correlation.id,
      'mcp_audit.correlation.claimed_id': correlation.claimed,
      'audit.action': action,
      'audit.outcome': STATUSES[status].outcome,
      'audit.target.type': 'mcp.server',
      'audit.target.id': http?.path ?? 'unknown',
    },
    redaction,
  );
  const fields = addSafe(
    new RecordFields(said),
    {
      'mcp_audit.status': status,
      'mcp_audit.access.decision': 'deny',
      'mcp_audit.access.reason': error ?? (refusal.aborted ? 'aborted' : undefined),
      'error.type': String(refusal.status),
      'http.response.status_code': refusal.status,
      'mcp_audit.duration_ms': Math.round(refusal.durationMs),
    },
    redaction,
  );
  addHeaders(fields, http, settings.headers, redaction);
  trail.record({
    name: 'mcp_audit.authorization',
    severity: STATUSES[status].severity,
    time: refusal.at,
    fields,
    target,
  });
  return () => {
    said.set('error.type', ERROR_TYPE_VALUE_CONNECTION_CLOSED);
    trail.record({
      name: 'mcp_audit.response.undelivered',
      severity: 'WARN',
      fields: said,
      target,
    });
  };
}

function isTold(notes: HttpNotes, trail: string): boolean {
  notes.refused ??= new Set();
  if (notes.refused.has(trail)) return true;
  notes.refused.add(trail);
  return false;
}

/** @see https://www.w3.org/TR/trace-context/#traceparent-header */
function traceIdOf(traceparent: string | undefined): string | undefined {
  return /^[\da-f]{2}-(?!0{32})([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/.exec(traceparent ?? '')?.[1];
}
