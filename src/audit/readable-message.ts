/** `mcp_audit.message`: a sentence from a fixed template and fields of the record. */
import type { AuditEventName } from '../semconv/audit-record.js';
import type { RecordFields } from './record-fields.js';

const SENTENCES: Readonly<Partial<Record<AuditEventName, (fields: RecordFields) => string>>> = {
  'mcp_audit.request': (fields) => `${who(fields)} ${what(fields)}`,
  'mcp_audit.response': (fields) => `${who(fields)} ${what(fields)}: ${fields.get('mcp_audit.status')}`,
  'mcp_audit.authorization': (fields) =>
    `${who(fields)} ${what(fields)}: ${fields.get('mcp_audit.access.decision') ?? fields.get('mcp_audit.status')}`,
};

/** The sentence of an event; by default actor, action and target. */
export function messageOf(name: AuditEventName, fields: RecordFields): string {
  return (SENTENCES[name] ?? ((each: RecordFields) => `${who(each)} ${what(each)}`))(fields);
}

function who(fields: RecordFields): string {
  return fields.get('audit.actor.id') ?? 'anonymous';
}

function what(fields: RecordFields): string {
  return `${fields.get('audit.action') ?? ''} ${fields.get('audit.target.id') ?? fields.get('mcp.method.name') ?? ''}`.trim();
}
