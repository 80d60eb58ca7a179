/** The one place where values that others chose get into a record: every field as its definition says. */
import type { RedactionCounts } from '../redact/redaction-counts.js';
import type { Redactor } from '../redact/redactor.js';
import { containsSecret } from '../redact/secret-proof.js';
import { AUDIT_FIELDS, type AuditKey, type Redaction } from '../semconv/audit-record.js';
import type { FieldValues, RecordFields } from './record-fields.js';

/** How values are hidden, and what was. */
export interface RedactionContext {
  readonly redactor: Redactor;
  readonly counts: RedactionCounts;
  /** The caller's own token: hidden wherever it turns up, a hook's answer included. */
  readonly secret: string | undefined;
  /** The values were hidden before: what is written out in a name stays as it is. */
  readonly again?: boolean | undefined;
  /** How an identity is told that is known to be one. */
  readonly showId: (id: string) => string;
}

/** Who acts: a hook may want to say it in its own way, and for that has to know it. */
const ACTOR: ReadonlySet<AuditKey> = new Set(['audit.actor.id', 'user.id', 'user.name']);

/** By their own word alone, which makes it a name like any other; nobody is nobody's secret. */
const UNPROVEN: ReadonlySet<unknown> = new Set(['self_asserted', 'none']);

/** An application may give a list where a text belongs. */
function isList(key: AuditKey, value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && AUDIT_FIELDS[key].type === 'string[]';
}

const AGAIN = { again: true };

/** Stands for the caller's own token. */
export const CREDENTIAL = '[REDACTED:credential]';

/** Names without the one that is, or holds, the caller's token; each once. */
export function withoutCredential(names: readonly string[], secret: string | undefined): readonly string[] {
  if (secret === undefined) return names;
  return [...new Set(names.map((name) => (containsSecret(name, secret) ? CREDENTIAL : name)))].sort();
}

/** What must never be empty keeps a mark when its value is dropped. */
const KEPT_AS: Readonly<Record<string, string>> = {
  'audit.actor.id': '[REDACTED]',
  'mcp_audit.correlation.id': '[REDACTED]',
};

/** Adds values to fields, with everything hidden that has to be; what a rule drops is left out, and counted. */
export function addSafe(fields: RecordFields, values: FieldValues, redaction: RedactionContext): RecordFields {
  for (const name in values) {
    const key = name as AuditKey;
    const value = values[key];
    if (value === undefined) continue;
    const rule = ruleOf(key, values);
    if (rule === 'ours') fields.set(key, value as never);
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

/** @param whole the text before it was cut: half a token is not the token, and enough of it */
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
