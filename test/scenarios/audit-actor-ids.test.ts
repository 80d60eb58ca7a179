/** The actor is the purpose of the trail: an identity is recorded in full or as a digest, never partly redacted. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { digestKey } from '../../src/audit/digest-key.js';
import {
  type AuditConfig,
  type Identity,
  instrumentTransport,
  inventory,
  recordAuthentication,
} from '../../src/index.js';
import type { AuditRecord } from '../../src/semconv/audit-record.js';
import { auditScenarios, pairsOf } from '../support/audit-endings.js';
import { expectNothingOpen } from '../support/endings.js';
import { FLAVOURS, type PairOptions, text } from '../support/flavours.js';

const { telemetry, audit } = auditScenarios();
const V1 = FLAVOURS[0] as (typeof FLAVOURS)[number];
const FINE = { name: 'fine', handler: () => text('ok') };
const TOKEN = ['opaque', 'bearer', 'token', 'q7Zt1'.repeat(20)].join('-');
const SECRET = ['gh', 'p_', 'a1B2'.repeat(9)].join('');
const KEY = 'c0ffee'.repeat(8);
const DIGEST = /^hmac-sha256:[\w.-]+:[\da-f]{64}$/;

/** Ids in formats of real systems, each of which some redaction pattern matches. */
const IDS = [
  'ada@example.com',
  'Ada.Lovelace+mcp@sub.example.co.uk',
  '+49 30 901820',
  '4111111111111111',
  'DE89370400440532013000',
  '123-45-6789',
  'auth0|5f7c8ec7c33c6c004bbafe82',
  'spiffe://example.org/ns/agents/sa/planner',
  'serviceAccount:planner@project-1.iam.gserviceaccount.com',
  'CN=planner,O=Example,emailAddress=ada@example.com',
];

afterEach(() => vi.unstubAllEnvs());

/** A transport that passes the result of a token verifier with every message. */
function authorized(authInfo: object): NonNullable<PairOptions['wrapTransports']> {
  return (client, server) => {
    const send = client.send.bind(client);
    client.send = (message: any, options: object) => send(message, { ...options, authInfo });
    return [client, server];
  };
}

/** Both records of one call at the server. */
async function callWith(config: AuditConfig & { redact?: any }, options: PairOptions = {}): Promise<AuditRecord[]> {
  const { redact, ...auditing } = config;
  const given = { audit: auditing, ...(redact !== undefined && { redact }) };
  const pair = await V1.pair({ config: given, instrument: 'server', tools: [FINE], ...options });
  await pair.client.callTool({ name: 'fine', arguments: {} });
  await expectNothingOpen(telemetry);
  await pair.close();
  const [{ request, response }] = pairsOf(audit, 'server', 'tools/call') as [
    Record<'request' | 'response', AuditRecord>,
  ];
  return [request, response];
}

describe.each(IDS)('the id %s', (id) => {
  it('of the identity hook is recorded in full, as id and as name, also in the inventory', async () => {
    for (const record of await callWith({ identity: () => ({ id, name: id }) })) {
      expect(record).toMatchObject({ 'audit.actor.id': id, 'user.id': id, 'user.name': id });
      expect(Object.keys(record)).not.toContain('mcp_audit.redaction.rules');
    }
    expect(inventory()?.servers.map(({ usage }) => usage.lastUsed?.actor)).toContain(id);
  });

  it('of a token is recorded in full, as subject and as client', async () => {
    const auth = { token: TOKEN, clientId: `client of ${id}`, scopes: [], extra: { sub: id } };
    for (const record of await callWith({}, { wrapTransports: authorized(auth) })) {
      expect(record).toMatchObject({
        'audit.actor.id': id,
        'user.id': id,
        'mcp_audit.oauth.client_id': `client of ${id}`,
      });
    }
    audit.reset();
    const ofClient = { token: TOKEN, clientId: id, scopes: [] };
    for (const record of await callWith({}, { wrapTransports: authorized(ofClient) })) {
      expect(record).toMatchObject({ 'audit.actor.id': id, 'mcp_audit.oauth.client_id': id });
    }
  });

  it('of a login that the application records is recorded in full', () => {
    const stop = startAuditing({});
    expect(recordAuthentication({ event: 'login', actor: { id, name: id } })).toBe(true);
    stop();
    expect(audit.of('mcp_audit.authentication')[0]).toMatchObject({ 'audit.actor.id': id, 'user.name': id });
  });
});

