/** What applications tell the audit trail. Harmless where nothing is audited. */

import { context } from '@opentelemetry/api';
import { entryOf } from './audit/entry.js';
import { type AuditAccess, latestRecorder, type Place } from './audit/registry.js';
import type { AuthenticationEvent, AuthorizationDecision, ConfigChange, GuardrailVerdict } from './audit-types.js';
import { handledIn } from './emit/parents.js';
import type { InventorySnapshot } from './inventory/snapshot.js';
import type { Annotations, ServerSelector } from './inventory/types.js';
import { membersOf } from './lib/foreign.js';
import { show } from './options/problem.js';
import { guarded } from './report/guarded.js';
import { warnOperator } from './report/report.js';
import { AUDIT_FIELDS } from './semconv/audit-record.js';

/**
 * Records a decision about the operation that is being handled, from its handler or from HTTP middleware before it: all
 * records of the operation that follow carry it, and a `deny` makes its status `denied`. It changes nothing about the
 * operation: refusing is up to the caller.
 *
 * A decision that is neither `allow` nor `deny` is reported on stderr and not recorded. Never throws.
 *
 * @returns whether it was recorded: false where nothing is audited
 */
export function recordAuthorization(decision: AuthorizationDecision): boolean {
  return stated('recordAuthorization', decision, AUTHORIZATION, ({ events }, given, place) => {
    events.authorization(given, place);
  });
}

/**
 * Records a login, a logout, or what has become of a token. Without an `actor` it is about whoever the running operation
 * or HTTP request belongs to. An unknown `event` or `outcome` is reported on stderr and not recorded. Never throws.
 *
 * @returns whether it was recorded: false where nothing is audited
 */
export function recordAuthentication(event: AuthenticationEvent): boolean {
  return stated('recordAuthentication', event, AUTHENTICATION, ({ events }, given, place) => {
    events.authentication(given, place);
  });
}

/**
 * Records what a guardrail has found: which rule, about what, and whether it was blocked, put aside or cleaned. Never
 * the text. An unknown `verdict` or `subject` is reported on stderr and not recorded. Never throws.
 *
 * @returns whether it was recorded: false where nothing is audited
 */
export function recordGuardrail(verdict: GuardrailVerdict): boolean {
  return stated('recordGuardrail', verdict, GUARDRAIL, ({ events }, given, place) => {
    events.guardrail(given, place);
  });
}

/**
 * Records that a setting, a policy or the like was created, updated or deleted, by its name. An `item` that is no text,
 * or an unknown `change`, is reported on stderr and not recorded. Never throws.
 *
 * @returns whether it was recorded: false where nothing is audited
 */
export function recordConfigChange(change: ConfigChange): boolean {
  return stated('recordConfigChange', change, CONFIG_CHANGE, ({ events }, given, place) => {
    events.configChange(given, place);
  });
}

/**
 * Adds to the inventory what no traffic shows: who added, reviewed or removed a server, the state of its review and
 * approval, notes. The record of it (`mcp_audit.inventory.changed`) has all that is said of the server by then, redacted.
 * A server that was never seen, and what is no annotation, is reported on stderr and not recorded. Never throws.
 *
 * @param server the server's id in the inventory (`mcp_audit.server.id`), its name, or an object that tells it from others
 * @returns whether it was recorded: false where nothing is audited, the server is not known, or nothing is new
 *
 * @example annotate('weather', { approval: 'approved', reviewer: 'ada@example.com' })
 * @example annotate({ name: 'weather', endpoint: 'mcp.example.com:443' }, { notes: 'asked for an owner' })
 */
export function annotate(server: string | ServerSelector, annotations: Annotations): boolean {
  return withRecorder('annotate', (recorder) => recorder.inventory.annotate(server, annotations)) ?? false;
}

/** The inventory of servers and tools as plain data: since when, how often used, what failed; nothing where none is kept. */
export function inventory(): InventorySnapshot | undefined {
  return withRecorder('inventory', (recorder) => recorder.inventory.snapshot());
}

/** What a statement consists of. */
interface Form<T> {
  /** What has to be there. */
  readonly required: keyof T & string;
  /** Members that are one of a few words. */
  readonly words: { readonly [K in keyof T & string]?: readonly string[] };
  readonly others: readonly (keyof T & string)[];
}

const AUTHORIZATION: Form<AuthorizationDecision> = {
  required: 'decision',
  words: { decision: ['allow', 'deny'] },
  others: ['policyId', 'policyVersion', 'ruleName', 'reason'],
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
  others: ['ruleName', 'ruleVersion', 'reason'],
};

const CONFIG_CHANGE: Form<ConfigChange> = {
  required: 'item',
  words: { change: AUDIT_FIELDS['mcp_audit.config.change'].values },
  others: ['item', 'actor', 'reason'],
};

function stated<T extends object>(
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
    const list = accepted?.join(', ') ?? 'a text';
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
