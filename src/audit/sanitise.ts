/** The only way for foreign values to reach records: each field is redacted as its definition requires. */
import type { RedactionCounts } from '../redact/redaction-counts.js';
import type { Redactor } from '../redact/redactor.js';
import { containsSecret } from '../redact/secret-proof.js';
import { AUDIT_FIELDS, type AuditField, type AuditKey, type Redaction } from '../semconv/audit-record.js';
import type { Persons } from './persons.js';
import type { FieldValues, RecordFields } from './record-fields.js';

/** How to redact, and what has been redacted. */
export interface RedactionContext extends Persons {
  readonly redactor: Redactor;
  readonly counts: RedactionCounts;
  /** The caller's token: removed from every value, also from the hook's answer. */
  readonly secret: string | undefined;
  /** The values are redacted already: keep placeholders in names. */
  readonly again?: boolean | undefined;
}

/** Fields of those who act and confirm: the `redact` hook gets them unredacted, to show them in its own form. */
const ACTOR: ReadonlySet<AuditKey> = new Set([
  'audit.actor.id',
  'user.id',
  'user.name',
  'mcp_audit.approver.id',
  'mcp_audit.approver.name',
  'mcp_audit.delegation.actors',
]);

/** Unverified sources: such an actor is redacted like any other name. */
const UNPROVEN: ReadonlySet<unknown> = new Set(['self_asserted', 'none']);

/** Applications may pass lists for strings, and the reverse. */
function isList(key: AuditKey, value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && AUDIT_FIELDS[key].type === 'string[]';
}

/** What identifies somebody besides their id. */
const IS_DETAIL: ReadonlySet<AuditKey> = new Set(
  (Object.keys(AUDIT_FIELDS) as AuditKey[]).filter((key) => (AUDIT_FIELDS[key] as AuditField).identifies === true),
);

const AGAIN = { again: true };

/** Placeholder of the caller's token. */
export const CREDENTIAL = '[REDACTED:credential]';

/** Replaces names that contain the caller's token; without duplicates. */
export function withoutCredential(names: readonly string[], secret: string | undefined): readonly string[] {
  if (secret === undefined) return names;
  return [...new Set(names.map((name) => (containsSecret(name, secret) ? CREDENTIAL : name)))].sort();
}

/** Required fields get a placeholder when dropped. */
const KEPT_AS: Readonly<Record<string, string>> = {
  'audit.actor.id': '[REDACTED]',
  'mcp_audit.correlation.id': '[REDACTED]',
};

/** Adds redacted values to fields; values that a rule drops are left out and counted. */
export function addSafe(fields: RecordFields, values: FieldValues, redaction: RedactionContext): RecordFields {
  const { showDetail } = redaction;
  for (const name in values) {
    const key = name as AuditKey;
    const value = values[key];
    if (value === undefined) continue;
    const rule = ruleOf(key, values);
    if (showDetail !== undefined && IS_DETAIL.has(key)) addDetail(fields, key, value, showDetail, rule, redaction);
    else if (rule === 'ours') fields.set(key, value as never);
    else if (typeof value === 'string')
      fields.set(key, (safeText(key, rule, value, redaction) ?? KEPT_AS[key]) as never);
    else if (isList(key, value)) {
      const safe = value
        .map((each) => (typeof each === 'string' ? safeText(key, rule, each, redaction) : undefined))
        .filter((each) => each !== undefined);
      if (safe.length > 0) fields.set(key, safe as never);
    }
  }
  return fields;
}

/** A number has no pseudonym. */
function addDetail(
  fields: RecordFields,
  key: AuditKey,
  value: unknown,
  show: NonNullable<Persons['showDetail']>,
  rule: Redaction,
  redaction: RedactionContext,
): void {
  if (show === 'omit' || typeof value !== 'string') return;
  const safe = rule === 'ours' ? value : safeText(key, rule, value, { ...redaction, showId: (id) => id });
  if (safe !== undefined) fields.set(key, (safe === CREDENTIAL ? safe : show(safe)) as never);
}

function ruleOf(key: AuditKey, values: FieldValues): Redaction {
  const { redaction } = AUDIT_FIELDS[key];
  const unproven = key === 'audit.actor.id' && UNPROVEN.has(values['mcp_audit.actor.source']);
  return unproven ? 'name' : redaction;
}

function safeText(
  key: AuditKey,
  kind: Exclude<Redaction, 'ours'>,
  value: string,
  redaction: RedactionContext,
): string | undefined {
  const { redactor, counts, again } = redaction;
  const how = again ? AGAIN : undefined;
  if (kind !== 'identity') return withoutToken(redactor.field(key, kind, value, counts, how), value, redaction);
  const asked = ACTOR.has(key) ? redactor.asked(key, value, counts) : value;
  if (asked === undefined) return undefined;
  const safe = ACTOR.has(key)
    ? redactor.identity(key, asked, counts, how)
    : redactor.field(key, kind, asked, counts, how);
  const shown = withoutToken(safe, asked, redaction);
  return shown === undefined || shown === CREDENTIAL ? shown : redaction.showId(shown);
}

/** @param whole the text before truncation: part of a token is enough to leak it */
function withoutToken(
  text: string | undefined,
  whole: string,
  { counts, secret }: RedactionContext,
): string | undefined {
  if (text === undefined || secret === undefined) return text;
  if (!containsSecret(text, secret) && !containsSecret(whole, secret)) return text;
  counts.add('credential');
  return CREDENTIAL;
}
