/** Reads annotations of servers. Applications may pass any value; what is not accepted is reported. */

import { type Annotations, APPROVALS, isValid, type ServerSelector } from '../inventory/annotations.js';
import { ANNOTATIONS } from '../inventory/state.js';
import { membersOf } from '../lib/foreign.js';
import { show } from '../options/problem.js';
import { REDACTED } from '../redact/scrub.js';
import { warnOperator } from '../report/report.js';
import type { AuditKey } from '../semconv/audit-record.js';
import { RecordFields } from './record-fields.js';
import { addSafe, type RedactionContext } from './sanitise.js';

const SELECTING = ['id', 'name', 'version', 'endpoint'] as const;

/** The string members of a selector. */
export function readSelector(server: unknown): string | ServerSelector {
  if (typeof server === 'string') return server;
  const members = Object.entries(membersOf<ServerSelector>(server, SELECTING));
  return Object.fromEntries(members.filter(([, value]) => typeof value === 'string'));
}

/** The valid annotations. Others are reported and ignored. */
export function readAnnotations(given: unknown): Annotations {
  const unknown = Object.keys(Object(given)).filter((name) => !(ANNOTATIONS as readonly string[]).includes(name));
  for (const name of unknown) {
    warnOperator(`annotate: ${show(name)} is not an annotation; accepted: ${ANNOTATIONS.join(', ')}. Ignored`);
  }
  const read = membersOf<Annotations>(given, ANNOTATIONS);
  for (const name of ANNOTATIONS) {
    const value: unknown = read[name];
    if (value === undefined || isValid(name, value)) continue;
    const accepted = name === 'approval' ? APPROVALS.join(', ') : 'a text';
    warnOperator(`annotate: ${name} is ${show(value)}; accepted: ${accepted}, or null to remove it. Ignored`);
  }
  return read;
}

const PERSONS = {
  addedBy: 'mcp_audit.inventory.annotation.added_by',
  approver: 'mcp_audit.inventory.annotation.approver',
  removedBy: 'mcp_audit.inventory.annotation.removed_by',
  reviewer: 'mcp_audit.inventory.annotation.reviewer',
} as const satisfies Partial<Record<keyof Annotations, AuditKey>>;

/** With pseudonyms, the inventory has people as records have them; otherwise, as they are given. */
export function withShownPersons(annotations: Annotations, redaction: RedactionContext): Annotations {
  if (redaction.showDetail === undefined) return annotations;
  const shown = Object.entries(PERSONS).flatMap(([name, key]) => {
    const given = annotations[name as keyof typeof PERSONS];
    if (typeof given !== 'string' || given === '') return [];
    const fields = addSafe(new RecordFields(), { [key]: given }, redaction);
    return [[name, fields.get(key) ?? REDACTED] as const];
  });
  return { ...annotations, ...Object.fromEntries(shown) };
}

export function warnOfNobody(selector: string | ServerSelector): void {
  const who = typeof selector === 'string' ? selector : JSON.stringify(selector);
  warnOperator(
    `annotate: ${show(who)} matches no server in the inventory; accepted: the id or name of a known server, or an object ` +
      'with its id, name, version or endpoint. Not recorded',
  );
}
