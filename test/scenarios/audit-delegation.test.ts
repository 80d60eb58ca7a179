/** Who confirmed an operation, and who acts for whom: in records like the actor, or as digests. */
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { digestKey } from '../../src/audit/digest-key.js';
import {
  type AuditConfig,
  type Identity,
  recordAuthorization,
  recordConfigChange,
  recordGuardrail,
} from '../../src/index.js';
import type { AuditRecord } from '../../src/semconv/audit-record.js';
import { auditScenarios, pairsOf } from '../support/audit-endings.js';
import { DIALECTS } from '../support/dialects.js';
import { expectNothingOpen } from '../support/endings.js';
import { FLAVOURS, type PairOptions, text } from '../support/flavours.js';

const { telemetry, audit } = auditScenarios();
const V1 = FLAVOURS[0] as (typeof FLAVOURS)[number];
const TOKEN = ['opaque', 'bearer', 'token', 'q7Zt1'.repeat(20)].join('-');
const SECRET = ['gh', 'p_', 'a1B2'.repeat(9)].join('');
const KEY = 'c0ffee'.repeat(8);
const DIGEST = /^hmac-sha256:[\w.-]+:[\da-f]{64}$/;
const ACT = { sub: 'agent:planner', act: { sub: 'grace@example.com' } };
const ACTING = {
  'mcp_audit.delegation.actors': ['agent:planner', 'grace@example.com'],
  'mcp_audit.delegation.source': 'oauth',
};
const GRACE = { id: 'grace@example.com', name: 'Grace Hopper' };
const CONFIRMED = {
  'mcp_audit.approver.id': 'grace@example.com',
  'mcp_audit.approver.name': 'Grace Hopper',
  'mcp_audit.approver.type': 'user',
};
const KEYS = [...Object.keys(ACTING), ...Object.keys(CONFIRMED), 'mcp_audit.delegation.id'];

/** A transport that passes the result of a token verifier with every message. */
function authorized(extra: object): NonNullable<PairOptions['wrapTransports']> {
  const authInfo = { token: TOKEN, clientId: 'planner-app', scopes: [], extra: { sub: 'ada', ...extra } };
  return (client, server) => {
    const send = client.send.bind(client);
    client.send = (message: any, options: object) => send(message, { ...options, authInfo });
    return [client, server];
  };
}

interface Call {
  readonly config?: AuditConfig;
  readonly redact?: (field: string, value: string) => string;
  readonly extra?: object;
  readonly handler?: () => unknown;
  readonly flavour?: (typeof FLAVOURS)[number];
  readonly token?: boolean;
}

/** The records at the server of a call whose token has `extra`. */
async function call({ config = {}, redact, extra = { act: ACT }, handler, flavour = V1, token = true }: Call = {}) {
  const run = async () => text(String(handler?.()));
  const pair = await flavour.pair({
    config: { audit: config, ...(redact !== undefined && { redact }) },
    instrument: 'server',
    tools: [{ name: 'guarded', handler: run }],
    ...(token && { wrapTransports: authorized(extra) }),
  });
  await DIALECTS[flavour.sdk].callTool(pair.client, 'guarded');
  await expectNothingOpen(telemetry);
  await pair.close();
  return pairsOf(audit, 'server', 'tools/call')[0] as Record<'request' | 'response', AuditRecord>;
}

// Over stdio, servers of 2026-07-28 have no tokens: test/safety has them over HTTP.
describe.each(FLAVOURS.filter(({ name }) => name !== 'v2 2026-07-28'))(
  'a token that was passed on, on $name',
  (flavour) => {
    it('names its subject as the actor, and who acts for it, in all records of the operation', async () => {
      const { request, response } = await call({ flavour, handler: () => recordAuthorization({ decision: 'allow' }) });
      for (const record of [request, response, audit.of('mcp_audit.authorization')[0]]) {
        expect(record).toMatchObject({ 'audit.actor.id': 'ada', 'mcp_audit.actor.source': 'oauth', ...ACTING });
      }
    });

    it('says nothing more than what is in it', async () => {
      for (const record of Object.values(await call({ flavour, extra: {} }))) {
        for (const key of KEYS) expect(Object.keys(record)).not.toContain(key);
      }
    });
  },
);

