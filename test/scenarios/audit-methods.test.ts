import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { PolicyDocument } from '../../src/policy/rule.js';
import type { AuditRecord } from '../../src/semconv/audit-record.js';
import { auditEndingOf, auditScenarios, OK, pairsOf } from '../support/audit-endings.js';
import { DIALECTS } from '../support/dialects.js';
import { expectNothingOpen } from '../support/endings.js';
import { FLAVOURS, type PairOptions, text } from '../support/flavours.js';
import { ASKABLE, answer, ELICITATION, ROOTS, SAMPLING } from '../support/questions.js';
import { until } from '../support/telemetry.js';

const { telemetry, audit } = auditScenarios();
const config = { audit: true } as const;
const SIDES = ['client', 'server'] as const;
const LEGACY = FLAVOURS.filter(({ protocolVersion }) => protocolVersion !== '2026-07-28');

const CALLS: readonly {
  readonly method: string;
  readonly call: (client: any) => Promise<unknown>;
  readonly record: Partial<AuditRecord>;
}[] = [
  {
    method: 'tools/list',
    call: (client) => client.listTools(),
    record: { 'audit.action': 'LIST', 'audit.target.type': 'mcp.server', 'audit.target.id': 'test-server' },
  },
  {
    method: 'tools/call',
    call: (client) => client.callTool({ name: 'sum', arguments: { a: 1 } }),
    record: { 'audit.action': 'EXECUTE', 'audit.target.type': 'mcp.tool', 'audit.target.id': 'tools/sum' },
  },
  {
    method: 'resources/list',
    call: (client) => client.listResources(),
    record: { 'audit.action': 'LIST', 'audit.target.type': 'mcp.server' },
  },
  {
    method: 'resources/templates/list',
    call: (client) => client.listResourceTemplates(),
    record: { 'audit.action': 'LIST', 'audit.target.type': 'mcp.server' },
  },
  {
    method: 'resources/read',
    call: (client) => client.readResource({ uri: 'notes://a/b' }),
    record: { 'audit.action': 'READ', 'audit.target.type': 'mcp.resource', 'audit.target.id': 'notes://a/b' },
  },
  {
    method: 'prompts/list',
    call: (client) => client.listPrompts(),
    record: { 'audit.action': 'LIST', 'audit.target.type': 'mcp.server' },
  },
  {
    method: 'prompts/get',
    call: (client) => client.getPrompt({ name: 'greet' }),
    record: {
      'audit.action': 'READ',
      'audit.target.type': 'mcp.prompt',
      'audit.target.id': 'prompts/greet',
      'gen_ai.prompt.name': 'greet',
    },
  },
];

