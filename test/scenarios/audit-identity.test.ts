import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { Identity, IdentityContext } from '../../src/index.js';
import type { AuditRecord } from '../../src/semconv/audit-record.js';
import { auditScenarios, pairsOf } from '../support/audit-endings.js';
import { DIALECTS } from '../support/dialects.js';
import { expectNothingOpen } from '../support/endings.js';
import { FLAVOURS, type PairOptions, text } from '../support/flavours.js';
import { HTTP_FLAVOURS } from '../support/http.js';
import { ASKABLE, answer, ROOTS } from '../support/questions.js';

const { telemetry, audit } = auditScenarios();
const V1 = FLAVOURS[0] as (typeof FLAVOURS)[number];
const FINE = { name: 'fine', handler: () => text('ok') };
const ADA: Identity = {
  id: 'u-8472',
  name: 'Ada',
  type: 'user',
  roles: ['auditor', 'support'],
  organization: 'org-17',
  team: 'team-billing',
};
const ADA_FIELDS = {
  'audit.actor.id': 'u-8472',
  'audit.actor.type': 'user',
  'mcp_audit.actor.source': 'hook',
  'user.id': 'u-8472',
  'user.name': 'Ada',
  'user.roles': ['auditor', 'support'],
  'mcp_audit.organization.id': 'org-17',
  'mcp_audit.team.id': 'team-billing',
};
const TOKEN = ['opaque', 'bearer', 'token', 'q7Zt1'.repeat(80)].join('-');
const AUTH = { token: TOKEN, clientId: 'frontend-prod', scopes: ['tools:read'], extra: { sub: 'sub-1' } };
const SELF_ASSERTED = {
  'audit.actor.id': 'test-client',
  'audit.actor.type': 'service',
  'mcp_audit.actor.source': 'self_asserted',
};

/** A transport that passes the result of a token verifier with every message. */
function authorized(authInfo: object): NonNullable<PairOptions['wrapTransports']> {
  return (client, server) => {
    const send = client.send.bind(client);
    client.send = (message: any, options: object) => send(message, { ...options, authInfo });
    return [client, server];
  };
}

/** The records of a tool call at the server. */
async function callAs(identity: unknown, options: PairOptions = {}, flavour = V1): Promise<AuditRecord[]> {
  const config = { audit: { identity: identity as () => Identity } };
  const pair = await flavour.pair({ config, instrument: 'server', tools: [FINE], ...options });
  await pair.client.callTool({ name: 'fine', arguments: {} });
  await expectNothingOpen(telemetry);
  await pair.close();
  const [{ request, response }] = pairsOf(audit, 'server', 'tools/call') as [
    { request: AuditRecord; response: AuditRecord },
  ];
  return [request, response];
}

describe.each(FLAVOURS)('the identity hook’s return value, on $name', (flavour) => {
  it('is in both records', async () => {
    for (const record of await callAs(() => ADA, {}, flavour)) expect(record).toMatchObject(ADA_FIELDS);
  });

  it('is requested once per operation, before its first record, with the protocol’s facts', async () => {
    const asked: IdentityContext[] = [];
    const records: number[] = [];
    await callAs(
      (context: IdentityContext) => {
        asked.push(context);
        records.push(audit.of('mcp_audit.request').filter((each) => each['mcp.method.name'] === context.method).length);
        return undefined;
      },
      {},
      flavour,
    );
    const calls = asked.filter(({ method }) => method === 'tools/call');
    expect(calls).toEqual([
      { side: 'server', method: 'tools/call', target: 'fine', client: { name: 'test-client', version: '1.0.0' } },
    ]);
    expect(new Set(records)).toEqual(new Set([0]));
  });

  it('is not requested for messages of a server, which is its own actor', async () => {
    const sides: string[] = [];
    const identity = ({ side, method }: IdentityContext) => {
      if (method === 'roots/list') sides.push(side);
      return ADA;
    };
    if (flavour.protocolVersion === '2026-07-28') return;
    const dialect = DIALECTS[flavour.sdk];
    const handler = async (_args: unknown, { raw }: { raw: any }) => {
      await dialect.requestWithin(raw, 'roots/list');
      return text('done');
    };
    const pair = await flavour.pair({
      config: { audit: { identity } },
      clientOptions: ASKABLE,
      configureClient: (client) => answer(client, dialect, ROOTS),
      tools: [{ name: 'ask', handler }],
    });
    await dialect.callTool(pair.client, 'ask');
    await expectNothingOpen(telemetry);
    expect(sides).toEqual([]);
    for (const side of ['client', 'server'] as const) {
      expect(pairsOf(audit, side, 'roots/list')[0]?.request).toMatchObject({
        'audit.actor.id': 'test-server',
        'mcp_audit.actor.source': 'self_asserted',
      });
    }
    await pair.close();
  });
});

