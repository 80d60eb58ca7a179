import { createRequire } from 'node:module';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import {
  instrumentServer,
  inventory,
  recordAuthentication,
  recordAuthorization,
  recordConfigChange,
  recordGuardrail,
} from '../../src/index.js';
import type { AuditRecord } from '../../src/semconv/audit-record.js';
import { auditEndingOf, auditScenarios, ending, OK, pairsOf } from '../support/audit-endings.js';
import { DIALECTS } from '../support/dialects.js';
import { expectNothingOpen } from '../support/endings.js';
import { FLAVOURS, text } from '../support/flavours.js';
import { HTTP_FLAVOURS, listen } from '../support/http.js';

// It has no types.
const express = createRequire(import.meta.url)('express');

const { telemetry, audit } = auditScenarios();
const config = { audit: true } as const;
const DENIAL = {
  decision: 'deny',
  policyId: 'customer-data',
  policyVersion: 'v1.4.2',
  ruleName: 'no-export',
  reason: 'outside_business_hours',
} as const;
const DENIED = {
  'mcp_audit.access.decision': 'deny',
  'mcp_audit.policy.id': 'customer-data',
  'security_rule.version': 'v1.4.2',
  'security_rule.name': 'no-export',
  'mcp_audit.access.reason': 'outside_business_hours',
};

/** The records of the operation that a record is about, by event. */
function joined(record: AuditRecord | undefined): string[] {
  const id = record?.['mcp_audit.operation.id'];
  expect(id).toBeDefined();
  return audit.records.filter((each) => each['mcp_audit.operation.id'] === id).map((each) => each.event_name);
}

describe.each(FLAVOURS)('what a handler records, on $name', (flavour) => {
  const dialect = DIALECTS[flavour.sdk];

  async function callRecording(record: () => unknown) {
    const pair = await flavour.pair({
      config,
      tools: [
        {
          name: 'guarded',
          handler: async () => {
            await Promise.resolve();
            return text(String(record()));
          },
        },
      ],
    });
    const result = await dialect.callTool(pair.client, 'guarded');
    await expectNothingOpen(telemetry);
    await pair.close();
    expect(result.content).toEqual(text('true').content);
    const [server] = pairsOf(audit, 'server', 'tools/call');
    return server as NonNullable<typeof server>;
  }

  it('as a denial has a separate record, and sets the decision and the status of the response', async () => {
    const { request, response } = await callRecording(() => recordAuthorization(DENIAL));
    const [decision, ...others] = audit.of('mcp_audit.authorization');
    expect(others).toEqual([]);
    expect(decision).toMatchObject({
      ...DENIED,
      'audit.action': 'AUTHORIZE',
      'audit.outcome': 'failure',
      'mcp_audit.status': 'denied',
      severity_text: 'WARN',
      'audit.target.id': 'tools/guarded',
      'audit.actor.id': 'test-client',
      'mcp_audit.side': 'server',
    });
    expect(decision?.trace_id).toBe(response.trace_id);
    expect(joined(decision)).toEqual(['mcp_audit.request', 'mcp_audit.authorization', 'mcp_audit.response']);
    expect(request['mcp_audit.access.decision']).toBe('not_evaluated');
    expect(response).toMatchObject(DENIED);
    expect(auditEndingOf(response)).toEqual(ending('denied'));
  });

  it('as a permission has a separate record, and does not change the status', async () => {
    const { response } = await callRecording(() => recordAuthorization({ decision: 'allow', policyId: 'p1' }));
    const [decision] = audit.of('mcp_audit.authorization');
    expect(decision).toMatchObject({ 'audit.outcome': 'success', severity_text: 'INFO', 'mcp_audit.policy.id': 'p1' });
    expect(response['mcp_audit.access.decision']).toBe('allow');
    expect(auditEndingOf(response)).toEqual(OK);
  });

  it('of a guardrail has a separate record, and a quarantine is counted in the inventory', async () => {
    const found = {
      verdict: 'quarantine',
      subject: 'result',
      ruleName: 'pii',
      ruleVersion: '3',
      reason: 'iban',
    } as const;
    const { response } = await callRecording(() => recordGuardrail(found));
    const [verdict] = audit.of('mcp_audit.guardrail');
    expect(verdict).toMatchObject({
      'mcp_audit.guardrail.verdict': 'quarantine',
      'mcp_audit.guardrail.subject': 'result',
      'security_rule.name': 'pii',
      'security_rule.version': '3',
      'mcp_audit.access.reason': 'iban',
      'audit.action': 'EVALUATE',
      severity_text: 'WARN',
    });
    expect(joined(verdict)).toContain('mcp_audit.response');
    expect(auditEndingOf(response)).toEqual(OK);
    const server = inventory()?.servers.find(({ id }) => id === response['mcp_audit.server.id']);
    expect(server?.usage.quarantines).toMatchObject({ count: expect.any(Number) });
  });

  it('of a login is about the named actor, or the caller if none is named', async () => {
    await callRecording(
      () =>
        recordAuthentication({ event: 'login', actor: { id: 'u-1', name: 'Ada' }, method: 'oauth' }) &&
        recordAuthentication({ event: 'token_rejected', reason: 'expired' }),
    );
    const [login, rejected] = audit.of('mcp_audit.authentication');
    expect(login).toMatchObject({
      'audit.actor.id': 'u-1',
      'user.id': 'u-1',
      'user.name': 'Ada',
      'mcp_audit.actor.source': 'hook',
      'audit.action': 'AUTHENTICATE',
      'audit.outcome': 'success',
      'mcp_audit.authentication.event': 'login',
      'mcp_audit.authentication.method': 'oauth',
    });
    expect(rejected).toMatchObject({
      'audit.actor.id': 'test-client',
      'audit.outcome': 'failure',
      'mcp_audit.status': 'unauthenticated',
      severity_text: 'WARN',
      'mcp_audit.access.reason': 'expired',
    });
  });

  it('of the configuration names the changed setting', async () => {
    await callRecording(() => recordConfigChange({ item: 'rate-limit', change: 'delete', reason: 'cleanup' }));
    expect(audit.of('mcp_audit.config.changed').at(-1)).toMatchObject({
      'audit.target.type': 'config',
      'audit.target.id': 'rate-limit',
      'mcp_audit.config.change': 'delete',
      'audit.action': 'UPDATE',
    });
  });
});