describe.each(FLAVOURS)('what is audited of a client, on $name', (flavour) => {
  const dialect = DIALECTS[flavour.sdk];
  const configure = (server: any) => {
    if (flavour.sdk === 'v1') server.registerTool('sum', { inputSchema: { a: z.number() } }, () => text('1'));
    else server.registerTool('sum', { inputSchema: z.object({ a: z.number() }) }, () => text('1'));
    server.registerPrompt('greet', {}, () => ({ messages: [] }));
    const read = (uri: URL) => ({ contents: [{ uri: uri.href, text: 'hello' }] });
    server.registerResource('notes', 'notes://a/b', {}, read);
    server.registerResource('private', PRIVATE, {}, read);
  };

  it.each(CALLS)('$method has a pair on each side, with the client as actor', async ({ method, call, record }) => {
    const pair = await flavour.pair({ config, configure });
    await call(pair.client);
    await expectNothingOpen(telemetry);
    for (const side of SIDES) {
      const [found, ...others] = pairsOf(audit, side, method);
      expect(others).toEqual([]);
      for (const each of [found?.request, found?.response]) {
        expect(each).toMatchObject({
          ...record,
          'audit.actor.id': 'test-client',
          'mcp_audit.actor.source': 'self_asserted',
        });
      }
      expect(auditEndingOf(found?.response as AuditRecord)).toEqual(OK);
    }
    await pair.close();
  });

  it('a completion, with its prompt as target', async () => {
    const pair = await flavour.pair({ config, configure });
    const params = { ref: { type: 'ref/prompt', name: 'greet' }, argument: { name: 'who', value: 'Ada' } };
    await pair.client.complete(params).catch(() => {});
    await expectNothingOpen(telemetry);
    const requests = audit.of('mcp_audit.request').filter((each) => each['mcp.method.name'] === 'completion/complete');
    // A client does not request what the server does not have.
    for (const each of requests)
      expect(each).toMatchObject({ 'audit.action': 'READ', 'audit.target.id': 'prompts/greet' });
    expect(audit.emitted.map((each) => each.text).join()).not.toContain('Ada');
    await pair.close();
  });

  it('a resource, without the userinfo, query and fragment of its URI', async () => {
    const pair = await flavour.pair({ config, configure });
    await pair.client.readResource({ uri: PRIVATE });
    await expectNothingOpen(telemetry);
    for (const side of SIDES) {
      for (const each of Object.values(pairsOf(audit, side, 'resources/read')[0] ?? {})) {
        expect(each).toMatchObject({ 'audit.target.id': 'notes://host/x', 'mcp.resource.uri': 'notes://host/x' });
      }
    }
    const said = audit.emitted.map((each) => each.text).join();
    for (const secret of [PASSWORD, 'token=', '#top']) expect(said).not.toContain(secret);
    await pair.close();
  });

  it('an unknown method, under its own name', async () => {
    const configureClient = () => {};
    const pair = await flavour.pair({
      config,
      configureClient,
      configure: (server) => dialect.onRequest(server.server, 'acme/reindex', () => ({ done: true })),
    });
    await dialect.request(pair.client, 'acme/reindex', { secret: PASSWORD });
    await expectNothingOpen(telemetry);
    for (const side of SIDES) {
      expect(pairsOf(audit, side, 'acme/reindex')[0]?.response).toMatchObject({
        'audit.action': 'EXECUTE',
        'audit.target.type': 'mcp.method',
        'audit.target.id': 'acme/reindex',
      });
    }
    expect(audit.emitted.map((each) => each.text).join()).not.toContain(PASSWORD);
    await pair.close();
  });

  it('the change of a list, once on each side, as a change of the inventory by the server', async () => {
    const pair = await flavour.pair({ config, configure });
    const filter = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
    const stream = flavour.protocolVersion === '2026-07-28' ? await pair.client.listen(filter) : undefined;
    for (const list of ['tools', 'prompts', 'resources']) {
      await pair.server.notification({ method: `notifications/${list}/list_changed` });
    }
    const changed = () => audit.of('mcp_audit.inventory.changed', 'client').length;
    await until(() => changed() >= 3, 'the client to hear of three changes');
    await stream?.close();
    await expectNothingOpen(telemetry);
    for (const side of SIDES) {
      const changes = audit
        .of('mcp_audit.inventory.changed', side)
        .filter((each) => each['mcp_audit.inventory.change'] === 'list_changed');
      expect(changes.map((each) => each['mcp.method.name'])).toEqual([
        'notifications/tools/list_changed',
        'notifications/prompts/list_changed',
        'notifications/resources/list_changed',
      ]);
      for (const each of changes) {
        expect(each).toMatchObject({
          'audit.action': 'UPDATE',
          'audit.actor.id': 'test-server',
          'audit.target.type': 'mcp.server',
          'audit.target.id': 'test-server',
        });
      }
    }
    await pair.close();
  });

  it('not pings, progress, logging and other notifications', async () => {
    const handler = async (_args: unknown, { raw }: { raw: any }) => {
      const progressToken = dialect.progressToken(raw);
      await dialect.notifyWithin(raw, 'notifications/progress', { progressToken, progress: 1 });
      await dialect.notifyWithin(raw, 'notifications/message', { level: 'info', data: PASSWORD });
      return text('done');
    };
    const pair = await flavour.pair({ config, tools: [{ name: 'chatty', handler }] });
    await pair.client.ping().catch(() => {});
    await dialect.callTool(pair.client, 'chatty', { onprogress: () => {} });
    const controller = new AbortController();
    controller.abort();
    await dialect.callTool(pair.client, 'chatty', { signal: controller.signal }).catch(() => {});
    await pair.client.notification({ method: 'acme/poke' });
    await expectNothingOpen(telemetry);
    const methods = new Set(audit.records.map((each) => each['mcp.method.name']));
    for (const method of NOT_AUDITED) expect(methods).not.toContain(method);
    expect(methods).toContain('tools/call');
    await pair.close();
  });
});

