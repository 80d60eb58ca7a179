import { generateKeyPairSync } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { RecordFields } from '../../../src/audit/record-fields.js';
import { hashOf } from '../../../src/chain/hash.js';
import { type SigningKey, signingKeyOf } from '../../../src/chain/keys.js';
import { writeNote } from '../../../src/chain/note.js';
import { OCSF_VERSION, toOcsf } from '../../../src/mapping/index.js';
import type { AuditRecord } from '../../../src/semconv/audit-record.js';
import { leaves, wrongInOcsf } from './check.js';
import { BARE, FULL, SAMPLES } from './samples.js';

const map = (fields: Partial<AuditRecord>): Record<string, any> => toOcsf({ ...BARE, ...fields });

describe('an OCSF event', () => {
  it('is accepted by the published schema, for any record', () => {
    const wrong = SAMPLES.flatMap(({ name, record }) => wrongInOcsf(toOcsf(record)).map((what) => `${name}: ${what}`));
    expect(wrong.slice(0, 20)).toEqual([]);
  });

  it('maps every field, or keeps it among the unmapped', () => {
    const lost: string[] = [];
    for (const { name, record } of SAMPLES) {
      const event: Record<string, any> = toOcsf(record);
      const said = JSON.stringify([...leaves({ ...event, unmapped: {} }).values()]).toLowerCase();
      for (const [key, value] of Object.entries(record)) {
        if (event.unmapped !== undefined && key in event.unmapped) {
          if (!isDeepStrictEqual(event.unmapped[key], value)) lost.push(`${name}: ${key}, unmapped`);
        } else if (typeof value === 'string' && value.startsWith('any ')) {
          if (!said.includes(value.toLowerCase())) lost.push(`${name}: ${key}`);
        }
      }
    }
    expect(lost.slice(0, 20)).toEqual([]);
  });

  it('names its producer, and the version if given', () => {
    expect(toOcsf(BARE).metadata).toMatchObject({
      version: OCSF_VERSION,
      product: { name: 'mcp-trail', vendor_name: 'mcp-trail' },
    });
    expect(toOcsf(BARE, { productVersion: '1.2.3' }).metadata).toMatchObject({ product: { version: '1.2.3' } });
    expect(toOcsf(BARE).metadata).not.toHaveProperty('product.version');
  });

  it('has the time in milliseconds, rounded down, and in full as text', () => {
    const event = map({ time: '2026-11-21T09:20:07.123999999Z' });
    expect(event.time).toBe(Date.UTC(2026, 10, 21, 9, 20, 7, 123));
    expect(event.metadata.original_time).toBe('2026-11-21T09:20:07.123999999Z');
  });

  it('has no time if that of the record is unreadable', () => {
    expect(map({ time: 'yesterday' })).toMatchObject({ time: 0, metadata: { original_time: 'yesterday' } });
  });
});

describe('the class of an event', () => {
  it.each([
    [{ 'mcp.method.name': 'tools/call' }, 600399, 'Execute'],
    [{ 'mcp.method.name': 'tools/list' }, 600302, 'Read'],
    [{ 'mcp.method.name': 'resources/read' }, 600302, 'Read'],
    [{ 'mcp.method.name': 'initialize' }, 600399, 'Connect'],
    [{ 'mcp.method.name': 'sampling/createMessage' }, 600399, 'Request Input'],
    [{ 'mcp.method.name': 'acme/unheard', 'audit.action': 'READ' }, 600302, 'Read'],
    [{ event_name: 'mcp_audit.session', 'mcp_audit.session.state': 'ended' }, 600399, 'Disconnect'],
    [{ event_name: 'mcp_audit.guardrail' }, 600399, 'Evaluate'],
    [{ event_name: 'mcp_audit.authentication', 'mcp_audit.authentication.event': 'login' }, 300201, 'Logon'],
    [{ event_name: 'mcp_audit.authentication', 'mcp_audit.authentication.event': 'logout' }, 300202, 'Logoff'],
    [
      { event_name: 'mcp_audit.authentication', 'mcp_audit.authentication.event': 'token_issued' },
      300299,
      'Token Issued',
    ],
    [{ event_name: 'mcp_audit.authentication', 'mcp_audit.authentication.event': 'token_rejected' }, 300201, 'Logon'],
    [{ event_name: 'mcp_audit.tool.changed' }, 600208, 'Update'],
    [{ event_name: 'mcp_audit.inventory.changed', 'mcp_audit.inventory.change': 'server_added' }, 600201, 'Install'],
    [{ event_name: 'mcp_audit.server.observed' }, 600299, 'Observe'],
    [{ event_name: 'mcp_audit.started' }, 600203, 'Start'],
    [{ event_name: 'mcp_audit.stopped' }, 600204, 'Stop'],
    [{ event_name: 'mcp_audit.config.changed', 'mcp_audit.config.change': 'delete' }, 300404, 'Delete'],
  ] as const)('of %o is %i, %s', (fields, type_uid, activity_name) => {
    expect(map(fields as Partial<AuditRecord>)).toMatchObject({ type_uid, activity_name });
  });

  it.each([
    ['read', 600302],
    ['write', 600303],
    ['delete', 600304],
  ] as const)('of a tool that the operator says will %s shows that', (verb, type_uid) => {
    expect(map({ 'mcp.method.name': 'tools/call', 'mcp_audit.tool.verb': verb })).toMatchObject({ type_uid });
  });

  it('uses the verb of a tool for tool calls only', () => {
    expect(map({ 'mcp.method.name': 'tools/list', 'mcp_audit.tool.verb': 'delete' }).type_uid).toBe(600302);
  });
});