describe.each(HTTP_FLAVOURS)(
  'what is recorded before the operation, in the HTTP request that brings it, on $name',
  (flavour) => {
    it('is joined with the operation, whose records have the decision from the first on', async () => {
      const inputSchema: any = flavour.sdk === 'v1' ? {} : z.object({});
      const pair = await flavour.pair({
        config,
        configure: (server) => server.registerTool('guarded', { inputSchema }, () => text('ok')),
        intercept: (_request, _response, body) => {
          if (body?.method === 'tools/call') recordAuthorization({ ...DENIAL, decision: 'allow' });
          return false;
        },
      });
      await pair.client.callTool({ name: 'guarded', arguments: {} });
      await expectNothingOpen(telemetry);
      const [decision, ...others] = audit.of('mcp_audit.authorization');
      expect(others).toEqual([]);
      expect(decision).toMatchObject({ 'mcp_audit.side': 'server', 'url.path': '/mcp', 'client.address': '127.0.0.1' });
      expect(joined(decision)).toEqual(['mcp_audit.authorization', 'mcp_audit.request', 'mcp_audit.response']);
      const [server] = pairsOf(audit, 'server', 'tools/call');
      for (const each of [server?.request, server?.response]) {
        expect(each).toMatchObject({ ...DENIED, 'mcp_audit.access.decision': 'allow' });
      }
      await pair.close();
    });
  },
);

