import { describe, expect, it } from 'vitest';
import { toLokryn } from '../../../src/mapping/index.js';
import { AUDIT_FIELDS, type AuditRecord } from '../../../src/semconv/audit-record.js';
import { isOfType } from './check.js';
import { ENUMS, MESSAGES } from './published/lokryn.js';
import { BARE, FULL, SAMPLES } from './samples.js';

const map = (fields: Partial<AuditRecord>): Record<string, any> => toLokryn({ ...BARE, ...fields });

function wrongIn(message: string, data: Record<string, any>): string[] {
  return Object.entries(data).flatMap(([name, value]) => {
    const type = MESSAGES[message]?.[name];
    if (type === undefined) return [`${message}.${name} is no field`];
    if (type in MESSAGES) return wrongIn(type, value);
    const right = ENUMS[type]?.includes(value) ?? isOfType(value, type);
    return right ? [] : [`${message}.${name} is ${JSON.stringify(value)}`];
  });
}

describe('a lokryn request', () => {
  it('is accepted by the published schema, for any record', () => {
    const wrong = SAMPLES.flatMap(({ name, record }) =>
      wrongIn('LogRequest', toLokryn(record)).map((what) => `${name}: ${what}`),
    );
    expect(wrong.slice(0, 20)).toEqual([]);
  });

  it('has the enums that readers need, for any record', () => {
    for (const { name, record } of SAMPLES) {
      expect(Object.keys(toLokryn(record)), name).toEqual(
        expect.arrayContaining(['event_type', 'outcome', 'severity', 'sensitivity', 'metadata']),
      );
    }
  });

  it('never has arguments, results or messages of a model', () => {
    const record = { ...FULL, 'gen_ai.tool.call.arguments': '{"customer":"Jane Doe"}' };
    expect(JSON.stringify(toLokryn(record))).not.toContain('Jane');
    expect(toLokryn(record)).not.toHaveProperty('genai');
  });
});

describe('the event type', () => {
  it.each([
    ['mcp_audit.response', 'initialize', 30],
    ['mcp_audit.response', 'tools/list', 34],
    ['mcp_audit.response', 'resources/templates/list', 35],
    ['mcp_audit.response', 'prompts/list', 36],
    ['mcp_audit.request', 'tools/call', 20],
    ['mcp_audit.authorization', 'tools/call', 20],
    ['mcp_audit.response', 'resources/read', 37],
    ['mcp_audit.response', 'prompts/get', 25],
    ['mcp_audit.response', 'completion/complete', 12],
    ['mcp_audit.request', 'sampling/createMessage', 38],
    ['mcp_audit.response', 'sampling/createMessage', 39],
    ['mcp_audit.guardrail', 'tools/call', 26],
    ['mcp_audit.tool.changed', undefined, 6],
    ['mcp_audit.authentication', undefined, 1],
    ['mcp_audit.started', undefined, 9],
  ] as const)('of %s of %s is %i', (event_name, method, event_type) => {
    expect(map({ event_name, ...(method && { 'mcp.method.name': method }) })).toMatchObject({ event_type });
  });

  it('of a session is a login and a logout', () => {
    const event_name = 'mcp_audit.session';
    expect(map({ event_name, 'mcp_audit.session.state': 'started' }).event_type).toBe(1);
    expect(map({ event_name, 'mcp_audit.session.state': 'ended' }).event_type).toBe(2);
  });
});

describe('the outcome', () => {
  it.each([
    [{ 'audit.outcome': 'success' }, 1],
    [{ 'audit.outcome': 'failure' }, 4],
    [{ 'audit.outcome': 'unknown' }, 0],
    [{ 'audit.outcome': 'failure', 'mcp_audit.status': 'unauthenticated' }, 2],
    [{ 'audit.outcome': 'failure', 'mcp_audit.status': 'denied' }, 3],
    [{ 'audit.outcome': 'success', 'mcp_audit.status': 'input_required' }, 99],
    [{ 'audit.outcome': 'failure', 'mcp_audit.authentication.event': 'token_rejected' }, 2],
    [{ 'audit.outcome': 'success', 'mcp_audit.access.decision': 'deny' }, 3],
    [{ 'audit.outcome': 'success', 'mcp_audit.guardrail.verdict': 'block' }, 3],
  ] as const)('of %o is %i', (fields, outcome) => {
    expect(map(fields as Partial<AuditRecord>)).toMatchObject({ outcome });
  });
});

it.each(
  AUDIT_FIELDS['mcp_audit.data.sensitivity'].values.map((value, index) => [value, [1, 10, 2, 3, 4][index]] as const),
)('sensitivity %s is %i', (value, sensitivity) => {
  expect(map({ 'mcp_audit.data.sensitivity': value })).toMatchObject({ sensitivity });
});

it('a full record of a tool call is mapped as expected', () => {
  expect(toLokryn(FULL, { productVersion: '1.2.3' })).toMatchObject({
    event_type: 20,
    outcome: 1,
    severity: 2,
    sensitivity: 1,
    ocsf_class_uid: 6003,
    time: BARE.time,
    duration_ms: 142,
    actor_id: 'u-8472',
    actor_type: 'user',
    component: 'any service.name',
    resource: 'tools/query_customer',
    client_id: 'any mcp_audit.oauth.client_id',
    server_id: 'any mcp_audit.server.name',
    mcp: { request_id: '7', tool_name: 'query_customer' },
    metadata: {
      schema_version: '1.0.0',
      product_name: 'mcp-trail',
      product_version: '1.2.3',
      vendor_name: 'mcp-trail',
    },
  });
});