/** Audits without any client or server. */
function startAuditing(config: AuditConfig): () => void {
  const transport = { send: async () => {}, onmessage() {} };
  const { disable } = instrumentTransport(transport, { audit: config });
  return disable;
}

it('a self-declared name is a name like any other', async () => {
  const initialize = (client: any) => {
    client._clientInfo = { name: 'ada@example.com', version: '1' };
  };
  for (const record of await callWith({}, { configureClient: initialize })) {
    expect(record).toMatchObject({ 'audit.actor.id': '[REDACTED:email]', 'mcp_audit.actor.source': 'self_asserted' });
  }
});

describe('in an identity', () => {
  it.each([
    ['a secret of a known format', `ada ${SECRET}`, /^ada \[REDACTED:[\w-]+\]$/],
    ['the caller’s token', `ada ${TOKEN}`, /^\[REDACTED:credential\]$/],
    ['the caller’s token in base64', Buffer.from(TOKEN).toString('base64'), /^\[REDACTED:credential\]$/],
    ['the caller’s token behind 250 characters', `${'a'.repeat(250)}${TOKEN}`, /^\[REDACTED:credential\]$/],
  ])('%s is redacted', async (_what, id, expected) => {
    const auth = { token: TOKEN, clientId: 'client', scopes: [] };
    const records = await callWith({ identity: () => ({ id, name: id }) }, { wrapTransports: authorized(auth) });
    for (const record of records) {
      for (const key of ['audit.actor.id', 'user.id', 'user.name'] as const) expect(record[key]).toMatch(expected);
    }
    const everything = JSON.stringify([audit.records, inventory()]);
    for (const secret of [SECRET, TOKEN, TOKEN.slice(0, 30)]) expect(everything).not.toContain(secret);
  });
});

describe('as digests', () => {
  const digesting = { actorIds: 'digest', digestKey: KEY } as const;
  const ada: Identity = { id: 'ada@example.com', name: 'Ada Lovelace', roles: ['auditor'] };

  it('ids and names are equal for one person and different for two', async () => {
    const found: AuditRecord[] = [];
    for (const id of ['ada@example.com', 'ada@example.com', 'bob@example.com']) {
      audit.reset();
      found.push(...(await callWith({ ...digesting, identity: () => ({ ...ada, id }) })).slice(0, 1));
    }
    const ids = found.map((record) => record['audit.actor.id']);
    expect(ids[0]).toMatch(DIGEST);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
    for (const record of found) {
      expect(record['user.id']).toBe(record['audit.actor.id']);
      expect(record['user.name']).toMatch(DIGEST);
      expect(record['user.roles']).toEqual(['auditor']);
    }
    expect(JSON.stringify([audit.records, inventory()])).not.toMatch(/ada@|Ada Lovelace/);
  });

  it('the same digest is in the fields of a token and its owner, and in messages for people', async () => {
    vi.stubEnv('MCP_TRAIL_AUDIT_ACTOR_IDS', 'digest');
    const auth = { token: TOKEN, clientId: 'client-1', scopes: [], extra: { sub: 'ada@example.com' } };
    const records = await callWith({ digestKey: KEY, messages: true }, { wrapTransports: authorized(auth) });
    for (const record of records) {
      expect(record['audit.actor.id']).toMatch(DIGEST);
      expect(record['mcp_audit.oauth.client_id']).toMatch(DIGEST);
    }
    expect(JSON.stringify(audit.records)).not.toMatch(/ada@|client-1/);
  });

  it('anonymous and self-declared actors are recorded unchanged', async () => {
    for (const record of await callWith(digesting)) expect(record['audit.actor.id']).toBe('test-client');
  });

  it('is the same in another process with the same key', async () => {
    const digester = digestKey(KEY, () => undefined, {}).digester;
    const [record] = await callWith({ ...digesting, identity: () => ada });
    expect(record?.['audit.actor.id']).toBe(digester.digest('ada@example.com'));
    expect(record?.['user.name']).toBe(digester.digest('Ada Lovelace'));
  });

  it('are what an invalid value leads to, which is reported: it did not mean the ids themselves', async () => {
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const [record] = await callWith({ actorIds: 'pseudonyms' as never, digestKey: KEY, identity: () => ada });
    expect(written.mock.calls.join()).toMatch(
      /option audit\.actorIds is "pseudonyms"; accepted: plain, digest, pseudonym\. Using digest/,
    );
    written.mockRestore();
    expect(record?.['audit.actor.id']).toMatch(DIGEST);
  });
});

