/** One record for every event, method, status and side there is, in a full and in a bare form. */
import { METHODS } from '../../../src/protocol/methods.js';
import {
  AUDIT_EVENTS,
  AUDIT_FIELDS,
  type AuditEventName,
  type AuditField,
  type AuditFields,
  type AuditKey,
  type AuditRecord,
} from '../../../src/semconv/audit-record.js';

export const BARE: AuditRecord = {
  time: '2026-11-21T09:20:07.123456789Z',
  observed_time: '2026-11-21T09:20:07.200000000Z',
  event_name: 'mcp_audit.response',
  severity_number: 9,
  severity_text: 'INFO',
  'audit.record.id': '019a9f3e-7d10-7c2a-9f00-000000000001',
  'audit.schema.version': '1.0.0',
  'mcp_audit.chain.id': '019aa5b2-7c30-7f11-8a2b-3c4d5e6f7a8b',
  'audit.sequence.number': 1,
  'audit.prev.hash': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  'audit.action': 'EXECUTE',
  'audit.outcome': 'success',
  'audit.actor.id': 'u-8472',
  'audit.actor.type': 'user',
  'mcp_audit.actor.source': 'oauth',
  'mcp_audit.correlation.id': 'req-8f7b2c9a-4d3e',
};

const SPECIFIC: Partial<AuditFields> = {
  trace_id: '0af7651916cd43dd8448eb211c80319c',
  span_id: 'b7ad6b7169203331',
  parent_span_id: '00f067aa0ba902b7',
  'mcp.method.name': 'tools/call',
  'gen_ai.tool.name': 'query_customer',
  'audit.target.id': 'tools/query_customer',
  'audit.target.type': 'mcp.tool',
  'mcp_audit.duration_ms': 142,
  'jsonrpc.request.id': '7',
  'network.transport': 'tcp',
  'http.request.method': 'POST',
  'url.path': '/mcp',
  'http.response.status_code': 200,
  'http.response.header.content-type': ['application/json; charset=utf-8'],
  'http.response.header.retry-after': ['30'],
  'error.type': 'tool_error',
  'rpc.response.status_code': '-32602',
  'client.address': '192.168.1.45',
  'client.port': 51_234,
  'network.peer.address': '10.0.0.7',
  'user.id': 'u-8472',
  'server.address': 'mcp.example.com',
  'server.port': 443,
  'tls.client.subject': 'CN=agent-gateway.internal',
  'tls.client.hash.sha256': 'ab'.repeat(32),
  'process.parent_pid': 4711,
};

/** Every field of the schema has a value: an own one for those that something is read from, and any for the others. */
export const FULL: AuditRecord = (() => {
  const any = Object.entries(AUDIT_FIELDS).map(([key, field]) => [key, anyValue(key, field)]);
  const { 'mcp_audit.status': _, ...rest } = Object.fromEntries(any) as AuditRecord;
  return { ...rest, ...BARE, ...SPECIFIC };
})();

function anyValue(key: string, field: AuditField): unknown {
  if (field.values !== undefined) return field.values[0];
  const some = { string: `any ${key}`, int: 3, boolean: true, 'string[]': [`a ${key}`, `b ${key}`] };
  return some[field.type];
}

const valuesOf = (key: AuditKey): readonly string[] => (AUDIT_FIELDS[key] as AuditField).values ?? [];

/** The fields that an event has values of its own in: a sample for each. */
const OF_EVENT: Partial<Record<AuditEventName, readonly AuditKey[]>> = {
  'mcp_audit.request': ['audit.action', 'mcp_audit.tool.verb'],
  'mcp_audit.response': ['mcp_audit.status', 'audit.outcome', 'audit.actor.type', 'mcp_audit.data.sensitivity'],
  'mcp_audit.authorization': ['mcp_audit.access.decision'],
  'mcp_audit.authentication': ['mcp_audit.authentication.event', 'mcp_audit.status'],
  'mcp_audit.session': ['mcp_audit.session.state'],
  'mcp_audit.guardrail': ['mcp_audit.guardrail.verdict', 'mcp_audit.guardrail.subject'],
  'mcp_audit.config.changed': ['mcp_audit.config.change'],
  'mcp_audit.tool.changed': ['mcp_audit.tool.change'],
  'mcp_audit.inventory.changed': ['mcp_audit.inventory.change'],
};

export interface Sample {
  readonly name: string;
  readonly record: AuditRecord;
}

export const SAMPLES: readonly Sample[] = [...samples()];

function* samples(): Generator<Sample> {
  for (const event_name of AUDIT_EVENTS) {
    for (const [form, base] of Object.entries({ bare: BARE, full: FULL })) {
      for (const side of ['client', 'server', undefined] as const) {
        const record: AuditRecord = { ...base, event_name, ...(side && { 'mcp_audit.side': side }) };
        if (side === undefined) delete record['mcp_audit.side'];
        const name = `${event_name}, ${form}, ${side ?? 'no side'}`;
        yield { name, record };
        for (const key of OF_EVENT[event_name] ?? []) {
          for (const value of valuesOf(key))
            yield { name: `${name}, ${key}=${value}`, record: { ...record, [key]: value } };
        }
      }
    }
  }
  for (const event_name of ['mcp_audit.request', 'mcp_audit.response', 'mcp_audit.authorization'] as const) {
    for (const method of [...METHODS.keys(), 'acme/unheard', '__proto__', 'constructor']) {
      for (const status of valuesOf('mcp_audit.status')) {
        const record = { ...FULL, event_name, 'mcp.method.name': method, 'mcp_audit.status': status } as AuditRecord;
        yield { name: `${event_name}, ${method}, ${status}`, record };
      }
    }
  }
  // Each field alone beside the required ones: what belongs together is not always there together.
  for (const key of Object.keys(FULL) as AuditKey[]) {
    for (const event_name of AUDIT_EVENTS) {
      yield {
        name: `${event_name} and ${key} alone`,
        record: { ...BARE, [key]: FULL[key], event_name } as AuditRecord,
      };
    }
  }
}
