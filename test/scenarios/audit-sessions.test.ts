import { fileURLToPath } from 'node:url';
import { Client as ClientV2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { describe, expect, it } from 'vitest';
import { instrumentClient } from '../../src/index.js';
import type { AuditRecord } from '../../src/semconv/audit-record.js';
import { auditScenarios, expectAudited, OK, type Pair, pairsOf } from '../support/audit-endings.js';
import { deferred } from '../support/deferred.js';
import { DIALECTS } from '../support/dialects.js';
import { expectNothingOpen } from '../support/endings.js';
import { FLAVOURS, text } from '../support/flavours.js';
import { HTTP_FLAVOURS } from '../support/http.js';
import { ASKABLE } from '../support/questions.js';
import { until } from '../support/telemetry.js';

const scenario = auditScenarios();
const { telemetry, audit } = scenario;
const config = { audit: true } as const;
const SIDES = ['client', 'server'] as const;

function sessions(side: 'client' | 'server', state: 'started' | 'ended'): AuditRecord[] {
  return audit.of('mcp_audit.session', side).filter((each) => each['mcp_audit.session.state'] === state);
}

describe.each(FLAVOURS)('the session in the audit trail, on $name', (flavour) => {
  const modern = flavour.protocolVersion === '2026-07-28';
  const dialect = DIALECTS[flavour.sdk];

  it('starts with the handshake, if there is one, and ends with the connection, on both sides', async () => {
    const pair = await flavour.pair({ config });
    await expectNothingOpen(telemetry);
    await pair.close();
    for (const side of SIDES) {
      const started = sessions(side, 'started');
      const ended = sessions(side, 'ended');
      expect([started.length, ended.length], side).toEqual(modern ? [0, 0] : [1, 1]);
      if (modern) continue;
      expect(started[0]).toMatchObject({
        'audit.action': 'CONNECT',
        'audit.outcome': 'success',
        severity_text: 'INFO',
      });
      expect(ended[0]).toMatchObject({
        'audit.action': 'DISCONNECT',
        'audit.outcome': 'success',
        severity_text: 'INFO',
        'mcp_audit.duration_ms': expect.any(Number),
      });
      for (const record of [...started, ...ended]) {
        expect(record).toMatchObject({
          'audit.target.type': 'mcp.server',
          'audit.target.id': 'test-server',
          'audit.actor.id': 'test-client',
          'mcp_audit.actor.source': 'self_asserted',
          'mcp_audit.client.name': 'test-client',
          'mcp_audit.client.version': '1.0.0',
          'mcp_audit.server.name': 'test-server',
          'mcp_audit.server.version': '1.0.0',
          'mcp.protocol.version': flavour.protocolVersion,
        });
        for (const key of ['mcp_audit.operation.id', 'mcp.method.name']) expect(Object.keys(record)).not.toContain(key);
      }
    }
  });

  it('tells what the client can do, as do the records of the handshake, and no others', async () => {
    const tools = [{ name: 'fine', handler: () => text('ok') }];
    const pair = await flavour.pair({ config, tools, clientOptions: ASKABLE });
    await dialect.callTool(pair.client, 'fine');
    await expectNothingOpen(telemetry);
    await pair.close();
    const capabilities = Object.keys(ASKABLE.capabilities).sort();
    const method = modern ? 'server/discover' : 'initialize';
    for (const side of SIDES) {
      const [{ request, response }] = pairsOf(audit, side, method) as [Pair];
      for (const record of [request, response, ...sessions(side, 'started'), ...sessions(side, 'ended')]) {
        expect(record['mcp_audit.client.capabilities'], side).toEqual(capabilities);
      }
      const [called] = pairsOf(audit, side, 'tools/call') as [Pair];
      for (const record of Object.values(called)) {
        expect(Object.keys(record)).not.toContain('mcp_audit.client.capabilities');
      }
    }
  });

  it('starts before the record of the handshake’s end, which has a separate pair', async () => {
    const pair = await flavour.pair({ config });
    const method = modern ? 'server/discover' : 'initialize';
    // A client of both eras begins with the newer, and the server answers before it knows the client.
    await expectAudited(scenario, method, { client: OK, server: OK });
    const names = audit.records
      .filter((each) => each['mcp_audit.side'] === 'client')
      .map((each) => `${each.event_name} ${each['mcp.method.name'] ?? each['mcp_audit.session.state'] ?? ''}`);
    const middle = modern ? [] : ['mcp_audit.session started'];
    expect(names.filter((name) => !name.includes('server.observed'))).toEqual([
      `mcp_audit.request ${method}`,
      ...middle,
      `mcp_audit.response ${method}`,
    ]);
    const [{ response }] = pairsOf(audit, 'client', method) as [Pair];
    expect(response).toMatchObject({ 'audit.target.id': 'test-server', 'mcp_audit.server.version': '1.0.0' });
    expect(response['mcp.protocol.version']).toBe(flavour.protocolVersion);
    await pair.close();
  });

  it('ends as aborted when requests are open in it', async () => {
    const called = deferred();
    const done = deferred();
    const handler = async () => {
      called.resolve();
      await done.promise;
      return text('too late');
    };
    const pair = await flavour.pair({ config, tools: [{ name: 'wait', handler }] });
    const result = dialect.callTool(pair.client, 'wait');
    await called.promise;
    await Promise.all([pair.close(), expect(result).rejects.toThrow('Connection closed')]);
    done.resolve();
    await expectNothingOpen(telemetry);
    for (const side of SIDES) {
      const ended = sessions(side, 'ended');
      expect(ended.length).toBe(modern ? 0 : 1);
      if (!modern) {
        expect(ended[0]).toMatchObject({
          'mcp_audit.status': 'aborted',
          'audit.outcome': 'failure',
          'error.type': 'connection_closed',
        });
      }
    }
  });
});

describe('the capabilities of a client', () => {
  const V1 = FLAVOURS[0] as (typeof FLAVOURS)[number];
  const SECRET = ['gh', 'p_', 'a1B2'.repeat(9)].join('');

  /** The record of a handshake in which the client declares this. */
  async function declaring(capabilities: unknown): Promise<AuditRecord> {
    const pair = await V1.pair({
      config,
      instrument: 'server',
      wrapTransports: (client, server) => {
        const send = client.send.bind(client);
        client.send = (message: any, options: unknown) =>
          send(
            message.method === 'initialize' ? { ...message, params: { ...message.params, capabilities } } : message,
            options,
          );
        return [client, server];
      },
    });
    await pair.close();
    return audit.one('mcp_audit.request', 'server', 'initialize');
  }

  it('are limited in number, and their names are redacted and limited in length', async () => {
    const names = Array.from({ length: 10_000 }, (_, at) => `c${String(at).padStart(5, '0')}`);
    const flood = await declaring({ experimental: {}, ...Object.fromEntries(names.map((name) => [name, {}])) });
    expect(flood['mcp_audit.client.capabilities']).toHaveLength(64);
    expect(flood['mcp_audit.truncated']).toEqual(['mcp_audit.client.capabilities']);
    audit.reset();
    const [leak = '', long = ''] =
      (await declaring({ [SECRET]: {}, ['x'.repeat(1_048_576)]: {} }))['mcp_audit.client.capabilities'] ?? [];
    expect([leak, long.length]).toEqual([expect.stringMatching(/^\[REDACTED:/), 256]);
  });

  it('are left out if there are none', async () => {
    expect(Object.keys(await declaring({}))).not.toContain('mcp_audit.client.capabilities');
  });
});

describe.each(HTTP_FLAVOURS)('the session in the audit trail over HTTP, on $name', (flavour) => {
  it('is recorded if the server keeps one, with a digest of its id', async () => {
    const pair = await flavour.pair({ config });
    const id: string | undefined = pair.clientTransport.sessionId;
    await pair.clientTransport.terminateSession?.();
    await pair.close();
    await expectNothingOpen(telemetry);
    for (const side of SIDES) {
      const counts = [sessions(side, 'started').length, sessions(side, 'ended').length];
      expect(counts, side).toEqual(flavour.sessions ? [1, 1] : [0, 0]);
    }
    if (!flavour.sessions) return;
    const ids = audit.of('mcp_audit.session').map((each) => each['mcp.session.id']);
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^hmac-sha256:/);
    expect(audit.emitted.map(({ text }) => text).join()).not.toContain(id);
  });
});

describe.each(HTTP_FLAVOURS.filter(({ sessions }) => sessions))('the id of a session, on $name', (flavour) => {
  it('is recorded in plain if configured', async () => {
    const pair = await flavour.pair({ config: { audit: { sessionIds: 'plain' } } });
    const id = pair.clientTransport.sessionId;
    const started = [...sessions('client', 'started'), ...sessions('server', 'started')];
    expect(started.map((each) => each['mcp.session.id'])).toEqual([id, id]);
    await pair.clientTransport.terminateSession();
    await pair.close();
  });
});

const INFO = { name: 'test-client', version: '1.0.0' };
const PROCESSES = [
  { name: 'v1', sdk: 'v1', client: () => new ClientV1(INFO), Transport: StdioV1 },
  { name: 'v2 legacy', sdk: 'v2', client: () => new ClientV2(INFO), Transport: StdioV2 },
] as const;

describe.each(PROCESSES)('the session with a server process, on $name', (row) => {
  const dialect = DIALECTS[row.sdk];

  it('ends as aborted, and so does the open call, when the process is killed', async () => {
    const client: any = row.client();
    const script = fileURLToPath(new URL(`../fixtures/stdio-server-${row.sdk}.mjs`, import.meta.url));
    const transport: any = new row.Transport({ command: process.execPath, args: [script] });
    instrumentClient(client, config);
    await client.connect(transport);
    const running = deferred();
    const result = dialect.callTool(client, 'hang', { onprogress: () => running.resolve() });
    await Promise.race([running.promise, result]);
    process.kill(transport.pid, 'SIGKILL');
    await expect(result).rejects.toThrow('Connection closed');
    await until(() => sessions('client', 'ended').length > 0, 'the end of the session');
    expect(sessions('client', 'ended')[0]).toMatchObject({
      'mcp_audit.status': 'aborted',
      'network.transport': 'pipe',
      'mcp_audit.server.name': expect.any(String),
    });
    expect(audit.one('mcp_audit.response', 'client', 'tools/call')['mcp_audit.status']).toBe('aborted');
    await client.close();
  });
});
