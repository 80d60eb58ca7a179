/** With pseudonyms, nothing in a record or in the inventory says who somebody is: field by field, and over real connections. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { actorFields } from '../../src/audit/actor.js';
import { approverFields, delegationFields } from '../../src/audit/delegation.js';
import { personsOf } from '../../src/audit/persons.js';
import { type FieldValues, RecordFields } from '../../src/audit/record-fields.js';
import { peerFields } from '../../src/audit/request-fields.js';
import { addSafe } from '../../src/audit/sanitise.js';
import {
  type AuditConfig,
  annotate,
  inventory,
  recordAuthentication,
  recordAuthorization,
  recordConfigChange,
  recordGuardrail,
} from '../../src/index.js';
import { auditValues } from '../../src/options/audit.js';
import { PseudonymMap } from '../../src/pseudonyms/map.js';
import { Digester } from '../../src/redact/digest.js';
import { RedactionCounts } from '../../src/redact/redaction-counts.js';
import { Redactor } from '../../src/redact/redactor.js';
import { AUDIT_FIELDS, type AuditField, type AuditKey } from '../../src/semconv/audit-record.js';
import type { HttpFacts, Peer } from '../../src/session/peer.js';
import { auditScenarios, pairsOf } from '../support/audit-endings.js';
import { expectNothingOpen } from '../support/endings.js';
import { FLAVOURS, text } from '../support/flavours.js';
import { HTTP_FLAVOURS } from '../support/http.js';

const { telemetry, audit } = auditScenarios();
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-pseudonyms-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** In everything that identifies alice, and in nothing else. */
const ALICE = /liddell|198\.51\.100\.77/i;
const who = (what: string) => `liddell.${what}`;

/** THE DECISION for each field: who somebody is has a pseudonym, what else identifies them is left out or has one of its own. */
const IDS = [
  'audit.actor.id',
  'mcp_audit.approver.id',
  'mcp_audit.delegation.actors',
  'mcp_audit.inventory.annotation.added_by',
  'mcp_audit.inventory.annotation.approver',
  'mcp_audit.inventory.annotation.removed_by',
  'mcp_audit.inventory.annotation.reviewer',
  'mcp_audit.oauth.client_id',
  'user.id',
] as const satisfies AuditKey[];
const DETAILS = [
  'client.address',
  'client.port',
  'mcp.session.id',
  'mcp_audit.ai_invocation.turn_id',
  'mcp_audit.approver.name',
  'mcp_audit.delegation.id',
  'network.peer.address',
  'tls.client.hash.sha256',
  'tls.client.subject',
  'user.name',
  'user_agent.original',
] as const satisfies AuditKey[];
const DETAILS_MODES = ['omit', 'pseudonym'] as const;

it('every field of the table is decided on: a new one that identifies somebody is marked', () => {
  const fields = Object.entries<AuditField>(AUDIT_FIELDS);
  const marked = fields.filter(([, { identifies }]) => identifies).map(([key]) => key);
  const ids = fields.filter(([, { redaction, identifies }]) => redaction === 'identity' && !identifies);
  expect(marked.sort()).toEqual(DETAILS);
  expect(ids.map(([key]) => key).sort()).toEqual(IDS);
  // What the definition calls personal data is one of them.
  const personal = fields.filter(([, { sensitive }]) =>
    /personal data, (?:unless|if)|^personal data\.$/i.test(sensitive ?? ''),
  );
  for (const [key] of personal) expect([...IDS, ...DETAILS]).toContain(key);
});