describe('the redact hook', () => {
  const ACTOR = ['audit.actor.id', 'user.id', 'user.name'];

  it('gets the unredacted actor, and secrets and the token are redacted in its return value', async () => {
    const given = new Map<string, string>();
    const redact = (field: string, value: string) => {
      given.set(field, value);
      return ACTOR.includes(field) ? `${field}: ${value.length} ${SECRET}` : value;
    };
    const id = `ada@example.com ${SECRET} ${TOKEN}`;
    const auth = { token: TOKEN, clientId: 'client', scopes: [] };
    const records = await callWith(
      { redact, identity: () => ({ id, name: id }) },
      { wrapTransports: authorized(auth) },
    );
    for (const field of ACTOR) expect(given.get(field)).toBe(id);
    for (const record of records) {
      expect(record['audit.actor.id']).toMatch(/^audit\.actor\.id: \d+ \[REDACTED:[\w-]+\]$/);
      expect(record['user.name']).toMatch(/^user\.name: \d+ \[REDACTED:[\w-]+\]$/);
    }
  });

  it('that returns the token has it redacted', async () => {
    const redact = (field: string, value: string) => (ACTOR.includes(field) ? `x${TOKEN}` : value);
    const auth = { token: TOKEN, clientId: 'client', scopes: [] };
    for (const record of await callWith({ redact }, { wrapTransports: authorized(auth) })) {
      expect(record['audit.actor.id']).toBe('[REDACTED:credential]');
    }
    expect(JSON.stringify(audit.records)).not.toContain(TOKEN.slice(0, 30));
  });

  it('may choose other names, which are recorded unchanged or as a digest', async () => {
    const redact = (field: string, value: string) =>
      ACTOR.includes(field) ? value.replace('ada@example.com', 'A1') : value;
    const identity = () => ({ id: 'ada@example.com' });
    const [plain] = await callWith({ redact, identity });
    expect(plain?.['audit.actor.id']).toBe('A1');
    audit.reset();
    const [digested] = await callWith({ redact, identity, actorIds: 'digest', digestKey: KEY });
    expect(digested?.['audit.actor.id']).toBe(digestKey(KEY, () => undefined, {}).digester.digest('A1'));
  });

  it('that returns nothing leaves no name, but a record of the action', async () => {
    const redact = (field: string, value: string) => (ACTOR.includes(field) ? undefined : value);
    for (const record of await callWith({ redact, identity: () => ({ id: 'ada@example.com', name: 'Ada' }) })) {
      expect(record['audit.actor.id']).toBe('[REDACTED]');
      expect(Object.keys(record)).not.toContain('user.name');
      expect(record['mcp_audit.redaction.dropped']).toEqual(expect.arrayContaining(ACTOR));
    }
  });

  it('gets every other field redacted', async () => {
    const given = new Map<string, string>();
    const redact = (field: string, value: string) => {
      given.set(field, value);
      return value;
    };
    const auth = { token: TOKEN, clientId: `client ${SECRET}`, scopes: [] };
    const identity = () => ({ id: 'u-1', team: 'ada@example.com' });
    await callWith({ redact, identity }, { wrapTransports: authorized(auth) });
    expect(given.get('mcp_audit.team.id')).toBe('[REDACTED:email]');
    expect(given.get('mcp_audit.oauth.client_id')).not.toContain(SECRET);
  });
});
