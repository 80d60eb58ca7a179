import { describe, expect, it } from 'vitest';
import { approverFields, authorityFields, delegationFields, MAX_DELEGATION } from '../../../src/audit/delegation.js';
import type { AuthFacts } from '../../../src/session/peer.js';

const CUT = { 'mcp_audit.truncated': ['mcp_audit.delegation.actors'] };

/** The facts of a verified token: `extra` is what the verifier made. */
const token = (act: unknown): AuthFacts => ({ subject: 'ada', extra: { sub: 'ada', act } });
const actorsOf = (act: unknown) => told(authorityFields(undefined, token(act)));

function told(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** `depth` nested claims; the innermost is the first that authority was passed on to. */
function nested(depth: number): object {
  let act: object = { sub: `agent-${depth}` };
  for (let at = depth - 1; at >= 1; at--) act = { sub: `agent-${at}`, act };
  return act;
}

describe('nested act claims of a verified token', () => {
  it('are a list: the one that calls first, then the prior ones', () => {
    const act = {
      sub: 'planner',
      iss: 'https://as.example.com',
      act: { sub: 'orchestrator', act: { sub: 'gateway' } },
    };
    expect(actorsOf(act)).toEqual({
      'mcp_audit.delegation.actors': ['planner', 'orchestrator', 'gateway'],
      'mcp_audit.delegation.source': 'oauth',
    });
  });

  it('may name a client instead of a subject', () => {
    expect(actorsOf({ client_id: 'planner-app' })).toMatchObject({ 'mcp_audit.delegation.actors': ['planner-app'] });
  });

  it('say nothing if there are none', () => {
    for (const act of [undefined, null]) expect(actorsOf(act)).toEqual({});
    expect(told(authorityFields(undefined, { subject: 'ada' }))).toEqual({});
    expect(told(authorityFields(undefined, undefined))).toEqual({});
  });

  it(`are cut after ${MAX_DELEGATION}, and named as cut, however deep they are`, () => {
    expect(actorsOf(nested(MAX_DELEGATION))).not.toHaveProperty('mcp_audit.truncated');
    const found = actorsOf(nested(10_000));
    expect(found).toMatchObject(CUT);
    expect(found).toMatchObject({
      'mcp_audit.delegation.actors': Array.from({ length: MAX_DELEGATION }, (_, at) => `agent-${at + 1}`),
    });
  });

  const cyclic: { sub: string; act?: unknown } = { sub: 'ouroboros' };
  cyclic.act = { sub: 'tail', act: cyclic };
  const endless = (): object => ({
    get act() {
      return endless();
    },
  });
  const throwing = {
    sub: 'planner',
    act: {
      get sub(): string {
        throw new Error('hostile');
      },
    },
  };
  const HOSTILE: readonly [what: string, act: unknown, actors: readonly string[] | undefined][] = [
    ['go round in a circle', cyclic, ['ouroboros', 'tail']],
    ['are made anew whenever they are read', endless(), undefined],
    ['throw when read', throwing, ['planner']],
    ['name nobody', {}, undefined],
    ['have a gap', { sub: 'planner', act: { sub: 7, act: { sub: 'gateway' } } }, ['planner', 'gateway']],
    ['are a text', 'planner', undefined],
    ['are a number further down', { sub: 'planner', act: 7 }, ['planner']],
    ['are a revoked proxy', revoked(), undefined],
  ];

  it.each(HOSTILE)('that %s are recorded as far as they can be read, and named as cut', (_what, act, actors) => {
    expect(actorsOf(act)).toEqual({
      ...(actors !== undefined && { 'mcp_audit.delegation.actors': actors }),
      'mcp_audit.delegation.source': 'oauth',
      ...CUT,
    });
  });

  it('do not matter if the application says who acts', () => {
    const identity = { id: 'ada', delegation: { actors: ['planner'] } };
    expect(told(authorityFields(identity, token(nested(10_000))))).toEqual({
      'mcp_audit.delegation.actors': ['planner'],
      'mcp_audit.delegation.source': 'hook',
    });
  });

  it('still count if the application names only the grant', () => {
    expect(told(authorityFields({ delegation: { id: 'grant-1' } }, token({ sub: 'planner' })))).toEqual({
      'mcp_audit.delegation.actors': ['planner'],
      'mcp_audit.delegation.source': 'oauth',
      'mcp_audit.delegation.id': 'grant-1',
    });
  });
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  return proxy;
}

describe('a delegation that the application names', () => {
  it.each([
    ['nothing', () => undefined],
    ['a text', () => 'planner'],
    ['no list', () => ({ actors: 'planner', id: 7 })],
    ['an empty list', () => ({ actors: [] })],
    ['no texts', () => ({ actors: [7, null, ''] })],
    ['a revoked proxy', revoked],
    ['a revoked list', () => ({ actors: revoked() })],
  ])('says nothing if it is %s', (_what, given) => {
    expect(told(delegationFields(given()))).toEqual({});
  });

  it('is cut like a chain of claims, and named as cut if it has gaps', () => {
    const actors = Array.from({ length: 10_000 }, (_, at) => `agent-${at}`);
    expect(delegationFields({ actors })).toMatchObject({ ...CUT, 'mcp_audit.delegation.actors': actors.slice(0, 16) });
    expect(delegationFields({ actors: ['planner', {}] })).toMatchObject({
      ...CUT,
      'mcp_audit.delegation.actors': ['planner'],
    });
  });
});

describe('an approver', () => {
  it('has an id, a name and a type', () => {
    expect(told(approverFields({ id: 'u-17', name: 'Grace', type: 'service' }))).toEqual({
      'mcp_audit.approver.id': 'u-17',
      'mcp_audit.approver.name': 'Grace',
      'mcp_audit.approver.type': 'service',
    });
  });

  it('that has only a name is known by it, and is a person unless it says otherwise', () => {
    expect(approverFields({ name: 'Grace', type: 'god' })).toMatchObject({
      'mcp_audit.approver.id': 'Grace',
      'mcp_audit.approver.type': 'user',
    });
  });

  it('is nobody without an id and a name', () => {
    for (const given of [undefined, null, 'Grace', {}, { type: 'user' }, { id: '', name: 7 }, revoked()]) {
      expect(approverFields(given)).toEqual({});
    }
  });
});
