/** Writes the records of changes in the inventory. */
import type { LogsTarget } from '../emit/logger-provider.js';
import type { InventoryChange } from '../inventory/records.js';
import { RedactionCounts } from '../redact/redaction-counts.js';
import type { AuditFields } from '../semconv/audit-record.js';
import { ofInventory } from './persons.js';
import { RecordFields } from './record-fields.js';
import { toolTarget } from './request-fields.js';
import { addSafe, type RedactionContext } from './sanitise.js';
import type { Severity } from './status.js';
import type { Trace, Trail } from './trail.js';

/** Severity and action of each kind of change. */
const KINDS: Readonly<
  Record<InventoryChange['event'], { readonly severity: Severity; readonly action: AuditFields['audit.action'] }>
> = {
  'mcp_audit.server.observed': { severity: 'INFO', action: 'CONNECT' },
  'mcp_audit.tool.changed': { severity: 'WARN', action: 'UPDATE' },
  'mcp_audit.inventory.changed': { severity: 'INFO', action: 'UPDATE' },
};

interface Surroundings {
  /** Redacted fields of the operation that showed the change, or of the person who made it. */
  readonly context: RecordFields;
  readonly redaction: RedactionContext;
  readonly trace: Trace | undefined;
  readonly target: LogsTarget | undefined;
}

export function recordChange(
  trail: Trail,
  { event, fields: said, at }: InventoryChange,
  { context, redaction, trace, target }: Surroundings,
): void {
  const { severity, action } = KINDS[event];
  const isUnlocked = said['mcp_audit.inventory.change'] === 'server_not_locked';
  const fields = new RecordFields()
    .add({ 'audit.actor.id': 'mcp-trail', 'audit.actor.type': 'system', 'mcp_audit.actor.source': 'none' })
    .add(Object.fromEntries(context.entries()))
    .add({ 'audit.action': action, 'audit.outcome': 'success' });
  addSafe(fields, said, { ...redaction, ...ofInventory(redaction), counts: new RedactionCounts(), again: true });
  const tool = fields.get('gen_ai.tool.name');
  fields.add(
    tool === undefined
      ? { 'audit.target.type': 'mcp.server', 'audit.target.id': fields.get('mcp_audit.server.name') ?? 'unknown' }
      : { 'audit.target.type': 'mcp.tool', 'audit.target.id': toolTarget(tool) },
  );
  if (fields.get('mcp_audit.correlation.id') === undefined) fields.set('mcp_audit.correlation.id', trail.newId());
  trail.record({ name: event, severity: isUnlocked ? 'WARN' : severity, fields, time: at, trace, target });
}
