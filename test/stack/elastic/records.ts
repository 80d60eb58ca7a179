import { randomUUID } from 'node:crypto';
import { hex, type LogInput } from '../support/otlp.js';

/** An audit record of a call that succeeded, as an SDK sends it. */
export function auditRecord(
  more: Record<string, unknown> = {},
  options: Partial<LogInput> = {},
): LogInput & { id: string } {
  const id = randomUUID();
  const fields = {
    'audit.record.id': id,
    'audit.actor.id': 'u-8472',
    'audit.outcome': 'success',
    'mcp_audit.side': 'server',
    'mcp.method.name': 'tools/call',
    'mcp_audit.duration_ms': 142,
    'mcp_audit.sensitive': true,
    'mcp_audit.policy_tags': ['SOC2', 'HIPAA', 'SOC2'], // not sorted, and one twice
    'mcp_audit.gap.since': '2026-11-21T09:20:07.123456000Z',
    ...more,
  };
  const body = `{"audit.record.id":"${id}","text":"«ü» <b>&amp;</b> \\u0001 \\\\ \\" \u2028 ${'x'.repeat(3_000)}"}`;
  return {
    id,
    eventName: 'mcp_audit.response',
    body,
    attributes: fields,
    traceId: hex(16),
    spanId: hex(8),
    ...options,
  };
}
