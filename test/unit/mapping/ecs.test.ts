import { describe, expect, it } from 'vitest';
import { RecordFields } from '../../../src/audit/record-fields.js';
import { hashOf } from '../../../src/chain/hash.js';
import { ECS_VERSION, toEcs } from '../../../src/mapping/index.js';
import type { AuditRecord } from '../../../src/semconv/audit-record.js';
import { isOfType, leaves } from './check.js';
import { EXPECTED_TYPES, FIELDS, KINDS, OUTCOMES, REQUIRED } from './published/ecs.js';
import { BARE, FULL, SAMPLES } from './samples.js';

const map = (fields: Partial<AuditRecord>): Record<string, any> => toEcs({ ...BARE, ...fields });

function wrongInEcs({ labels = {}, ...document }: Record<string, any>): string[] {
  const wrong: string[] = [];
  const found = leaves(document);
  for (const field of REQUIRED) if (!found.has(field)) wrong.push(`${field} is missing`);
  for (const [field, value] of found) {
    const type = FIELDS[field];
    if (type === undefined) wrong.push(`${field} is not a field`);
    else if (!isOfType(value, type.replace('keyword', 'string'))) wrong.push(`${field} is ${JSON.stringify(value)}`);
  }
  for (const [name, value] of Object.entries(labels)) {
    if (name.includes('.')) wrong.push(`label ${name} has a dot`);
    if (!isOfType(value, 'string') && !isOfType(value, 'string[]')) wrong.push(`label ${name} is ${typeof value}`);
  }
  const { kind, outcome, category, type } = document.event;
  if (!KINDS.includes(kind)) wrong.push(`kind ${kind}`);
  if (!OUTCOMES.includes(outcome)) wrong.push(`outcome ${outcome}`);
  for (const one of category) if (EXPECTED_TYPES[one] === undefined) wrong.push(`category ${one}`);
  for (const one of type) {
    if (!category.some((name: string) => EXPECTED_TYPES[name]?.includes(one))) wrong.push(`${category} with ${one}`);
  }
  return wrong;
}

describe('an ECS document', () => {
  it('is accepted by the published schema, for any record', () => {
    const wrong = SAMPLES.flatMap(({ name, record }) => wrongInEcs(toEcs(record)).map((what) => `${name}: ${what}`));
    expect(wrong.slice(0, 20)).toEqual([]);
  });

  it('maps every field, or has it among the labels', () => {
    const lost: string[] = [];
    for (const { name, record } of SAMPLES) {
      const said = JSON.stringify([...leaves(toEcs(record)).values()]).toLowerCase();
      for (const [key, value] of Object.entries(record)) {
        if (typeof value !== 'string' || !value.startsWith('any ')) continue;
        if (!said.includes(value.toLowerCase())) lost.push(`${name}: ${key}`);
      }
    }
    expect(lost.slice(0, 20)).toEqual([]);
  });

  it('has its version and its origin', () => {
    expect(toEcs(BARE)).toMatchObject({ ecs: { version: ECS_VERSION }, event: { kind: 'event', module: 'mcp_trail' } });
  });

  it('has the time to the nanosecond', () => {
    expect(toEcs(BARE)['@timestamp']).toBe(BARE.time);
  });

  it.each([
    [{ time: 'yesterday' }, BARE.observed_time],
    [{ time: '2026-13-40T00:00:00Z' }, BARE.observed_time],
    [{ time: 'yesterday', observed_time: 'today' }, '1970-01-01T00:00:00.000Z'],
  ])('has a time that an index can read, even for %o', (times, timestamp) => {
    expect(map(times)).toMatchObject({ '@timestamp': timestamp, labels: { time: times.time } });
  });

  it.each(['999.1.1.1', '1.2.3', '01.2.3.4', 'fe80::1%eth0', '::g', 'localhost', '', ' 10.0.0.1', '1:2:3:4:5:6:7:8:9'])(
    'has no address %o, which an index would refuse the document for',
    (address) => {
      const document = map({ 'client.address': address, 'network.peer.address': address });
      expect(document).not.toHaveProperty('client.ip');
      expect(document).not.toHaveProperty('source.ip');
      expect(document).not.toHaveProperty('related.ip');
    },
  );

  it('has its number in its chain, and the hash that the next record has', () => {
    const hash = hashOf(new RecordFields().add(BARE).toText());
    expect(toEcs(BARE)).toMatchObject({
      event: { sequence: 1, hash },
      labels: { audit_prev_hash: BARE['audit.prev.hash'] },
    });
    const { 'audit.prev.hash': _, ...attributes } = BARE;
    expect(toEcs(attributes as AuditRecord)).not.toHaveProperty('event.hash');
  });

  it('has durations in nanoseconds', () => {
    expect(map({ 'mcp_audit.duration_ms': 142 }).event.duration).toBe(142_000_000);
    expect(map({ 'mcp_audit.duration_ms': Number.MAX_SAFE_INTEGER })).toMatchObject({
      labels: { mcp_audit_duration_ms: '9007199254740991' },
    });
  });
});

