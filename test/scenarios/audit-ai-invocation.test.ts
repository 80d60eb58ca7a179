/** The user turn and the model behind a call, as its client claims them in `_meta`. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AuditConfig } from '../../src/index.js';
import type { AuditRecord } from '../../src/semconv/audit-record.js';
import { auditScenarios, type Pair, pairsOf } from '../support/audit-endings.js';
import { DIALECTS } from '../support/dialects.js';
import { expectNothingOpen } from '../support/endings.js';
import { FLAVOURS, type PairOptions, text } from '../support/flavours.js';
import { ASKABLE, answer, ROOTS } from '../support/questions.js';

const { telemetry, audit } = auditScenarios();
const V1 = FLAVOURS[0] as (typeof FLAVOURS)[number];
const KEY = 'io.modelcontextprotocol/aiInvocation';
const SECRET = ['gh', 'p_', 'a1B2'.repeat(9)].join('');
const CLAIM = {
  invocationReason: { text: 'The user asked about Zanzibar.' },
  model: { name: 'example-model-4' },
  userIntent: { text: 'Plan my trip to Zanzibar', redacted: false },
  turnId: '2f4f0c9e-8d72-4c66-9c6f-3f7f3e6a1c9f',
};
const CLAIMED = {
  'mcp_audit.ai_invocation.turn_id': '2f4f0c9e-8d72-4c66-9c6f-3f7f3e6a1c9f',
  'mcp_audit.ai_invocation.model': 'example-model-4',
};
const FINE = { name: 'fine', handler: () => text('ok') };

afterEach(() => vi.unstubAllEnvs());

/** Puts a claim into every message of one side. */
function claiming(claim: unknown, side: 'client' | 'server' = 'client'): NonNullable<PairOptions['wrapTransports']> {
  return (client, server) => {
    const sender = side === 'client' ? client : server;
    const send = sender.send.bind(sender);
    sender.send = (message: any, options: unknown) =>
      message.method === undefined
        ? send(message, options)
        : send(
            { ...message, params: { ...message.params, _meta: { ...message.params?._meta, [KEY]: claim } } },
            options,
          );
    return [client, server];
  };
}

const claimedIn = (record: AuditRecord | undefined) =>
  Object.fromEntries(Object.entries(record ?? {}).filter(([key]) => key.startsWith('mcp_audit.ai_invocation.')));

/** The records at the server of a call with a claim. */
async function call(claim: unknown, config: AuditConfig = { aiInvocation: true }, flavour = V1) {
  const wrapTransports = claiming(claim);
  const pair = await flavour.pair({ config: { audit: config }, instrument: 'server', tools: [FINE], wrapTransports });
  await DIALECTS[flavour.sdk].callTool(pair.client, 'fine');
  await expectNothingOpen(telemetry);
  await pair.close();
  const [{ request, response }] = pairsOf(audit, 'server', 'tools/call') as [
    Record<'request' | 'response', AuditRecord>,
  ];
  return [request, response];
}

describe.each(FLAVOURS)('the turn and the model that a client claims, on $name', (flavour) => {
  it('are in both records of the call, and nothing else of the claim is', async () => {
    for (const record of await call(CLAIM, { aiInvocation: true }, flavour)) {
      expect(claimedIn(record)).toEqual(CLAIMED);
      expect(record['mcp_audit.actor.source']).toBe('self_asserted');
    }
    expect(audit.emitted.map((each) => each.text).join()).not.toContain('Zanzibar');
  });
});

describe('without the option', () => {
  it('nothing of the claim is recorded', async () => {
    for (const record of await call(CLAIM, {})) expect(claimedIn(record)).toEqual({});
  });

  it('the variable turns it on', async () => {
    vi.stubEnv('MCP_TRAIL_AUDIT_AI_INVOCATION', 'on');
    for (const record of await call(CLAIM, {})) expect(claimedIn(record)).toEqual(CLAIMED);
  });
});

it('an instrumented client records what its application claims', async () => {
  const pair = await V1.pair({ config: { audit: { aiInvocation: true } }, instrument: 'client', tools: [FINE] });
  await pair.client.callTool({ name: 'fine', arguments: {}, _meta: { [KEY]: CLAIM } });
  await expectNothingOpen(telemetry);
  await pair.close();
  const [{ response }] = pairsOf(audit, 'client', 'tools/call') as [Pair];
  expect(claimedIn(response)).toEqual(CLAIMED);
});

it('a session has no turn, though its handshake may', async () => {
  await call(CLAIM);
  const [started] = audit.of('mcp_audit.session');
  expect(started).toBeDefined();
  for (const record of audit.of('mcp_audit.session')) expect(claimedIn(record)).toEqual({});
  expect(claimedIn(audit.one('mcp_audit.response', 'server', 'initialize'))).toEqual(CLAIMED);
});

it('a server has no turns of its own', async () => {
  const dialect = DIALECTS.v1;
  const handler = async (_args: unknown, { raw }: { raw: any }) => {
    await dialect.requestWithin(raw, 'roots/list');
    return text('done');
  };
  const pair = await V1.pair({
    config: { audit: { aiInvocation: true } },
    clientOptions: ASKABLE,
    configureClient: (client) => answer(client, dialect, ROOTS),
    tools: [{ name: 'ask', handler }],
    wrapTransports: claiming(CLAIM, 'server'),
  });
  await dialect.callTool(pair.client, 'ask');
  await expectNothingOpen(telemetry);
  await pair.close();
  for (const side of ['client', 'server'] as const) {
    const [{ request }] = pairsOf(audit, side, 'roots/list') as [Pair];
    expect(claimedIn(request)).toEqual({});
  }
});

describe('a claim', () => {
  const throwing = {
    get turnId(): string {
      throw new Error('hostile');
    },
    model: { name: 'example-model-4' },
  };
  const revoked = () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  };
  const ODD: readonly [what: string, claim: unknown, expected: object][] = [
    ['that is a text', 'turn-1', {}],
    ['that is null', null, {}],
    ['that is a list', ['turn-1'], {}],
    ['that is empty', { turnId: '', model: { name: '' } }, {}],
    ['with other types', { turnId: 7, model: 'example-model-4' }, {}],
    ['without a model', { turnId: 'turn-1', model: {} }, { 'mcp_audit.ai_invocation.turn_id': 'turn-1' }],
    ['that throws', throwing, { 'mcp_audit.ai_invocation.model': 'example-model-4' }],
    ['that cannot be read', revoked(), {}],
  ];

  it.each(ODD)('%s has what can be read of it', async (_what, claim, expected) => {
    for (const record of await call(claim)) expect(claimedIn(record)).toEqual(expected);
  });

  it('of megabytes is cut', async () => {
    const long = 'ä'.repeat(1_048_576);
    for (const record of await call({ turnId: long, model: { name: long } })) {
      for (const value of Object.values(claimedIn(record))) expect(value).toHaveLength(256);
    }
  });

  it('loses its secrets', async () => {
    for (const record of await call({ turnId: `turn ${SECRET}`, model: { name: `model ${SECRET}` } })) {
      for (const value of Object.values(claimedIn(record))) expect(value).toMatch(/^\w+ \[REDACTED:[\w-]+\]$/);
    }
  });
});