describe.each(DETAILS_MODES)('with actorDetails %s', (actorDetails) => {
  function safe(values: FieldValues): Record<string, unknown> {
    const map = new PseudonymMap({ directory: folder, problem: (problem) => expect.fail(problem) });
    const options = auditValues({ actorIds: 'pseudonym', actorDetails }, {});
    const digester = new Digester({ id: 'k', secret: Buffer.alloc(32) });
    const persons = personsOf(options, { digester, pseudonyms: () => map });
    const redaction = { redactor: new Redactor(), counts: new RedactionCounts(), secret: undefined, ...persons };
    const fields = addSafe(new RecordFields(), values, redaction);
    map.close();
    return Object.fromEntries(fields.entries());
  }

  it('each marked field is shown as decided, whatever is in it', () => {
    const certified = { 'mcp_audit.actor.source': 'mtls' } as const;
    for (const key of [...IDS, ...DETAILS]) {
      const { type }: AuditField = AUDIT_FIELDS[key];
      const value = type === 'int' ? 65_123 : type === 'string' ? who(key) : [who('1'), who('2')];
      const shown = safe({ ...certified, [key]: value } as FieldValues)[key];
      const isDetail = (DETAILS as readonly string[]).includes(key);
      if (isDetail && (actorDetails === 'omit' || type === 'int')) expect([key, shown]).toEqual([key, undefined]);
      else
        for (const each of [shown].flat())
          expect([key, each]).toEqual([
            key,
            expect.stringMatching(isDetail ? /^detail-[0-9a-f]{24}$/ : /^actor-[0-9a-f]{24}$/),
          ]);
    }
  });

  const auths = [
    undefined,
    { subject: who('sub'), clientId: who('app'), extra: { act: { sub: who('act') } } },
    { clientId: who('app') },
  ];
  const hooks = [
    undefined,
    { id: who('id'), name: who('name'), approver: { id: who('approver'), name: who('approver-name') } },
    { name: who('name') },
  ];
  const certificates = [undefined, { subject: `CN=${who('cert')}`, sha256: who('hash'), authorized: true }];
  const rows = auths.flatMap((auth) =>
    hooks.flatMap((hook) => certificates.map((certificate) => ({ auth, hook, certificate }))),
  );

  it.each(rows)('no combination of what identifies her is told: %j', ({ auth, hook, certificate }) => {
    const http = {
      notes: { operations: 0 },
      certificate: () => certificate,
      header: (name: string) => (name === 'user-agent' ? who('agent') : undefined),
      peerAddress: '198.51.100.77',
    } as unknown as HttpFacts;
    const peer = {
      address: '198.51.100.77',
      port: 65_123,
      httpVersion: undefined,
      http,
      ...(auth && { auth }),
    } as Peer;
    const told = safe({
      ...peerFields(peer),
      ...actorFields({ identity: hook, peer, sender: { name: 'planner' } }),
      ...approverFields({ id: who('approver'), name: who('approver-name') }),
      ...delegationFields({ actors: [who('act')], id: who('grant') }),
      'mcp.session.id': who('session'),
      'mcp_audit.ai_invocation.turn_id': who('turn'),
    });
    expect(JSON.stringify(told)).not.toMatch(ALICE);
    // Pseudonyms have random digits, in which it may be.
    expect(JSON.stringify(told)).not.toMatch(/\b65123\b/);
    const isProven = auth !== undefined || hook !== undefined || certificate !== undefined;
    expect(told['audit.actor.id']).toMatch(isProven ? /^actor-/ : /^planner$/);
  });

  it.each(HTTP_FLAVOURS)(
    'no byte of the records and the state directory says who called, on $name',
    async (flavour) => {
      const config: AuditConfig = {
        actorIds: 'pseudonym',
        actorDetails,
        stateDirectory: folder,
        messages: true,
        sessionIds: 'plain',
        identity: () => ({
          id: who('id'),
          name: who('name'),
          roles: ['auditor'],
          team: 'team-1',
          approver: { id: who('approver'), name: who('approver-name') },
          delegation: { actors: [who('act')], id: who('grant') },
        }),
      };
      const inputSchema: any = flavour.sdk === 'v1' ? {} : z.object({});
      const other = { id: who('other'), name: who('other-name') };
      const pair = await flavour.pair({
        config: { audit: config, trustProxy: true },
        transportOptions: () => ({
          requestInit: { headers: { 'x-forwarded-for': '198.51.100.77', 'user-agent': who('agent') } },
        }),
        configure: (server) =>
          server.registerTool('fine', { inputSchema }, () => {
            recordAuthorization({ decision: 'allow', approver: other, delegation: { actors: [who('act2')] } });
            recordAuthentication({ event: 'login', actor: other });
            recordGuardrail({ verdict: 'allow', approver: other });
            recordConfigChange({ item: 'limits', actor: other });
            return text('ok');
          }),
      });
      await pair.client.callTool({ name: 'fine', arguments: {} });
      await pair.client.callTool({ name: 'fine', arguments: {} });
      const session = pair.clientTransport.sessionId as string | undefined;
      annotate('http-server', {
        approval: 'approved',
        approver: who('approver'),
        addedBy: who('id'),
        notes: 'checked',
      });
      annotate('http-server', { reviewer: who('reviewer') });
      await expectNothingOpen(telemetry);
      await pair.close();

      const told = JSON.stringify([audit.emitted.map(({ text: line, log }) => [line, log.attributes]), inventory()]);
      expect(told).not.toMatch(ALICE);
      if (session !== undefined) expect(told).not.toContain(session);
      const calls = (['client', 'server'] as const).flatMap((side) => pairsOf(audit, side, 'tools/call'));
      expect(calls).toHaveLength(4);
      const actors = new Set(
        calls.flatMap(({ request, response }) => [request['audit.actor.id'], response['audit.actor.id']]),
      );
      expect([...actors]).toEqual([expect.stringMatching(/^actor-/)]);
      for (const { request } of calls)
        expect(request).toMatchObject({ 'user.roles': ['auditor'], 'mcp_audit.team.id': 'team-1' });
      const sessions = new Set(calls.map(({ request }) => request['mcp.session.id']));
      const grouped = flavour.sessions && actorDetails === 'pseudonym';
      expect([...sessions]).toEqual([grouped ? expect.stringMatching(/^detail-/) : undefined]);

      const annotations = audit.of('mcp_audit.inventory.changed').at(-1);
      const people = ['approver', 'reviewer', 'added_by'].map(
        (each) => annotations?.[`mcp_audit.inventory.annotation.${each}` as AuditKey],
      );
      for (const each of people) expect(each).toMatch(/^actor-[0-9a-f]{24}$/);
      expect(people[2]).toBe([...actors][0]);
      expect(inventory()?.servers[0]?.annotations).toMatchObject({
        approver: { value: people[0] },
        addedBy: { value: people[2] },
        notes: { value: 'checked' },
      });
      for (const name of readdirSync(folder).filter((each) => each !== 'pseudonyms.jsonl')) {
        expect(readFileSync(join(folder, name), 'latin1')).not.toMatch(ALICE);
      }
      expect(readFileSync(join(folder, 'pseudonyms.jsonl'), 'latin1')).toMatch(ALICE);
    },
  );
});

