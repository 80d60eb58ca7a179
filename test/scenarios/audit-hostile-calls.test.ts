/** Attacks on the trail by a caller: to leave no record, to impersonate another actor, to have its token recorded. */
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { instrumentServer, recordAuthentication } from '../../src/index.js';
import { AuditLog } from '../support/audit.js';
import { FLAVOURS, text } from '../support/flavours.js';
import { Telemetry, until } from '../support/telemetry.js';

const telemetry = new Telemetry();
const audit = new AuditLog();
beforeEach(() => {
  telemetry.reset();
  audit.reset();
});
afterAll(async () => {
  await telemetry.shutdown();
  await audit.shutdown();
});

/** A transport whose other end is the test. */
function wire() {
  const sent: any[] = [];
  const transport: any = {
    sent,
    async start() {},
    async send(message: unknown) {
      sent.push(message);
    },
    async close() {},
  };
  return transport;
}

/** A server of SDK v1, and a function that delivers a message to it as its transport would. */
async function bareServer(tool: () => unknown = () => text('done'), config: object = {}) {
  const { McpServer } = await import('@modelcontextprotocol/sdk/server/mcp.js');
  const server = new McpServer({ name: 'bare', version: '1.0.0' });
  server.registerTool('act', {}, tool as never);
  const handle = instrumentServer(server as never, { audit: config });
  const transport = wire();
  await server.connect(transport);
  const call = (id: number, params: unknown, extra?: unknown) =>
    transport.onmessage({ jsonrpc: '2.0', id, method: 'tools/call', params }, extra);
  const answered = (id: number) =>
    until(() => transport.sent.some((each: any) => each.id === id), `an answer to ${id}`);
  return { call, answered, close: () => handle.disable() };
}

describe('a caller', () => {
  it.each<{ name: unknown }>([
    { name: { toString: 1 } },
    { name: null },
    { name: 7 },
    { name: ['act'] },
    { name: { toString: null, valueOf: null } },
  ])('cannot suppress the record of its call by the name $name', async ({ name }) => {
    const server = await bareServer();
    server.call(1, { name, arguments: {} });
    await server.answered(1);
    await until(() => audit.of('mcp_audit.response').length === 1, 'the record of the end');
    expect(audit.of('mcp_audit.request')).toHaveLength(1);
    server.close();
  });

  it('cannot have its token recorded as the name of an argument, a header or a session', async () => {
    const token = ['opaque', 'TOKEN', 'value', '1'].join('');
    const server = await bareServer(undefined, { sessionIds: 'plain' });
    server.call(
      1,
      { name: 'act', arguments: { [token]: 1, nested: { [`x${token}`]: 2 } } },
      { authInfo: { token, clientId: 'c' } },
    );
    await server.answered(1);
    await until(() => audit.of('mcp_audit.response').length === 1, 'the record of the end');
    for (const { text: line } of audit.emitted) expect(line).not.toContain(token);
    expect(audit.of('mcp_audit.request')[0]?.['mcp_audit.tool.argument.keys']).toContain('[REDACTED:credential]');
    server.close();
  });
});

describe('what a handler records about another actor', () => {
  it.each([
    [{ id: 'bob' }, { 'audit.actor.id': 'bob', 'user.id': 'bob' }],
    [
      { id: 'job-7', type: 'service' as const },
      { 'audit.actor.id': 'job-7', 'audit.actor.type': 'service' },
    ],
  ])('has nothing of the caller: %o', async (actor, expected) => {
    const alice = { id: 'alice', name: 'Alice', roles: ['admin'], organization: 'acme', team: 'core' };
    const server = await bareServer(
      () => {
        recordAuthentication({ event: 'login', actor });
        return text('done');
      },
      { identity: () => alice },
    );
    server.call(1, { name: 'act', arguments: {} });
    await server.answered(1);
    const [login] = audit.of('mcp_audit.authentication');
    expect(login).toMatchObject(expected);
    expect(JSON.stringify(login)).not.toMatch(/alice|Alice|admin|acme|core/);
    server.close();
  });

  it('is about the caller if no other actor is named', async () => {
    const server = await bareServer(
      () => {
        recordAuthentication({ event: 'login', actor: { roles: ['guest'] } });
        return text('done');
      },
      { identity: () => ({ id: 'alice' }) },
    );
    server.call(1, { name: 'act', arguments: {} });
    await server.answered(1);
    expect(audit.of('mcp_audit.authentication')[0]).toMatchObject({ 'audit.actor.id': 'alice', 'user.id': 'alice' });
    server.close();
  });
});

describe.each(FLAVOURS)('a redact hook that was too slow once, on $name', (flavour) => {
  it('is asked again', async () => {
    let slow = true;
    const redact = (field: string, value: string) => {
      const until = performance.now() + (slow && field === 'gen_ai.tool.name' ? 8 : 0);
      while (performance.now() < until);
      return value;
    };
    const pair = await flavour.pair({
      config: { audit: true, redact },
      tools: [{ name: 'act', handler: () => text('done') }],
    });
    await pair.client.callTool({ name: 'act', arguments: {} });
    slow = false;
    // A busy machine can be slow, but not every time.
    const targets = new Set<string | undefined>();
    for (let call = 0; call < 10 && !targets.has('tools/act'); call++) {
      audit.reset();
      await pair.client.callTool({ name: 'act', arguments: {} });
      targets.add((await audit.reached('mcp_audit.response', 'server', 'tools/call'))['audit.target.id']);
    }
    expect(targets).toContain('tools/act');
    await pair.close();
  });
});