it('those who act and confirm are related users, and labels say what they did', () => {
  const people = { 'mcp_audit.delegation.actors': ['agent:a', 'u-8472'], 'mcp_audit.approver.id': 'grace' };
  expect(map(people)).toMatchObject({
    related: { user: ['u-8472', 'agent:a', 'grace'] },
    labels: { mcp_audit_delegation_actors: ['agent:a', 'u-8472'], mcp_audit_approver_id: 'grace' },
  });
});

describe('the categories of an ECS document', () => {
  it.each([
    [{ 'mcp.method.name': 'tools/call' }, ['api'], ['access']],
    [{ 'mcp.method.name': 'tools/call', 'mcp_audit.tool.verb': 'delete' }, ['api'], ['deletion']],
    [{ 'mcp.method.name': 'initialize' }, ['api', 'session'], ['start']],
    [{ 'mcp.method.name': 'elicitation/create' }, ['api'], ['info']],
    [{ 'mcp.method.name': 'tools/call', 'mcp_audit.access.decision': 'deny' }, ['api'], ['access', 'denied']],
    [{ event_name: 'mcp_audit.session', 'mcp_audit.session.state': 'ended' }, ['api', 'session'], ['end']],
    [{ event_name: 'mcp_audit.guardrail', 'mcp_audit.guardrail.verdict': 'block' }, ['api'], ['info', 'denied']],
    [
      { event_name: 'mcp_audit.authentication', 'mcp_audit.authentication.event': 'token_rejected' },
      ['authentication'],
      ['start'],
    ],
    [{ event_name: 'mcp_audit.tool.changed' }, ['configuration'], ['change']],
    [{ event_name: 'mcp_audit.config.changed', 'mcp_audit.config.change': 'create' }, ['configuration'], ['creation']],
    [{ event_name: 'mcp_audit.stopped' }, ['process'], ['end']],
  ] as const)('of %o are %o and %o', (fields, category, type) => {
    expect(map(fields as Partial<AuditRecord>).event).toMatchObject({ category, type });
  });
});

it('a full record of a tool call is mapped as expected', () => {
  expect(toEcs({ ...FULL, 'mcp_audit.side': 'client', 'error.type': '-32602' })).toMatchObject({
    event: { action: 'tools/call', code: 'mcp_audit.response', outcome: 'success', duration: 142_000_000 },
    user: { id: 'u-8472', name: 'any user.name' },
    related: {
      user: [
        'u-8472',
        'any user.name',
        'a mcp_audit.delegation.actors',
        'b mcp_audit.delegation.actors',
        'any mcp_audit.approver.id',
        'any mcp_audit.approver.name',
      ],
      ip: ['192.168.1.45', '10.0.0.7'],
    },
    client: { ip: '192.168.1.45', port: 51_234 },
    source: { ip: '10.0.0.7' },
    http: { request: { method: 'POST' }, response: { status_code: 200, mime_type: 'application/json' } },
    trace: { id: '0af7651916cd43dd8448eb211c80319c' },
    span: { id: 'b7ad6b7169203331' },
    gen_ai: { tool: { name: 'query_customer' } },
    error: { type: '-32602', code: '-32602' },
    tls: { client: { hash: { sha256: 'AB'.repeat(32) } } },
    service: { target: { name: 'any mcp_audit.server.name' } },
    labels: { mcp_audit_data_sensitivity: 'public', mcp_audit_correlation_id: 'req-8f7b2c9a-4d3e' },
  });
});