describe('what is recorded before a batch of operations', () => {
  it('is joined with the first of them, and is the decision for all', async () => {
    const stateful = HTTP_FLAVOURS.find(({ name }) => name === 'v1 without sessions') as (typeof HTTP_FLAVOURS)[number];
    const pair = await stateful.pair({
      config,
      configure: (server) => server.registerTool('guarded', { inputSchema: {} }, () => text('ok')),
      intercept: (_request, _response, body) => {
        if (Array.isArray(body)) recordAuthorization({ decision: 'allow', policyId: 'p1' });
        return false;
      },
    });
    const { port } = pair.http.address() as { port: number };
    const call = { jsonrpc: '2.0', method: 'tools/call', params: { name: 'guarded', arguments: {} } };
    const response = await fetch(`http://127.0.0.1:${port}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify([1, 2].map((id) => ({ ...call, id }))),
    });
    await response.text();
    await expectNothingOpen(telemetry);
    const calls = pairsOf(audit, 'server', 'tools/call');
    expect(calls.map(({ request }) => request['mcp_audit.access.decision'])).toEqual(['allow', 'allow']);
    expect(audit.of('mcp_audit.authorization')[0]?.['mcp_audit.operation.id']).toBe(
      calls[0]?.request['mcp_audit.operation.id'],
    );
    await pair.close();
  });
});

describe('what Express middleware records', () => {
  it('is joined with the operation that the request brings', async () => {
    const app = express();
    app.use(express.json());
    app.use((request: any, _response: any, next: () => void) => {
      if (request.body?.method === 'tools/call') recordAuthorization({ ...DENIAL, decision: 'allow' });
      next();
    });
    app.post('/mcp', async (request: any, response: any) => {
      const server = new McpServer({ name: 'express-server', version: '1.0.0' });
      server.registerTool('guarded', { inputSchema: {} }, () => text('ok'));
      instrumentServer(server, config);
      const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined } as never);
      await server.connect(transport as never);
      await transport.handleRequest(request, response, request.body);
    });
    const { http, url } = await listen(app as never);
    const client = new Client({ name: 'plain', version: '1.0.0' });
    await client.connect(new StreamableHTTPClientTransport(url) as never);
    await client.callTool({ name: 'guarded', arguments: {} });
    await expectNothingOpen(telemetry);
    const [decision] = audit.of('mcp_audit.authorization');
    expect(joined(decision)).toEqual(['mcp_audit.authorization', 'mcp_audit.request', 'mcp_audit.response']);
    await client.close();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
});

describe('what is recorded', () => {
  it('outside any operation has no actor and no operation', async () => {
    const pair = await FLAVOURS[0]?.pair({ config });
    expect(recordAuthorization(DENIAL)).toBe(true);
    const [decision] = audit.of('mcp_audit.authorization');
    expect(decision).toMatchObject({ ...DENIED, 'audit.actor.id': 'anonymous', 'mcp_audit.actor.source': 'none' });
    expect(Object.keys(decision as object)).not.toContain('mcp_audit.operation.id');
    await pair?.close();
  });

  it('by the other build of the package, in a handler, is joined as well', async () => {
    const other = createRequire(import.meta.url)('../../dist/cjs/index.js');
    expect(other.recordAuthorization).not.toBe(recordAuthorization);
    const handler = () => text(String(other.recordAuthorization(DENIAL)));
    const pair = await FLAVOURS[0]?.pair({ config, tools: [{ name: 'guarded', handler }] });
    await pair?.client.callTool({ name: 'guarded', arguments: {} });
    await expectNothingOpen(telemetry);
    const [decision] = audit.of('mcp_audit.authorization');
    expect(joined(decision)).toEqual(['mcp_audit.request', 'mcp_audit.authorization', 'mcp_audit.response']);
    expect(pairsOf(audit, 'server', 'tools/call')[0]?.response['mcp_audit.status']).toBe('denied');
    await pair?.close();
  });

  const hostile = new Proxy(
    {},
    {
      get() {
        throw new Error('hostile');
      },
    },
  );

  const BAD: readonly [string, () => unknown][] = [
    ['an invalid decision', () => recordAuthorization({ decision: 'maybe' } as never)],
    ['a decision that only looks like one', () => recordAuthorization({ decision: ['deny'] } as never)],
    ['no object', () => recordAuthorization(undefined as never)],
    ['an object that throws', () => recordGuardrail(hostile as never)],
    ['a value without a text', () => recordAuthorization({ decision: Object.create(null) } as never)],
    ['an invalid event', () => recordAuthentication({ event: 'logged' } as never)],
    ['an invalid outcome', () => recordAuthentication({ event: 'login', outcome: 'perhaps' } as never)],
    ['an invalid verdict', () => recordGuardrail({ verdict: 'shrug' } as never)],
    ['an invalid subject', () => recordGuardrail({ verdict: 'allow', subject: 'weather' } as never)],
    ['an item that is not text', () => recordConfigChange({ item: 7 } as never)],
    ['an invalid change', () => recordConfigChange({ item: 'x', change: 'explode' } as never)],
  ];

  it.each(BAD)('of %s is reported once on stderr, and not recorded', async (_what, record) => {
    const pair = await FLAVOURS[0]?.pair({ config });
    await expectNothingOpen(telemetry);
    audit.reset();
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      expect([record(), record()]).toEqual([false, false]);
      const lines = written.mock.calls.map(([line]) => String(line));
      expect(lines.length + telemetry.complaints.length).toBe(1);
      for (const line of lines)
        expect(line).toMatch(/^mcp-trail: the \w+ given to record\w+ is .*accepted: .*Not recorded\n$/);
    } finally {
      written.mockRestore();
    }
    expect(audit.records).toEqual([]);
    telemetry.reset();
    await pair?.close();
  });

  const ODD: readonly [string, () => unknown][] = [
    [
      'a policy that is not text',
      () => recordAuthorization({ decision: 'allow', policyId: { a: 1 }, reason: 7 } as never),
    ],
    ['an actor that throws', () => recordAuthentication({ event: 'login', actor: hostile } as never)],
    ['an actor that is a text', () => recordAuthentication({ event: 'login', actor: 'Ada' } as never)],
    ['a reason of a megabyte', () => recordGuardrail({ verdict: 'allow', reason: 'x'.repeat(1_048_576) })],
  ];

  it.each(ODD)('of %s is recorded, without what cannot be', async (_what, record) => {
    const pair = await FLAVOURS[0]?.pair({ config });
    await expectNothingOpen(telemetry);
    audit.reset();
    expect(record()).toBe(true);
    expect(audit.emitted).toHaveLength(1);
    expect(Buffer.byteLength(audit.emitted[0]?.text as string)).toBeLessThan(4096);
    telemetry.reset();
    await pair?.close();
  });
});