describe('the source of a request', () => {
  it.each([
    ['is unknown if the record does not have it', {}, { uid: 'unknown' }],
    ['is the address of the client', { 'client.address': '10.1.1.1', 'client.port': 5 }, { ip: '10.1.1.1', port: 5 }],
    ['is a name if that is not an address', { 'client.address': '/run/mcp.sock' }, { name: '/run/mcp.sock' }],
    ['is the peer if the client is unknown', { 'network.peer.address': '::1' }, { ip: '::1' }],
    [
      'keeps the proxy in between',
      { 'client.address': '203.0.113.9', 'network.peer.address': '10.0.0.7' },
      { ip: '203.0.113.9', intermediate_ips: ['10.0.0.7'] },
    ],
    [
      'is the parent process over a pipe',
      { 'process.parent_pid': 42, 'service.instance.id': 'host-1' },
      { uid: 'host-1/42' },
    ],
    [
      'is this process if it is the client',
      { 'mcp_audit.side': 'client', 'service.name': 'agent', 'service.instance.id': 'host-1' },
      { svc_name: 'agent', uid: 'host-1' },
    ],
  ] as const)('%s', (_, fields, endpoint) => {
    expect(map({ 'mcp.method.name': 'tools/call', ...(fields as Partial<AuditRecord>) }).src_endpoint).toEqual(
      endpoint,
    );
  });
});

describe('a decision', () => {
  it('is an action, a disposition and an authorization with its policy', () => {
    const event = map({
      event_name: 'mcp_audit.authorization',
      'mcp.method.name': 'tools/call',
      'mcp_audit.access.decision': 'deny',
      'mcp_audit.access.reason': 'outside of hours',
      'mcp_audit.policy.id': 'p-1',
      'security_rule.name': 'hours',
      'security_rule.version': 'v3',
    });
    expect(event).toMatchObject({
      action_id: 2,
      action: 'Denied',
      disposition_id: 2,
      disposition: 'Blocked',
      authorizations: [{ decision: 'deny', policy: { uid: 'p-1', name: 'hours', version: 'v3' } }],
      status_detail: 'outside of hours',
      metadata: { profiles: ['record_integrity', 'security_control'] },
    });
  });

  it('that was not made has no action', () => {
    const event = map({ 'mcp_audit.access.decision': 'not_evaluated' });
    expect(event).not.toHaveProperty('action_id');
    expect(event.authorizations).toEqual([{ decision: 'not_evaluated' }]);
  });

  it.each([
    ['allow', 1, 1],
    ['block', 2, 2],
    ['quarantine', 2, 3],
    ['sanitize', 1, 11],
  ] as const)('of a guardrail to %s is an action too', (verdict, action_id, disposition_id) => {
    const event = map({ event_name: 'mcp_audit.guardrail', 'mcp_audit.guardrail.verdict': verdict });
    expect(event).toMatchObject({ action_id, disposition_id });
  });
});

