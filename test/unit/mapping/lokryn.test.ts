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
    if (type === undefined) return [`${message}.${name} is not a field`];
    if (type === 'Struct') return 'mcp' in data ? ['a request has two payloads'] : [];
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
    const enums = ['event_type', 'outcome', 'severity', 'sensitivity', 'metadata'];
    const without = SAMPLES.flatMap(({ name, record }) => {
      const request = toLokryn(record);
      return enums.filter((key) => !Object.hasOwn(request, key)).map((key) => `${name}: ${key}`);
    });
    expect(without.slice(0, 20)).toEqual([]);
  });

  it('never has arguments, results or messages of a model', () => {
    const said = { 'gen_ai.tool.call.arguments': '{"customer":"Jane Doe"}' };
    const record = { ...FULL, ...said };
    for (const one of [record, { ...BARE, ...said }]) expect(JSON.stringify(toLokryn(one))).not.toContain('Jane');
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

  it('of a session is that its transport connected and disconnected', () => {
    const event_name = 'mcp_audit.session';
    expect(map({ event_name, 'mcp_audit.session.state': 'started' }).event_type).toBe(40);
    expect(map({ event_name, 'mcp_audit.session.state': 'ended' }).event_type).toBe(41);
  });

  it('of a decision is the use of a privilege, and of a rejected token a login', () => {
    const event_name = 'mcp_audit.authorization';
    expect(map({ event_name, 'audit.action': 'AUTHORIZE', 'mcp.method.name': 'tools/call' }).event_type).toBe(5);
    expect(map({ event_name, 'audit.action': 'AUTHORIZE' }).event_type).toBe(5);
    expect(map({ event_name, 'audit.action': 'AUTHENTICATE' }).event_type).toBe(1);
    expect(map({ event_name, 'audit.action': 'AUTHORIZE', 'mcp.method.name': 'tools/call' }).ocsf_class_uid).toBe(6003);
  });
});

describe('the payload', () => {
  it('of a record about an MCP message is `mcp`', () => {
    const request = map({
      'mcp.method.name': 'initialize',
      'jsonrpc.request.id': '0',
      'mcp_audit.client.capabilities': ['roots', 'sampling'],
    });
    expect(request.mcp).toEqual({ request_id: '0', client_capabilities: ['roots', 'sampling'] });
    expect(request).not.toHaveProperty('data');
  });

  it('of other records is `data`, with all fields that have no place, under their own names', () => {
    const request = map({
      event_name: 'mcp_audit.gap',
      'mcp_audit.gap.records': 3,
      'mcp_audit.sensitive': true,
      'mcp_audit.redaction.rules': ['jwt'],
      'service.name': 'weather',
    });
    expect(request).not.toHaveProperty('mcp');
    expect(request.component).toBe('weather');
    expect(request.data).toMatchObject({
      event_name: 'mcp_audit.gap',
      'mcp_audit.gap.records': 3,
      'mcp_audit.sensitive': true,
      'mcp_audit.redaction.rules': ['jwt'],
      'audit.prev.hash': BARE['audit.prev.hash'],
    });
    for (const key of ['service.name', 'time', 'audit.actor.id']) expect(request.data).not.toHaveProperty([key]);
  });
});

describe('the message', () => {
  it('is that of the record', () => {
    expect(map({ 'mcp_audit.message': 'Ada ran it' }).message).toBe('Ada ran it');
  });

  const called = { 'mcp.method.name': 'tools/call', 'audit.target.id': 'tools/find' };
  it.each([
    [{ ...called, 'mcp_audit.status': 'tool_error' }, 'u-8472 EXECUTE tools/find: tool_error'],
    [{ ...called, event_name: 'mcp_audit.request', 'audit.outcome': 'unknown' }, 'u-8472 EXECUTE tools/find'],
    [
      {
        ...called,
        event_name: 'mcp_audit.authorization',
        'audit.action': 'AUTHORIZE',
        'mcp_audit.access.decision': 'deny',
      },
      'authorization: u-8472 AUTHORIZE tools/find: deny',
    ],
    [
      {
        ...called,
        event_name: 'mcp_audit.guardrail',
        'audit.action': 'EVALUATE',
        'mcp_audit.guardrail.verdict': 'block',
      },
      'guardrail: u-8472 EVALUATE tools/find: block',
    ],
    [
      { event_name: 'mcp_audit.session', 'audit.action': 'CONNECT', 'mcp_audit.session.state': 'started' },
      'session: u-8472 CONNECT: started',
    ],
    [{ 'mcp.method.name': 'tools/list', 'audit.action': 'LIST' }, 'u-8472 LIST tools/list: success'],
  ] as const)('of %o is built: %s', (fields, message) => {
    expect(map(fields as Partial<AuditRecord>).message).toBe(message);
  });

  it('is there for every record', () => {
    const without = SAMPLES.filter(({ record }) => toLokryn(record)['message'] === '');
    expect(without.slice(0, 20).map(({ name }) => name)).toEqual([]);
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
    span_id: 'b7ad6b7169203331',
    parent_span_id: '00f067aa0ba902b7',
    mcp: { request_id: '7', tool_name: 'query_customer' },
    metadata: {
      schema_version: '1.0.0',
      product_name: 'mcp-trail',
      product_version: '1.2.3',
      vendor_name: 'mcp-trail',
    },
  });
});
