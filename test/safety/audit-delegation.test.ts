/** Who confirmed a call and who acts for whom, from a token to the answers of `mcp-trail query`, with real processes. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startOtlpReceiver } from '../../examples/support/otlp-receiver.mjs';
import { query } from '../../src/cli/query.js';
import type { AuditRecord } from '../../src/semconv/audit-record.js';
import { runCommand } from '../unit/cli/world.js';
import { recordsIn, Scratch } from './audit-trails.js';
import { Child } from './child.js';

const scratch = new Scratch();
let receiver: Awaited<ReturnType<typeof startOtlpReceiver>>;
beforeAll(async () => {
  receiver = await startOtlpReceiver();
});
afterAll(async () => {
  await receiver.close();
  scratch.remove();
});

/** A token that ada's agents passed on: the planner calls, for the orchestrator. */
const CLAIMS = {
  iss: 'https://as.example.com',
  sub: 'ada@example.com',
  client_id: 'planner-app',
  act: { sub: 'agent:planner', act: { sub: 'agent:orchestrator' } },
};
const TOKEN = Buffer.from(JSON.stringify(CLAIMS)).toString('base64url');

/** The trail that a server leaves of one call, and where it is. */
async function trailOf(sdk: 'v1' | 'v2', env: Record<string, string> = {}, meta?: object) {
  const path = scratch.path();
  const child = new Child(['--import', './dist/esm/register.js', 'test/fixtures/audit-delegation.mjs', sdk], {
    MCP_TRAIL_SDK: 'off',
    MCP_TRAIL_AUDIT: 'file',
    MCP_TRAIL_AUDIT_FILE: path,
    ...scratch.signed,
    ...env,
  });
  await child.printed('/mcp\n');
  const client = new Client({ name: 'planner', version: '2.1.0' });
  const requestInit = { headers: { authorization: `Bearer ${TOKEN}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(child.firstLine), { requestInit }) as never);
  await client.callTool({ name: 'delete_sight', arguments: { id: 7 }, ...(meta && { _meta: meta }) } as never);
  await client.close();
  child.kill('SIGTERM');
  const { code, stderr } = await child.ended;
  expect([code, stderr]).toEqual([0, '']);
  const records = recordsIn(path);
  return { path, ofCall: records.filter((each) => each['gen_ai.tool.name'] === 'delete_sight') };
}

const of = (records: readonly AuditRecord[], event: string) =>
  records.find(({ event_name }) => event_name === event) as AuditRecord;

describe.each(['v1', 'v2'] as const)('a server on SDK %s, called with a token that was passed on', (sdk) => {
  it('records who acts for whom, and who confirmed it, and query finds the call by each of them', async () => {
    const { path, ofCall } = await trailOf(sdk);
    expect(ofCall.map(({ event_name }) => event_name)).toEqual([
      'mcp_audit.request',
      'mcp_audit.authorization',
      'mcp_audit.response',
    ]);
    for (const record of ofCall) {
      expect(record).toMatchObject({
        'audit.actor.id': 'ada@example.com',
        'mcp_audit.actor.source': 'oauth',
        'mcp_audit.oauth.client_id': 'planner-app',
        'mcp_audit.delegation.actors': ['agent:planner', 'agent:orchestrator'],
        'mcp_audit.delegation.source': 'oauth',
      });
    }
    expect(of(ofCall, 'mcp_audit.response')).toMatchObject({
      'mcp_audit.access.decision': 'allow',
      'mcp_audit.approver.id': 'grace@example.com',
      'mcp_audit.approver.name': 'Grace',
      'mcp_audit.approver.type': 'user',
    });
    for (const filter of [
      ['--approver', 'Grace'],
      ['--delegate', 'agent:planner'],
      ['--actor', 'agent:orchestrator'],
      ['--actor', 'ada@*'],
    ]) {
      const answer = await runCommand(query, [
        path,
        '--tool',
        '*',
        ...filter,
        '--fields',
        'actor,delegate,approver,tool',
      ]);
      expect({ filter, ...answer }).toMatchObject({ filter, code: 0, err: '' });
      expect(answer.out).toMatch(
        /ada@example\.com +agent:planner,\s*agent:orchestrator +grace@example\.com +delete_sight/,
      );
    }
    const nobody = await runCommand(query, [path, '--actor', 'grace@example.com']);
    expect(nobody.code).toBe(1);
  });

  it('is the agent of OCSF events, and every record is a lokryn request with a message', async () => {
    const { path } = await trailOf(sdk);
    const mapped = async (form: string): Promise<any[]> => {
      const { out } = await runCommand(query, [path, '--output', form, '--limit', 'none']);
      return out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    };
    const [called] = (await mapped('ocsf')).filter((event) => event.resources?.[0]?.name === 'delete_sight');
    expect(called).toMatchObject({
      actor: { user: { uid: 'ada@example.com' }, application: { uid: 'planner-app' } },
      ai_agent: { uid: 'agent:planner' },
    });
    expect(called.metadata.profiles).toContain('ai_operation');
    const requests = await mapped('lokryn');
    expect(requests.map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        'started: mcp-trail UPDATE audit: success',
        'ada@example.com EXECUTE tools/delete_sight: ok',
        'authorization: ada@example.com AUTHORIZE tools/delete_sight: allow',
      ]),
    );
    for (const { mcp, data } of requests)
      expect([mcp, data].filter((payload) => payload !== undefined)).toHaveLength(1);
    expect(requests.filter(({ event_type }) => event_type === 5)).toHaveLength(1);
    expect(requests.find(({ event_type }) => event_type === 9).data).toMatchObject({ event_name: 'mcp_audit.started' });
  });

  it('records the span that its caller names as the parent of its own', async () => {
    const env = {
      MCP_TRAIL_SDK: 'auto',
      OTEL_SERVICE_NAME: 'sights',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    };
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const { ofCall } = await trailOf(sdk, env, { traceparent });
    expect(ofCall).toHaveLength(3);
    for (const record of ofCall) {
      expect(record).toMatchObject({
        trace_id: '0af7651916cd43dd8448eb211c80319c',
        parent_span_id: 'b7ad6b7169203331',
        span_id: ofCall[0]?.span_id,
      });
    }
  });

  it('records the user turn and the model that its client claims if told so, and query finds the turn', async () => {
    const claim = {
      turnId: 'turn-1',
      model: { name: 'example-model' },
      userIntent: { text: 'Plan my trip to Zanzibar' },
    };
    const meta = { 'io.modelcontextprotocol/aiInvocation': claim };
    const { path, ofCall } = await trailOf(sdk, { MCP_TRAIL_AUDIT_AI_INVOCATION: 'on' }, meta);
    expect(ofCall).toHaveLength(3);
    for (const record of ofCall) {
      expect(record).toMatchObject({
        'mcp_audit.ai_invocation.turn_id': 'turn-1',
        'mcp_audit.ai_invocation.model': 'example-model',
      });
    }
    expect(JSON.stringify(ofCall)).not.toContain('Zanzibar');
    const { out } = await runCommand(query, [path, '--turn', 'turn-1', '--fields', 'turn,model,tool']);
    expect(out).toMatch(/turn-1 +example-model +delete_sight/);
  });

  it('records digests of all of them if told so', async () => {
    const { ofCall } = await trailOf(sdk, { MCP_TRAIL_AUDIT_ACTOR_IDS: 'digest' });
    expect(ofCall).toHaveLength(3);
    expect(JSON.stringify(ofCall)).not.toMatch(/example\.com|agent:|Grace/);
    const { 'mcp_audit.approver.id': approver, 'mcp_audit.delegation.actors': actors } = of(
      ofCall,
      'mcp_audit.response',
    );
    for (const id of [approver, ...(actors ?? [])]) expect(id).toMatch(/^hmac-sha256:/);
  });
});
