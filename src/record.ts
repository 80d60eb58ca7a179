/** Functions by which applications record events. Without an audit trail they do nothing. */

import { context } from '@opentelemetry/api';
import { entryOf } from './audit/entry.js';
import { type AuditAccess, latestRecorder, type Place } from './audit/registry.js';
import type { AuthenticationEvent, AuthorizationDecision, ConfigChange, GuardrailVerdict } from './audit-types.js';
import { handledIn } from './emit/parents.js';
import type { Annotations, ServerSelector } from './inventory/annotations.js';
import type { InventorySnapshot } from './inventory/snapshot.js';
import { membersOf } from './lib/foreign.js';
import { show } from './options/problem.js';
import { guarded } from './report/guarded.js';
import { warnOperator } from './report/report.js';
import { AUDIT_FIELDS } from './semconv/audit-record.js';

/**
 * Records an authorization decision about the current operation, from its handler or from HTTP middleware before it, and
 * who confirmed it.
 * Later records of the operation carry it; `deny` sets the status `denied`. The operation itself goes on: refuse it
 * yourself.
 *
 * A decision other than `allow` or `deny` is reported on stderr and not recorded. Never throws.
 *
 * @returns whether it was recorded; false without an audit trail
 */
export function recordAuthorization(decision: AuthorizationDecision): boolean {
  return recordEvent('recordAuthorization', decision, AUTHORIZATION, ({ events }, given, place) => {
    events.authorization(given, place);
  });
}

/**
 * Records a login, a logout or a token event. Without `actor`, it is about the caller of the current operation or HTTP
 * request. An unknown `event` or `outcome` is reported on stderr and not recorded. Never throws.
 *
 * @returns whether it was recorded; false without an audit trail
 */
export function recordAuthentication(event: AuthenticationEvent): boolean {
  return recordEvent('recordAuthentication', event, AUTHENTICATION, ({ events }, given, place) => {
    events.authentication(given, place);
  });
}

/**
 * Records the verdict of a guardrail: the rule, the subject, and whether it was blocked, quarantined or sanitized.
 * Never pass the text. An unknown `verdict` or `subject` is reported on stderr and not recorded. Never throws.
 *
 * @returns whether it was recorded; false without an audit trail
 */
export function recordGuardrail(verdict: GuardrailVerdict): boolean {
  return recordEvent('recordGuardrail', verdict, GUARDRAIL, ({ events }, given, place) => {
    events.guardrail(given, place);
  });
}

/**
 * Records that a setting, policy or similar item was created, updated or deleted. An `item` that is not a string, or an
 * unknown `change`, is reported on stderr and not recorded. Never throws.
 *
 * @returns whether it was recorded; false without an audit trail
 */
export function recordConfigChange(change: ConfigChange): boolean {
  return recordEvent('recordConfigChange', change, CONFIG_CHANGE, ({ events }, given, place) => {
    events.configChange(given, place);
  });
}

/**
 * Annotates servers in the inventory: who added, reviewed or removed them, the state of review and approval, notes. The
 * record `mcp_audit.inventory.changed` has all annotations of the server, redacted. Unknown servers and annotations are
 * reported on stderr and not recorded. Never throws.
 *
 * @param server the server's id in the inventory (`mcp_audit.server.id`), its name, or an object that selects it
 * @returns whether it was recorded; false without an audit trail, for an unknown server, and if nothing changes
 *
 * @example annotate('weather', { approval: 'approved', approver: 'ada@example.com' })
 * @example annotate({ name: 'weather', endpoint: 'mcp.example.com:443' }, { notes: 'asked for an owner' })
 */
export function annotate(server: string | ServerSelector, annotations: Annotations): boolean {
  return withRecorder('annotate', (recorder) => recorder.inventory.annotate(server, annotations)) ?? false;
}

/**
 * The inventory of servers and tools as plain data: when they were first and last seen, use and failures; undefined
 * without an audit trail.
 */
export function inventory(): InventorySnapshot | undefined {
  return withRecorder('inventory', (recorder) => recorder.inventory.snapshot());
}

/** Members of an event. */
interface Form<T> {
  /** The required member. */
  readonly required: keyof T & string;
  /** Members with a fixed set of values. */
  readonly words: { readonly [K in keyof T & string]?: readonly string[] };
  readonly others: readonly (keyof T & string)[];
}

const AUTHORIZATION: Form<AuthorizationDecision> = {
  required: 'decision',
  words: { decision: ['allow', 'deny'] },
  others: ['policyId', 'policyVersion', 'ruleName', 'reason', 'approver', 'delegation'],
};

const AUTHENTICATION: Form<AuthenticationEvent> = {
  required: 'event',
  words: { event: AUDIT_FIELDS['mcp_audit.authentication.event'].values, outcome: ['success', 'failure'] },
  others: ['actor', 'method', 'reason'],
};

const GUARDRAIL: Form<GuardrailVerdict> = {
  required: 'verdict',
  words: {
    verdict: AUDIT_FIELDS['mcp_audit.guardrail.verdict'].values,
    subject: AUDIT_FIELDS['mcp_audit.guardrail.subject'].values,
  },
  others: ['ruleName', 'ruleVersion', 'reason', 'approver', 'delegation'],
};

const CONFIG_CHANGE: Form<ConfigChange> = {
  required: 'item',
  words: { change: AUDIT_FIELDS['mcp_audit.config.change'].values },
  others: ['item', 'actor', 'reason'],
};

function recordEvent<T extends object>(
  what: string,
  given: T,
  form: Form<T>,
  record: (recorder: AuditAccess, given: T, place: Place) => void,
): boolean {
  const { required, words, others } = form;
  const read = membersOf<T>(given, [...(Object.keys(words) as (keyof T & string)[]), ...others]);
  for (const member of new Set([required, ...(Object.keys(words) as (keyof T & string)[])])) {
    const value: unknown = read[member];
    const accepted = words[member];
    if (value === undefined && member !== required) continue;
    if (typeof value === 'string' && (accepted === undefined || accepted.includes(value))) continue;
    const list = accepted?.join(', ') ?? 'a string';
    warnOperator(`the ${member} given to ${what} is ${show(value)}; accepted: ${list}. Not recorded`);
    return false;
  }
  const done = withRecorder(what, (recorder) => {
    record(recorder, read as T, { active: context.active(), peer: recorder.currentPeer() });
    return true;
  });
  return done ?? false;
}

function withRecorder<T>(site: string, use: (recorder: AuditAccess) => T): T | undefined {
  return guarded(site, () => {
    const recorder = entryOf(handledIn(context.active()))?.recorder ?? latestRecorder();
    return recorder === undefined ? undefined : use(recorder);
  });
}