describe('ids that are not a person’s', () => {
  it.each([
    [
      'that a client claims stay: they prove nothing, and anybody could fill the map with them',
      undefined,
      'test-client',
    ],
    ['that look like a pseudonym have one of their own', `actor-${'0'.repeat(24)}`, /^actor-(?!0{24})[0-9a-f]{24}$/],
  ])('%s', async (_what, id, expected) => {
    const V1 = FLAVOURS[0] as (typeof FLAVOURS)[number];
    const given: AuditConfig = {
      actorIds: 'pseudonym',
      stateDirectory: folder,
      identity: () => (id === undefined ? undefined : { id }),
    };
    const pair = await V1.pair({
      config: { audit: given },
      instrument: 'server',
      tools: [{ name: 'fine', handler: () => text('ok') }],
    });
    await pair.client.callTool({ name: 'fine', arguments: {} });
    await expectNothingOpen(telemetry);
    await pair.close();
    const actor = pairsOf(audit, 'server', 'tools/call')[0]?.request['audit.actor.id'];
    if (typeof expected === 'string') expect(actor).toBe(expected);
    else expect(actor).toMatch(expected);
    expect(
      audit.of('mcp_audit.inventory.changed').concat(audit.of('mcp_audit.server.observed')).length,
    ).toBeGreaterThan(0);
  });
});

describe('where there can be no pseudonym', () => {
  async function actorWith(config: AuditConfig): Promise<{ actor: unknown; said: string }> {
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const V1 = FLAVOURS[0] as (typeof FLAVOURS)[number];
    const given: AuditConfig = { actorIds: 'pseudonym', identity: () => ({ id: who('id') }), ...config };
    const pair = await V1.pair({
      config: { audit: given },
      instrument: 'server',
      tools: [{ name: 'fine', handler: () => text('ok') }],
    });
    await pair.client.callTool({ name: 'fine', arguments: {} });
    await pair.client.callTool({ name: 'fine', arguments: {} });
    await expectNothingOpen(telemetry);
    await pair.close();
    const said = written.mock.calls.join('');
    written.mockRestore();
    expect(JSON.stringify(audit.records)).not.toMatch(ALICE);
    return { actor: pairsOf(audit, 'server', 'tools/call')[1]?.request['audit.actor.id'], said };
  }

  it('as in a folder whose map is of a newer version, a record has the digest, which is said once', async () => {
    writeFileSync(join(folder, 'pseudonyms.jsonl'), '{"v":2}\n', { mode: 0o600 });
    const { actor, said } = await actorWith({ stateDirectory: folder });
    expect(actor).toMatch(/^hmac-sha256:/);
    expect(said.match(/written by a newer version of mcp-trail, and is left as it is/g)).toHaveLength(1);
    expect(readFileSync(join(folder, 'pseudonyms.jsonl'), 'utf8')).toBe('{"v":2}\n');
  });

  it('as in a folder that is a file, a record has the digest, which is said once', async () => {
    writeFileSync(join(folder, 'file'), '');
    const { actor, said } = await actorWith({ stateDirectory: join(folder, 'file') });
    expect(actor).toMatch(/^hmac-sha256:/);
    expect(said.match(/has no map of pseudonyms: it needs a state directory/g)).toHaveLength(1);
  });
});

it.each([
  [
    'in code',
    { actorIds: 'plain', actorDetails: 'omit' } as const,
    {},
    /option audit\.actorDetails has no effect: it needs audit\.actorIds \(MCP_TRAIL_AUDIT_ACTOR_IDS\) pseudonym, and that is plain/,
  ],
  [
    'by variable',
    {},
    { MCP_TRAIL_AUDIT_ACTOR_DETAILS: 'pseudonym' },
    /MCP_TRAIL_AUDIT_ACTOR_DETAILS has no effect: it needs audit\.actorIds/,
  ],
])('actorDetails without pseudonyms, %s, is reported', (_where, config, env, problem) => {
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  auditValues(config, env);
  const said = written.mock.calls.join('');
  written.mockRestore();
  expect(said).toMatch(problem);
});