const PASSWORD = ['pass', 'word'].join('-');
const PRIVATE = `notes://user:${PASSWORD}@host/x?token=1#top`;
const NOT_AUDITED = [
  'ping',
  'notifications/progress',
  'notifications/message',
  'notifications/initialized',
  'notifications/cancelled',
  'logging/setLevel',
  'acme/poke',
];

describe.each(LEGACY)('what is audited of a server, on $name', (flavour) => {
  const dialect = DIALECTS[flavour.sdk];

  it.each([SAMPLING, ELICITATION, ROOTS])('$method, as input that the server requests', async (question) => {
    const options: PairOptions = {
      config,
      clientOptions: ASKABLE,
      configureClient: (client) => answer(client, dialect, question),
    };
    const handler = async (_args: unknown, { raw }: { raw: any }) => {
      await dialect.requestWithin(raw, question.method, question.params);
      return text('done');
    };
    const pair = await flavour.pair({ ...options, tools: [{ name: 'ask', handler }] });
    await dialect.callTool(pair.client, 'ask');
    await expectNothingOpen(telemetry);
    for (const side of SIDES) {
      const [found] = pairsOf(audit, side, question.method);
      for (const each of [found?.request, found?.response]) {
        expect(each).toMatchObject({
          'audit.action': 'REQUEST_INPUT',
          'audit.target.type': 'mcp.client',
          'audit.target.id': 'test-client',
          'audit.actor.id': 'test-server',
          'audit.actor.type': 'service',
          'mcp_audit.actor.source': 'self_asserted',
        });
      }
      // The sender of the message is its client.
      const [call] = pairsOf(audit, side === 'client' ? 'server' : 'client', 'tools/call');
      expect(found?.request['mcp_audit.correlation.id']).toBe(call?.request['mcp_audit.correlation.id']);
    }
    await pair.close();
  });
});

describe.each(FLAVOURS)('records of attempts, on $name', (flavour) => {
  const policy: PolicyDocument = {
    version: 1,
    rules: [{ id: 'money', tool: 'pay*', sensitivity: 'restricted', sensitive: true }],
  };
  const tools = [
    { name: 'pay', handler: () => text('paid') },
    { name: 'look', handler: () => text('seen') },
  ];

  it.each([
    ['always', ['pay', 'look']],
    ['sensitive', ['pay']],
    ['never', []],
  ] as const)('are made %s, and every operation has a record when it has ended', async (attempts, attempted) => {
    const pair = await flavour.pair({ config: { audit: { attempts, policy } }, tools });
    for (const name of ['pay', 'look']) await pair.client.callTool({ name, arguments: {} });
    await expectNothingOpen(telemetry);
    for (const side of SIDES) {
      const named = (event: 'mcp_audit.request' | 'mcp_audit.response') =>
        audit.of(event, side).flatMap((each) => each['gen_ai.tool.name'] ?? []);
      expect(named('mcp_audit.request')).toEqual(attempted);
      expect(named('mcp_audit.response')).toEqual(['pay', 'look']);
    }
    await pair.close();
  });
});