describe('the agent that calls', () => {
  const call = {
    'mcp.method.name': 'tools/call',
    'mcp_audit.client.name': 'planner',
    'mcp_audit.client.version': '2.1',
  };
  const passedOn = {
    ...call,
    'mcp_audit.oauth.client_id': 'app',
    'mcp_audit.delegation.actors': ['agent:b', 'agent:a'],
  };

  it('is the one whom authority was passed on to, and the user is the one it acts for', () => {
    const event = map({ ...passedOn, 'mcp_audit.delegation.id': 'grant-1', 'mcp.session.id': 's-1' });
    expect(wrongInOcsf(event)).toEqual([]);
    expect(event).toMatchObject({
      actor: { user: { uid: 'u-8472' }, application: { uid: 'app' } },
      ai_agent: { uid: 'agent:b', name: 'planner', version: '2.1', instance_uid: 's-1' },
      delegation: { uid: 'grant-1' },
      unmapped: { 'mcp_audit.delegation.actors': ['agent:b', 'agent:a'] },
    });
    expect(event.metadata.profiles).toContain('ai_operation');
  });

  it('is the client of the token if authority was not passed on', () => {
    expect(map({ ...call, 'mcp_audit.oauth.client_id': 'app' }).ai_agent).toEqual({
      uid: 'app',
      name: 'planner',
      version: '2.1',
    });
  });

  it('is not known by a name that it gives itself', () => {
    const event = map(call);
    expect(event).not.toHaveProperty('ai_agent');
    expect(event.metadata.profiles).not.toContain('ai_operation');
  });

  it('has the model that it claims; without an agent, the event has it', () => {
    const model = { 'mcp_audit.ai_invocation.model': 'example-model' };
    const told = { name: 'example-model', ai_provider: 'unknown' };
    const known = map({ ...passedOn, ...model });
    expect([known.ai_agent.ai_model, known.ai_model]).toEqual([told, undefined]);
    const unknown = map({ ...call, ...model });
    expect([unknown.ai_agent, unknown.ai_model]).toEqual([undefined, told]);
    for (const event of [known, unknown]) expect(wrongInOcsf(event)).toEqual([]);
  });

  it('has its turn as the context of the message', () => {
    const turn = { 'mcp_audit.ai_invocation.turn_id': 'turn-1' };
    const event = map({ ...call, ...turn, 'mcp_audit.server.name': 'sights' });
    expect(wrongInOcsf(event)).toEqual([]);
    expect(event.message_context).toEqual({
      uid: 'turn-1',
      application: { name: 'planner' },
      service: { name: 'sights' },
    });
    expect(map(turn)).toMatchObject({ unmapped: turn });
  });

  it('is not one that the inventory is about', () => {
    expect(map({ ...passedOn, event_name: 'mcp_audit.tool.changed' })).not.toHaveProperty('ai_agent');
  });
});

describe('a trace', () => {
  const ids = { trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16) };

  it('has the span if its start is known', () => {
    const event = map({ ...ids, 'mcp_audit.duration_ms': 123 });
    const end_time = event.time;
    expect(event.trace).toEqual({
      uid: ids.trace_id,
      span: { uid: ids.span_id, start_time: end_time - 123, end_time, duration: 123 },
    });
    const child = map({ ...ids, 'mcp_audit.duration_ms': 123, parent_span_id: 'c'.repeat(16) });
    expect(child.trace.span.parent_uid).toBe('c'.repeat(16));
    expect(event.metadata.profiles).toEqual(['record_integrity', 'trace']);
    expect(event).not.toHaveProperty('duration');
  });

  it.each([
    ['no duration', {}],
    ['a negative duration', { 'mcp_audit.duration_ms': -1 }],
    ['no time that can be read', { 'mcp_audit.duration_ms': 3, time: 'yesterday' }],
  ])('keeps the id of a span with %s, since OCSF requires both ends', (_, fields) => {
    const event = map({ ...ids, ...fields });
    expect(wrongInOcsf(event)).toEqual([]);
    expect(event.trace).toEqual({ uid: ids.trace_id });
    expect(event.unmapped.span_id).toBe(ids.span_id);
  });
});

