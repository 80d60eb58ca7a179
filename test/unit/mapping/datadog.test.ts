import { describe, expect, it } from 'vitest';
import { toDatadog } from '../../../src/mapping/index.js';
import { AUDIT_FIELDS, type AuditRecord } from '../../../src/semconv/audit-record.js';
import { isOfType, leaves } from './check.js';
import { ATTRIBUTES, STATUSES } from './published/datadog.js';
import { BARE, FULL, SAMPLES } from './samples.js';

const map = (fields: Partial<AuditRecord>): Record<string, any> => toDatadog({ ...BARE, ...fields });

describe('a Datadog log', () => {
  it('has standard attributes of the right types, and the record’s fields, for any record', () => {
    const wrong: string[] = [];
    for (const { name, record } of SAMPLES) {
      const log = toDatadog(record);
      for (const [path, value] of leaves(log)) {
        const type = ATTRIBUTES[path];
        const right = type === undefined ? Object.hasOwn(AUDIT_FIELDS, path) && path in record : isOfType(value, type);
        if (!right) wrong.push(`${name}: ${path} is ${JSON.stringify(value)}`);
      }
      if (!STATUSES.includes(String(log.status))) wrong.push(`${name}: status ${log.status}`);
    }
    expect(wrong.slice(0, 20)).toEqual([]);
  });

  it('keeps every field under its own name, except renamed ones', () => {
    const renamed = new Set(Object.keys(FULL).filter((key) => !(key in toDatadog(FULL))));
    expect([...renamed].sort()).toEqual([
      'deployment.environment.name',
      'mcp_audit.message',
      'service.name',
      'service.version',
      'severity_number',
      'time',
    ]);
  });

  it('keeps values that a standard attribute cannot hold', () => {
    expect(map({ time: 'yesterday', 'client.address': '/run/mcp.sock' })).toMatchObject({
      time: 'yesterday',
      'client.address': '/run/mcp.sock',
    });
    expect(map({ time: 'yesterday' })).not.toHaveProperty('timestamp');
  });

  it.each([
    [9, 'info'],
    [13, 'warn'],
    [17, 'error'],
    [21, 'critical'],
  ])('with severity %i is %s', (severity_number, status) => {
    expect(map({ severity_number })).toMatchObject({ status });
  });

  it('has the full ids of the trace, and their older decimal form', () => {
    const log = map({ trace_id: '0af7651916cd43ddffffffffffffffff', span_id: '000000000000000a' });
    expect(log).toMatchObject({
      trace_id: '0af7651916cd43ddffffffffffffffff',
      span_id: '000000000000000a',
      dd: { trace_id: '18446744073709551615', span_id: '10' },
    });
    expect(map({ trace_id: 'no id' })).not.toHaveProperty('dd');
  });
});

it('a full record of a tool call is mapped as expected', () => {
  expect(toDatadog(FULL)).toMatchObject({
    timestamp: '2026-11-21T09:20:07.123Z',
    evt: { name: 'tools/call', outcome: 'success', category: 'api' },
    usr: { id: 'u-8472', name: 'any user.name' },
    network: { client: { ip: '192.168.1.45', port: 51_234 } },
    http: { method: 'POST', status_code: 200, url_details: { path: '/mcp' } },
    duration: 142_000_000,
    error: { kind: 'tool_error' },
    service: 'any service.name',
    env: 'any deployment.environment.name',
    'mcp_audit.data.sensitivity': 'public',
  });
});
