/** Records that applications write: decisions, logins, guardrail verdicts, configuration changes. */
import { trace } from '@opentelemetry/api';
import type {
  AuthenticationEvent,
  AuthorizationDecision,
  ConfigChange,
  GuardrailVerdict,
  Identity,
} from '../audit-types.js';
import type { Correlator } from '../emit/correlation.js';
import type { LogsTarget } from '../emit/logger-provider.js';
import { handledIn } from '../emit/parents.js';
import { RedactionCounts } from '../redact/redaction-counts.js';
import type { AuditEventName, AuditFields } from '../semconv/audit-record.js';
import { actorFields, readIdentity } from './actor.js';
import { approverFields, authorityFields, delegationFields } from './delegation.js';
import { type AuditEntry, entryOf } from './entry.js';
import { isDoneBySink } from './own-sinks.js';
import { type FieldValues, RecordFields } from './record-fields.js';
import type { Place } from './registry.js';
import { peerFields } from './request-fields.js';
import { addSafe, type RedactionContext } from './sanitise.js';
import type { AuditSettings } from './settings.js';
import { type AuditStatus, type Severity, STATUSES } from './status.js';
import { type Trail, traceOf } from './trail.js';

/** Fields about the caller that another actor may not have. */
const OF_A_PERSON = [
  'user.id',
  'user.name',
  'user.roles',
  'mcp_audit.organization.id',
  'mcp_audit.team.id',
  'mcp_audit.approver.id',
  'mcp_audit.approver.name',
  'mcp_audit.approver.type',
  'mcp_audit.delegation.actors',
  'mcp_audit.delegation.source',
  'mcp_audit.delegation.id',
] as const;

interface About {
  readonly fields: RecordFields;
  readonly entry: AuditEntry | undefined;
  readonly redaction: RedactionContext;
}

interface EventRecord {
  readonly name: AuditEventName;
  readonly fields: RecordFields;
  readonly action: NonNullable<AuditFields['audit.action']>;
  readonly status: AuditStatus;
  /** By default that of the status. */
  readonly severity?: Severity;
}

interface ApplicationEventParts {
  readonly trail: Trail;
  readonly target: LogsTarget | undefined;
  readonly settings: AuditSettings;
  readonly correlator: Correlator;
}

export class ApplicationEvents {
  readonly #parts: ApplicationEventParts;

  constructor(parts: ApplicationEventParts) {
    this.#parts = parts;
  }