describe('the proof of a record', () => {
  const { 'audit.prev.hash': previous, 'mcp_audit.chain.id': chain } = BARE;
  const key = signingKeyOf(
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  ) as SigningKey;
  const checkpoint = {
    event_name: 'mcp_audit.checkpoint',
    'audit.sequence.number': 101,
    'mcp_audit.checkpoint.size': 100,
    'mcp_audit.checkpoint.note': writeNote(
      { chainId: chain as string, size: 100, head: previous as string, time: '2026-11-21T09:20:07.999000000Z' },
      key,
    ),
    'mcp_audit.key.id': key.id,
  } as const;

  it('is the hash that the next record of the chain has, and the chain', () => {
    const [attestation, ...others] = map({}).attestation_list;
    expect(others).toEqual([]);
    expect(attestation).toEqual({
      chain_uid: chain,
      fingerprint: {
        algorithm_id: 3,
        algorithm: 'SHA-256',
        encoding_id: 1,
        encoding: 'Hex',
        serialization_id: 2,
        serialization: 'JCS',
        value: hashOf(new RecordFields().add(BARE).toText()),
      },
    });
    expect(map({}).metadata).toMatchObject({ sequence: 1, profiles: ['record_integrity'] });
  });

  it.each(['mcp_audit.chain.id', 'audit.sequence.number', 'audit.prev.hash'] as const)(
    'is not there without %s, as in attributes alone and in records of earlier versions',
    (missing) => {
      const { [missing]: _, ...rest } = BARE;
      const event = toOcsf(rest as AuditRecord);
      expect(event).not.toHaveProperty('attestation_list');
      expect(event['metadata']).not.toHaveProperty('profiles');
    },
  );

  it('names the record before only if its id is known, which OCSF requires', () => {
    const second = { ...BARE, 'audit.sequence.number': 2, 'audit.prev.hash': 'ab'.repeat(32) };
    const unknown: Record<string, any> = toOcsf(second);
    expect(unknown.attestation_list[0]).not.toHaveProperty('prev_event');
    expect(unknown.unmapped['audit.prev.hash']).toBe('ab'.repeat(32));
    const known: Record<string, any> = toOcsf(second, { previousRecordId: 'record-1' });
    expect(wrongInOcsf(known)).toEqual([]);
    expect(known.attestation_list[0].prev_event).toMatchObject({
      uid: 'record-1',
      fingerprint: { algorithm_id: 3, value: 'ab'.repeat(32) },
    });
    expect(known.unmapped ?? {}).not.toHaveProperty('audit.prev.hash');
    const first: Record<string, any> = toOcsf(BARE, { previousRecordId: 'record-0' });
    expect(first.attestation_list[0]).not.toHaveProperty('prev_event');
  });

  it('has the signature of a checkpoint, and the note that is signed stays whole', () => {
    const event = map(checkpoint);
    expect(wrongInOcsf(event)).toEqual([]);
    expect(event.attestation_list[0].signatures).toEqual([
      {
        algorithm_id: 99,
        algorithm: 'Ed25519',
        serialization_id: 99,
        serialization: 'C2SP signed note',
        digest: expect.objectContaining({ value: previous }),
        created_time: Date.UTC(2026, 10, 21, 9, 20, 7, 999),
      },
    ]);
    expect(event.unmapped).toMatchObject({
      'mcp_audit.checkpoint.note': checkpoint['mcp_audit.checkpoint.note'],
      'mcp_audit.key.id': key.id,
    });
  });

  it('has no signature if the checkpoint has none', () => {
    const { 'mcp_audit.key.id': _, ...unsigned } = checkpoint;
    expect(map(unsigned).attestation_list[0]).not.toHaveProperty('signatures');
  });
});

it('a full record of a tool call is mapped as expected', () => {
  expect(toOcsf(FULL)).toMatchObject({
    actor: {
      user: { uid: 'u-8472', type_id: 1, groups: [{ uid: 'any mcp_audit.team.id', type: 'team' }, {}, {}] },
      application: { uid: 'any mcp_audit.oauth.client_id', name: 'any mcp_audit.client.name' },
      session: { uid: 'any mcp.session.id' },
    },
    ai_agent: {
      uid: 'a mcp_audit.delegation.actors',
      ai_model: { name: 'any mcp_audit.ai_invocation.model', ai_provider: 'unknown' },
    },
    message_context: { uid: 'any mcp_audit.ai_invocation.turn_id' },
    delegation: { uid: 'any mcp_audit.delegation.id' },
    api: {
      operation: 'tools/call',
      request: { uid: '7' },
      response: { code: -32602, error: 'tool_error' },
      service: { name: 'any mcp_audit.server.name' },
    },
    dst_endpoint: { hostname: 'mcp.example.com', port: 443 },
    resources: [
      {
        uid: 'tools/query_customer',
        name: 'query_customer',
        type: 'mcp.tool',
        role_id: 1,
        data_classifications: [{ confidentiality_id: 1 }],
      },
    ],
    http_request: { http_method: 'POST', url: { path: '/mcp' } },
    http_response: {
      code: 200,
      latency: 142,
      http_headers: expect.arrayContaining([{ name: 'retry-after', value: '30' }]),
    },
    metadata: { tenant_uid: 'any mcp_audit.organization.id', event_code: 'mcp_audit.response' },
    unmapped: { 'mcp_audit.side': 'client', 'audit.action': 'EXECUTE' },
  });
});