describe('the identity hook', () => {
  it('names who confirmed a call, and who acts for the actor, by which grant', async () => {
    const identity = (): Identity => ({
      id: 'ada',
      approver: GRACE,
      delegation: { actors: ['agent:b', 'agent:a'], id: 'grant-1' },
    });
    for (const record of Object.values(await call({ config: { identity } }))) {
      expect(record).toMatchObject({
        'audit.actor.id': 'ada',
        ...CONFIRMED,
        'mcp_audit.delegation.actors': ['agent:b', 'agent:a'],
        'mcp_audit.delegation.source': 'hook',
        'mcp_audit.delegation.id': 'grant-1',
      });
    }
  });

  it('that names only an approver leaves the rest to the token', async () => {
    for (const record of Object.values(await call({ config: { identity: () => ({ approver: GRACE }) } }))) {
      expect(record).toMatchObject({ 'audit.actor.id': 'ada', ...CONFIRMED, ...ACTING });
    }
  });
});

describe('a decision', () => {
  const decide = () =>
    recordAuthorization({
      decision: 'allow',
      approver: GRACE,
      delegation: { actors: ['agent:b'], id: 'grant-1' },
    });
  const DECIDED = { ...CONFIRMED, 'mcp_audit.delegation.actors': ['agent:b'], 'mcp_audit.delegation.id': 'grant-1' };

  it('names who confirmed it, on its own record and on that of the outcome', async () => {
    const { request, response } = await call({ handler: decide });
    const [decision] = audit.of('mcp_audit.authorization');
    for (const record of [decision, response]) {
      expect(record).toMatchObject({ ...DECIDED, 'mcp_audit.delegation.source': 'hook' });
    }
    expect(request).toMatchObject(ACTING);
    expect(Object.keys(request)).not.toContain('mcp_audit.approver.id');
  });

  it('says on all of them that a chain is cut, beside what else is cut', async () => {
    const actors = Array.from({ length: 100 }, (_, at) => `agent:${at}`);
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`argument_${at}`, at]));
    const pair = await V1.pair({
      config: { audit: {} },
      instrument: 'server',
      tools: [
        {
          name: 'guarded',
          handler: async () => text(String(recordAuthorization({ decision: 'allow', delegation: { actors } }))),
        },
      ],
    });
    await pair.client.callTool({ name: 'guarded', arguments: many });
    await expectNothingOpen(telemetry);
    await pair.close();
    const [{ request, response }] = pairsOf(audit, 'server', 'tools/call') as [
      Record<'request' | 'response', AuditRecord>,
    ];
    expect(request['mcp_audit.truncated']).toEqual(['mcp_audit.tool.argument.keys']);
    for (const record of [response, audit.of('mcp_audit.authorization')[0]]) {
      expect(record?.['mcp_audit.truncated']).toEqual(['mcp_audit.delegation.actors', 'mcp_audit.tool.argument.keys']);
      expect(record?.['mcp_audit.delegation.actors']).toEqual(actors.slice(0, 16));
    }
  });

  it('by the other build of the package has them as well', async () => {
    const other = createRequire(import.meta.url)('../../dist/cjs/index.js');
    const { response } = await call({
      handler: () => other.recordAuthorization({ decision: 'deny', approver: GRACE }),
    });
    expect(response).toMatchObject({ ...CONFIRMED, ...ACTING, 'mcp_audit.status': 'denied' });
  });
});

it('a verdict of a guardrail names who confirmed it, on its own record', async () => {
  const approver = { id: 'reviewer-bot', type: 'service' } as const;
  const { response } = await call({ handler: () => recordGuardrail({ verdict: 'allow', approver }) });
  expect(audit.of('mcp_audit.guardrail')[0]).toMatchObject({
    'mcp_audit.approver.id': 'reviewer-bot',
    'mcp_audit.approver.type': 'service',
    ...ACTING,
  });
  expect(Object.keys(response)).not.toContain('mcp_audit.approver.id');
});

describe('a change that a handler records', () => {
  it('about another actor has neither the approver nor the delegation of the caller', async () => {
    const identity = (): Identity => ({ id: 'ada', approver: GRACE });
    await call({ config: { identity }, handler: () => recordConfigChange({ item: 'limit', actor: { id: 'bob' } }) });
    const [change] = audit.of('mcp_audit.config.changed').filter((each) => each['audit.target.id'] === 'limit');
    expect(change?.['audit.actor.id']).toBe('bob');
    for (const key of KEYS) expect(Object.keys(change as object)).not.toContain(key);
  });

  it('has the approver that it names, also if the caller made it', async () => {
    await call({ handler: () => recordConfigChange({ item: 'limit', actor: { approver: GRACE } }) });
    const [change] = audit.of('mcp_audit.config.changed').filter((each) => each['audit.target.id'] === 'limit');
    expect(change).toMatchObject({ 'audit.actor.id': 'ada', ...CONFIRMED, ...ACTING });
  });
});