  /**
   * Adds the decision to all later records of the operation; in middleware, of the operation that the HTTP request
   * brings.
   */
  authorization(given: AuthorizationDecision, place: Place): void {
    const { entry, redaction, fields } = this.#about(place, undefined);
    const decided = Object.fromEntries(
      addSafe(new RecordFields(), decisionFields(given), redaction).entries(),
    ) as FieldValues;
    const decision = { decision: given.decision, fields: decided };
    if (entry !== undefined) entry.decision = decision;
    else if (place.peer?.http !== undefined) place.peer.http.notes.decision = decision;
    fields.add(decided);
    this.#record(place, {
      name: 'mcp_audit.authorization',
      fields,
      action: 'AUTHORIZE',
      status: given.decision === 'deny' ? 'denied' : 'ok',
    });
  }

  authentication({ event, outcome, actor, method, reason }: AuthenticationEvent, place: Place): void {
    const failed = (outcome ?? (event === 'token_rejected' ? 'failure' : 'success')) === 'failure';
    const { fields, redaction } = this.#about(place, actor);
    const said: FieldValues = {
      'mcp_audit.authentication.event': event,
      'mcp_audit.authentication.method': method,
      'mcp_audit.access.reason': reason,
    };
    addSafe(fields, said, redaction);
    this.#record(place, {
      name: 'mcp_audit.authentication',
      fields,
      action: 'AUTHENTICATE',
      status: failed ? 'unauthenticated' : 'ok',
    });
  }

  guardrail(given: GuardrailVerdict, place: Place): void {
    const { verdict, subject = 'other', ruleName, ruleVersion, reason } = given;
    const { fields, entry, redaction } = this.#about(place, undefined);
    if (entry !== undefined && verdict !== 'allow') entry.quarantined = true;
    const said: FieldValues = {
      'mcp_audit.guardrail.verdict': verdict,
      'mcp_audit.guardrail.subject': subject,
      'security_rule.name': ruleName,
      'security_rule.version': ruleVersion,
      'mcp_audit.access.reason': reason,
      ...approverFields(given.approver),
      ...delegationFields(given.delegation),
    };
    addSafe(fields, said, redaction);
    const status: AuditStatus = verdict === 'block' || verdict === 'quarantine' ? 'denied' : 'ok';
    this.#record(place, {
      name: 'mcp_audit.guardrail',
      fields,
      action: 'EVALUATE',
      status,
      severity: verdict === 'allow' ? 'INFO' : 'WARN',
    });
  }

  configChange({ item, change = 'update', actor, reason }: ConfigChange, place: Place): void {
    const { fields, redaction } = this.#about(place, actor);
    const said: FieldValues = {
      'audit.target.type': 'config',
      'audit.target.id': item,
      'mcp_audit.config.change': change,
      'mcp_audit.access.reason': reason,
    };
    addSafe(fields, said, redaction);
    this.#record(place, { name: 'mcp_audit.config.changed', fields, action: 'UPDATE', status: 'ok' });
  }

  /** The operation or HTTP request that an event is about; neither is known outside of both. */
  #about(place: Place, actor: Identity | undefined): About {
    const identity = actor === undefined ? undefined : readIdentity(actor);
    const entry = entryOf(handledIn(place.active));
    const { redactor, showId, showDetail } = this.#parts.settings;
    const secret = entry?.redaction.secret ?? place.peer?.http?.notes.auth?.token;
    const redaction = { redactor, counts: new RedactionCounts(), secret, showId, showDetail };
    if (entry === undefined)
      return { fields: addSafe(new RecordFields(), this.#ofPlace(place, identity), redaction), entry, redaction };
    const fields = new RecordFields(entry.fields);
    if (identity?.id === undefined && identity?.name === undefined) {
      addSafe(fields, authorityFields(identity, undefined), redaction);
      return { fields, entry, redaction };
    }
    // The event names another actor: no field of the caller may remain.
    for (const key of OF_A_PERSON) fields.drop(key);
    addSafe(fields, actorFields({ identity, peer: undefined, sender: undefined }), redaction);
    return { fields, entry, redaction };
  }

  #ofPlace({ active, peer }: Place, identity: Identity | undefined): FieldValues {
    const { trail, correlator } = this.#parts;
    const { notes } = peer?.http ?? {};
    // The operation that arrives with this request takes this id.
    if (notes !== undefined) notes.operationId ??= trail.newId();
    const correlation = correlator.ambient(active, trace.getSpan(active)?.spanContext().traceId);
    return {
      ...(peer === undefined ? {} : peerFields(peer)),
      ...actorFields({ identity, peer, sender: undefined }),
      'mcp_audit.side': notes === undefined ? undefined : 'server',
      'mcp_audit.operation.id': notes?.operationId,
      'mcp_audit.correlation.id': correlation.id,
      'mcp_audit.correlation.claimed_id': correlation.claimed,
    };
  }

  #record(
    { active }: Place,
    { name, fields, action, status, severity = STATUSES[status].severity }: EventRecord,
  ): void {
    if (isDoneBySink()) return;
    fields.add({ 'audit.action': action, 'audit.outcome': STATUSES[status].outcome, 'mcp_audit.status': status });
    const { trail, target } = this.#parts;
    const span = trace.getSpan(active);
    const operation = handledIn(active);
    const parent = operation?.span === span ? operation?.parentSpanId : undefined;
    trail.record({ name, severity, fields, trace: traceOf(active, span, parent), target });
  }
}

function decisionFields(given: AuthorizationDecision): FieldValues {
  const { decision, policyId, policyVersion, ruleName, reason, approver, delegation } = given;
  return {
    'mcp_audit.access.decision': decision,
    'mcp_audit.policy.id': policyId,
    'security_rule.name': ruleName,
    'security_rule.version': policyVersion,
    'mcp_audit.access.reason': reason,
    ...approverFields(approver),
    ...delegationFields(delegation),
  };
}