describe('an identity hook', () => {
  // First in this process, because every failure is reported once.
  it('that throws is reported once, without the error, and the actor comes from the protocol', async () => {
    const identity = () => {
      throw new Error(TOKEN);
    };
    const pair = await V1.pair({ config: { audit: { identity } }, instrument: 'server', tools: [FINE] });
    for (const _ of [1, 2]) await pair.client.callTool({ name: 'fine', arguments: {} });
    await pair.close();
    expect(telemetry.complaints).toHaveLength(1);
    expect(telemetry.complaints[0]).toMatch(/the identity hook failed \(Error\)/);
    expect(telemetry.complaints[0]).not.toContain(TOKEN);
    for (const { request } of pairsOf(audit, 'server', 'tools/call')) expect(request).toMatchObject(SELF_ASSERTED);
    telemetry.reset();
  });

  it('that names a service has no user', async () => {
    for (const record of await callAs(() => ({ id: 'batch', type: 'service' }))) {
      expect(record).toMatchObject({ 'audit.actor.id': 'batch', 'audit.actor.type': 'service' });
      expect(Object.keys(record)).not.toContain('user.id');
    }
  });

  it('that returns only a name has it as the actor', async () => {
    for (const record of await callAs(() => ({ name: 'Ada' }))) {
      expect(record).toMatchObject({ 'audit.actor.id': 'Ada', 'mcp_audit.actor.source': 'hook', 'user.name': 'Ada' });
    }
  });

  const NO_ANSWERS: readonly [string, (context: never) => unknown][] = [
    ['nothing', () => undefined],
    ['null', () => null],
    ['no identity', () => ({})],
    ['empty texts', () => ({ id: '', name: '' })],
    ['members of other types', () => ({ id: 7, name: {}, roles: 'admin', type: 'god', team: [] })],
  ];

  it.each(NO_ANSWERS)('that returns %s leaves the actor to the protocol', async (_what, identity) => {
    for (const record of await callAs(identity)) {
      expect(record).toMatchObject(SELF_ASSERTED);
      for (const key of ['user.id', 'user.name', 'user.roles', 'mcp_audit.team.id']) {
        expect(Object.keys(record)).not.toContain(key);
      }
    }
  });

  const throwing = {
    get id(): string {
      throw new Error('hostile');
    },
    name: 'Ada',
    get roles(): string[] {
      throw new Error('hostile');
    },
  };

  it('whose return value throws when read has the readable parts', async () => {
    for (const record of await callAs(() => throwing)) {
      expect(record).toMatchObject({ 'audit.actor.id': 'Ada', 'mcp_audit.actor.source': 'hook' });
    }
  });

  const REPORTED: readonly [string, () => unknown, RegExp][] = [
    ['a promise', async () => ADA, /identity hook returned a promise; accepted: /],
    ['a promise that is rejected', () => Promise.reject(new Error('no')), /./],
    ['a promise of somebody else', () => Object.fromEntries([['then', () => {}]]), /./],
    ['a number', () => 7, /identity hook returned a value of type number/],
    ['a text', () => 'Ada', /identity hook returned a value of type string/],
  ];

  it.each(REPORTED)(
    'that returns %s is reported once, and the actor comes from the protocol',
    async (_what, identity, line) => {
      const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
      try {
        for (const record of await callAs(identity)) expect(record).toMatchObject(SELF_ASSERTED);
        audit.reset();
        await callAs(identity);
        const lines = written.mock.calls.map(([each]) => String(each)).filter((each) => each.includes('identity hook'));
        expect(lines.length).toBeLessThanOrEqual(1);
        for (const each of lines) expect(each).toMatch(line);
      } finally {
        written.mockRestore();
        telemetry.reset();
      }
    },
  );

  it('that returns a megabyte has it cut', async () => {
    const long = 'ä'.repeat(1_048_576);
    const identity = () => ({ ...ADA, id: long, name: long, roles: Array.from({ length: 10_000 }, () => long) });
    for (const record of await callAs(identity)) {
      expect((record['audit.actor.id'] as string).length).toBe(256);
      expect(record['mcp_audit.truncated']).toContain('user.roles');
    }
    for (const { text: line } of audit.emitted) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(32_768);
  });

  it.each([
    ['the bearer token', TOKEN],
    ['text around it', `user-${TOKEN}-1`],
    ['its base64', Buffer.from(TOKEN).toString('base64')],
  ])('that returns %s has it redacted', async (_what, leak) => {
    const identity = () => ({ ...ADA, id: leak, name: leak, roles: [leak], team: leak });
    const records = await callAs(identity, { wrapTransports: authorized(AUTH) });
    for (const record of records) {
      expect(record['audit.actor.id']).toBe('[REDACTED:credential]');
      expect(record['mcp_audit.redaction.rules']).toContain('credential');
    }
    const said = audit.emitted.map((each) => each.text).join();
    for (const part of [TOKEN.slice(0, 40), Buffer.from(TOKEN).toString('base64').slice(0, 40)]) {
      expect(said).not.toContain(part);
    }
  });
});