describe('ids of those who confirm and act', () => {
  const both = (id: string): Identity => ({ approver: { id, name: id }, delegation: { actors: [id, 'agent:a'] } });
  const shown = (record: AuditRecord) => [
    record['mcp_audit.approver.id'],
    record['mcp_audit.approver.name'],
    record['mcp_audit.delegation.actors']?.[0],
  ];

  it.each(['grace@example.com', '+49 30 901820', '4111111111111111', 'CN=planner,emailAddress=ada@example.com'])(
    'are recorded in full: %s',
    async (id) => {
      for (const record of Object.values(await call({ config: { identity: () => both(id) } }))) {
        expect(shown(record)).toEqual([id, id, id]);
        expect(Object.keys(record)).not.toContain('mcp_audit.redaction.rules');
      }
    },
  );

  it('lose secrets and the caller’s token', async () => {
    for (const leak of [`grace ${SECRET}`, `grace ${TOKEN}`, Buffer.from(TOKEN).toString('base64')]) {
      audit.reset();
      for (const record of Object.values(await call({ config: { identity: () => both(leak) } }))) {
        for (const each of shown(record)) expect(each).toMatch(/\[REDACTED:[\w-]+\]/);
      }
      const said = audit.emitted.map(({ text: line }) => line).join();
      for (const secret of [SECRET, TOKEN, TOKEN.slice(0, 30)]) expect(said).not.toContain(secret);
    }
    audit.reset();
    const { request } = await call({ extra: { act: { sub: TOKEN, act: { sub: `x${SECRET}` } } } });
    for (const each of request['mcp_audit.delegation.actors'] ?? []) expect(each).toMatch(/\[REDACTED:[\w-]+\]/);
  });

  it('are digests where the actor is one, equal to it for the same person', async () => {
    const digester = digestKey(KEY, () => undefined, {}).digester;
    const config: AuditConfig = {
      actorIds: 'digest',
      digestKey: KEY,
      identity: () => ({ id: 'grace@example.com', approver: GRACE }),
    };
    for (const record of Object.values(await call({ config }))) {
      expect(record['audit.actor.id']).toMatch(DIGEST);
      expect(record['mcp_audit.approver.id']).toBe(record['audit.actor.id']);
      expect(record['mcp_audit.approver.name']).toBe(digester.digest('Grace Hopper'));
      expect(record['mcp_audit.delegation.actors']).toEqual(
        ['agent:planner', 'grace@example.com'].map((id) => digester.digest(id)),
      );
    }
    expect(audit.emitted.map(({ text: line }) => line).join()).not.toMatch(/grace|Hopper|planner"/i);
  });

  it('are passed to the redact hook as they are, like that of the actor', async () => {
    const asked = new Map<string, string[]>();
    const redact = (field: string, value: string) => {
      asked.set(field, [...(asked.get(field) ?? []), value]);
      return value.replace('@example.com', '');
    };
    const extra = { act: { ...ACT, act: { ...ACT.act, act: { sub: `gateway ${SECRET}` } } } };
    const approving: AuditConfig = { identity: () => ({ approver: GRACE }) };
    for (const record of Object.values(await call({ config: approving, redact, extra }))) {
      expect(record['mcp_audit.delegation.actors']?.at(-1)).toMatch(/^gateway \[REDACTED:/);
      expect(record['mcp_audit.approver.id']).toBe('grace');
      expect(record['mcp_audit.delegation.actors']?.slice(0, 2)).toEqual(['agent:planner', 'grace']);
    }
    expect(asked.get('mcp_audit.approver.id')).toContain('grace@example.com');
    expect(asked.get('mcp_audit.delegation.actors')).toContain(`gateway ${SECRET}`);
  });

  it('of a megabyte each are cut, and the record stays within its bound', async () => {
    const long = 'ä'.repeat(1_048_576);
    const identity = () => ({
      approver: { id: long, name: long },
      delegation: { actors: Array(10_000).fill(long), id: long },
    });
    for (const record of Object.values(await call({ config: { identity }, token: false }))) {
      expect(record['mcp_audit.approver.id']).toHaveLength(256);
      expect(record['mcp_audit.delegation.id']).toHaveLength(256);
      expect(record['mcp_audit.delegation.actors']).toHaveLength(16);
      expect(record['mcp_audit.truncated']).toContain('mcp_audit.delegation.actors');
    }
    for (const { text: line } of audit.emitted) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(32_768);
  });
});
