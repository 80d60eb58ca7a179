/** Which correlation id a server trusts, in a process whose servers are public. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { recordConfigChange } from '../../src/index.js';
import { auditScenarios, pairsOf } from '../support/audit-endings.js';
import { expectNothingOpen } from '../support/endings.js';
import { FLAVOURS, type PairOptions, text } from '../support/flavours.js';
import { HTTP_FLAVOURS, type HttpPairOptions } from '../support/http.js';

const { telemetry, audit } = auditScenarios();
const config = { audit: { paths: ['/mcp'] }, trustIncomingContext: 'link' } as const;
const KEY = 'x-correlation-id';
const ID = 'order-4711.a:b';
const TRACE_ID = /^[\da-f]{32}$/;
const FINE = { name: 'fine', handler: () => text('ok') };

/** Keeps the messages that a client's transport sends. */
function noting(sent: any[]): NonNullable<PairOptions['wrapTransports']> {
  return (client, server) => {
    const send = client.send.bind(client);
    client.send = (message: any, options: unknown) => {
      sent.push(message);
      return send(message, options);
    };
    return [client, server];
  };
}

describe.each(FLAVOURS)(
  'where inbound context is only linked, the correlation id from a caller, on $name',
  (flavour) => {
    async function serverRecords(
      meta: Record<string, unknown>,
      around: (call: () => Promise<unknown>) => unknown = (f) => f(),
    ) {
      const pair = await flavour.pair({ config, instrument: 'server', tools: [FINE] });
      await around(() => pair.client.callTool({ name: 'fine', arguments: {}, _meta: meta }));
      await expectNothingOpen(telemetry);
      const [{ request, response }] = pairsOf(audit, 'server', 'tools/call') as [{ request: any; response: any }];
      await pair.close();
      return [request, response];
    }

    it.each([
      ['_meta', { [KEY]: ID }],
      ['baggage', { baggage: `${KEY}=${ID}` }],
    ])('in %s is recorded as a claim, and the records have our own id', async (_where, meta) => {
      for (const record of await serverRecords(meta)) {
        expect(record['mcp_audit.correlation.claimed_id']).toBe(ID);
        expect(record['mcp_audit.correlation.id']).toBe(record.trace_id);
      }
    });

    it('is not a claim if it is malformed', async () => {
      for (const record of await serverRecords({ [KEY]: 'no id' })) {
        expect(Object.keys(record)).not.toContain('mcp_audit.correlation.claimed_id');
      }
    });

    it('is not the id of what the handler sends', async () => {
      const sent: any[] = [];
      const behind = await flavour.pair({
        config,
        tools: [{ name: 'behind', handler: () => text('deep') }],
        wrapTransports: noting(sent),
      });
      const handler = () => behind.client.callTool({ name: 'behind', arguments: {} });
      const front = await flavour.pair({ config, instrument: 'server', tools: [{ name: 'front', handler }] });
      await front.client.callTool({ name: 'front', arguments: {}, _meta: { [KEY]: ID } });
      await expectNothingOpen(telemetry);
      expect(JSON.stringify(sent)).not.toContain(ID);
      const [ours] = pairsOf(audit, 'server', 'tools/call').map(({ request }) => request['mcp_audit.correlation.id']);
      for (const { request } of pairsOf(audit, 'client', 'tools/call')) {
        expect(request).toMatchObject({ 'mcp_audit.correlation.id': ours, 'mcp_audit.correlation.claimed_id': ID });
      }
      await Promise.all([front.close(), behind.close()]);
    });

    it('is the sender’s own on the client', async () => {
      const pair = await flavour.pair({ config, instrument: 'client', tools: [FINE] });
      await pair.client.callTool({ name: 'fine', arguments: {}, _meta: { [KEY]: ID } });
      await expectNothingOpen(telemetry);
      for (const { request } of pairsOf(audit, 'client', 'tools/call')) {
        expect(request['mcp_audit.correlation.id']).toBe(ID);
        expect(Object.keys(request)).not.toContain('mcp_audit.correlation.claimed_id');
      }
      await pair.close();
    });
  },
);

describe.each(HTTP_FLAVOURS)('where inbound context is only linked, the header, on $name', (flavour) => {
  async function withHeaders(headers: Record<string, string>, intercept?: HttpPairOptions['intercept']) {
    const inputSchema: any = flavour.sdk === 'v1' ? {} : z.object({});
    const pair = await flavour.pair({
      config,
      ...(intercept !== undefined && { intercept }),
      configure: (server) => server.registerTool('fine', { inputSchema }, () => text('ok')),
      transportOptions: () => ({ requestInit: { headers } }),
    });
    await pair.client.callTool({ name: 'fine', arguments: {} }).catch(() => {});
    await expectNothingOpen(telemetry);
    await pair.close();
  }

  it('is a claim', async () => {
    await withHeaders({ [KEY]: ID });
    const request = pairsOf(audit, 'server', 'tools/call')[0]?.request;
    expect(request?.['mcp_audit.correlation.claimed_id']).toBe(ID);
    expect(request?.['mcp_audit.correlation.id']).toMatch(TRACE_ID);
  });

  it('is a claim on the record of a refusal, too, which does not have the claimed trace as its id', async () => {
    const traceId = 'ab'.repeat(16);
    await withHeaders({ [KEY]: ID, traceparent: `00-${traceId}-${'cd'.repeat(8)}-01` }, (_request, response, body) => {
      if (body?.method !== 'tools/call') return false;
      recordConfigChange({ item: 'asked' });
      response.writeHead(403).end();
      return true;
    });
    const [refusal, ...others] = audit.of('mcp_audit.authorization');
    expect(others).toEqual([]);
    expect(refusal?.['mcp_audit.correlation.claimed_id']).toBe(ID);
    for (const theirs of [ID, traceId]) expect(refusal?.['mcp_audit.correlation.id']).not.toBe(theirs);
    // All records of the request have the same id.
    const [stated] = audit.of('mcp_audit.config.changed');
    expect(stated).toMatchObject({
      'mcp_audit.correlation.id': refusal?.['mcp_audit.correlation.id'],
      'mcp_audit.correlation.claimed_id': ID,
    });
  });
});