describe('the actor without a hook', () => {
  it.each([
    ['the subject of the token', AUTH, { 'audit.actor.id': 'sub-1', 'audit.actor.type': 'user', 'user.id': 'sub-1' }],
    [
      'the client of the token, where it has no subject',
      { ...AUTH, extra: {} },
      { 'audit.actor.id': 'frontend-prod', 'audit.actor.type': 'service' },
    ],
  ])('is %s', async (_what, authInfo, expected) => {
    for (const record of await callAs(undefined, { wrapTransports: authorized(authInfo) })) {
      expect(record).toMatchObject({
        ...expected,
        'mcp_audit.actor.source': 'oauth',
        'mcp_audit.oauth.client_id': 'frontend-prod',
        'mcp_audit.oauth.scopes': ['tools:read'],
      });
      expect(Object.keys(record)).not.toContain('user.name');
    }
    expect(audit.emitted.map((each) => each.text).join()).not.toContain(TOKEN);
  });

  it('comes from the hook first, and the token adds only its client and scopes', async () => {
    for (const record of await callAs(() => ADA, { wrapTransports: authorized(AUTH) })) {
      expect(record).toMatchObject({ ...ADA_FIELDS, 'mcp_audit.oauth.client_id': 'frontend-prod' });
    }
  });

  it('is passed to the hook without the token', async () => {
    const told: IdentityContext[] = [];
    await callAs(
      (context: IdentityContext) => {
        told.push(context);
        return undefined;
      },
      { wrapTransports: authorized(AUTH) },
    );
    const { auth } = told.find(({ method }) => method === 'tools/call') as IdentityContext;
    expect(auth).toEqual({
      clientId: 'frontend-prod',
      subject: 'sub-1',
      scopes: ['tools:read'],
      extra: { sub: 'sub-1' },
    });
    expect(JSON.stringify(told)).not.toContain(TOKEN);
  });

  it('is anonymous if even the client has not named itself', async () => {
    const stateless = HTTP_FLAVOURS.find(
      ({ name }) => name === 'v1 without sessions',
    ) as (typeof HTTP_FLAVOURS)[number];
    const pair = await stateless.pair({
      config: { audit: true },
      configure: (server) => server.registerTool('fine', { inputSchema: {} }, () => text('ok')),
    });
    await pair.client.callTool({ name: 'fine', arguments: {} });
    await expectNothingOpen(telemetry);
    expect(pairsOf(audit, 'server', 'tools/call')[0]?.request).toMatchObject({
      'audit.actor.id': 'anonymous',
      'audit.actor.type': 'user',
      'mcp_audit.actor.source': 'none',
    });
    await pair.close();
  });

  it('is the one in each message, on v2 2026-07-28', async () => {
    const modern = FLAVOURS.find(({ protocolVersion }) => protocolVersion === '2026-07-28') as typeof V1;
    let name = 'first';
    const pair = await modern.pair({
      config: { audit: true },
      tools: [FINE],
      wrapTransports: (client, server) => {
        const send = client.send.bind(client);
        client.send = (message: any, options: unknown) => {
          const meta = message.params?._meta;
          if (message.method !== 'tools/call') return send(message, options);
          const _meta = { ...meta, 'io.modelcontextprotocol/clientInfo': { name, version: '2' } };
          return send({ ...message, params: { ...message.params, _meta } }, options);
        };
        return [client, server];
      },
    });
    for (name of ['first', 'second']) await pair.client.callTool({ name: 'fine', arguments: {} });
    await expectNothingOpen(telemetry);
    expect(pairsOf(audit, 'server', 'tools/call').map(({ request }) => request['audit.actor.id'])).toEqual([
      'first',
      'second',
    ]);
    await pair.close();
  });
});

describe.each(HTTP_FLAVOURS)('what an identity hook gets of an HTTP request, on $name', (flavour) => {
  it('is the address and the headers, without credentials', async () => {
    const told: IdentityContext[] = [];
    const inputSchema: any = flavour.sdk === 'v1' ? {} : z.object({});
    const identity = (context: IdentityContext) => {
      if (context.side === 'server' && context.method === 'tools/call') told.push({ ...context });
      return undefined;
    };
    const pair = await flavour.pair({
      config: { audit: { identity } },
      configure: (server) => server.registerTool('fine', { inputSchema }, () => text('ok')),
      transportOptions: () => ({
        requestInit: { headers: { authorization: `Bearer ${TOKEN}`, cookie: `s=${TOKEN}`, 'x-tenant': 'acme' } },
      }),
    });
    await pair.client.callTool({ name: 'fine', arguments: {} });
    await expectNothingOpen(telemetry);
    expect(told[0]).toMatchObject({ address: '127.0.0.1', headers: { 'x-tenant': 'acme' } });
    expect(JSON.stringify(told)).not.toContain(TOKEN);
    expect(JSON.stringify(told)).not.toMatch(/session-id/);
    await pair.close();
  });
});
