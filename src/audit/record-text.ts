/**
 * The text of a record: RFC 8785 canonical JSON, at most 32 KiB of UTF-8. Fields that do not fit are dropped in a fixed
 * order and named.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8785
 */
import type { AuditKey } from '../semconv/audit-record.js';
import type { RecordFields } from './record-fields.js';

export const MAX_RECORD_BYTES = 32_768;

/** Order in which a large record loses fields: the longest, and least needed to tell who did what, first. */
export const CUT_ORDER = [
  'gen_ai.tool.call.arguments',
  'mcp_audit.tool.argument.keys',
  'mcp_audit.http.header_names',
  'mcp_audit.server.tools',
  'mcp_audit.client.capabilities',
  'mcp_audit.server.capabilities',
  'mcp_audit.server.protocol_versions',
  'mcp_audit.response.content_types',
  'mcp_audit.oauth.scopes',
  'user.roles',
  'mcp_audit.policy_tags',
  'mcp_audit.classification.rules',
  'mcp_audit.redaction.rules',
  'mcp_audit.redaction.dropped',
  'user_agent.original',
  'mcp.resource.uri',
  'mcp_audit.delegation.actors',
] as const satisfies readonly AuditKey[];

/** Writes a record. A large one loses fields in {@link CUT_ORDER}, then configured headers, until it fits. */
export function write(fields: RecordFields): string {
  const text = fields.toText();
  // A UTF-16 code unit takes at most three bytes of UTF-8.
  if (text.length * 3 <= MAX_RECORD_BYTES || Buffer.byteLength(text) <= MAX_RECORD_BYTES) return text;
  const truncated = new Set(fields.get('mcp_audit.truncated'));
  for (const key of [...CUT_ORDER, ...fields.openKeys()]) {
    if (!fields.drop(key)) continue;
    truncated.add(key);
    fields.set('mcp_audit.truncated', [...truncated].sort());
    const shorter = fields.toText();
    if (Buffer.byteLength(shorter) <= MAX_RECORD_BYTES) return shorter;
  }
  // Each remaining field has its own bound, far below the limit.
  return fields.toText();
}
