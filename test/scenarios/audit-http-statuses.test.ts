import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AuditEnding, auditScenarios, ending, expectAudited, OK } from '../support/audit-endings.js';
import { DIALECTS } from '../support/dialects.js';
import { text } from '../support/flavours.js';
import { HTTP_FLAVOURS, type HttpPairOptions } from '../support/http.js';

const scenario = auditScenarios();
const config = { audit: true } as const;

const STATUSES: readonly [number, AuditEnding][] = [
  [401, ending('unauthenticated', '401')],
  [403, ending('denied', '403')],
  [404, ending('error', '404')],
  [408, ending('timeout', '408')],
  [429, ending('rate_limited', '429')],
  [500, ending('error', '500')],
  [504, ending('timeout', '504')],
];

describe.each(HTTP_FLAVOURS)('the status of an audited operation over HTTP, on $name', (flavour) => {
  const dialect = DIALECTS[flavour.sdk];

  function pairWith(intercept?: HttpPairOptions['intercept']) {
    const inputSchema: any = flavour.sdk === 'v1' ? {} : z.object({});
    return flavour.pair({
      config,
      configure: (server) => server.registerTool('fine', { inputSchema }, () => text('ok')),
      ...(intercept !== undefined && { intercept }),
    });
  }

  it('is ok when the answer is a result', async () => {
    const pair = await pairWith();
    await dialect.callTool(pair.client, 'fine');
    await expectAudited(scenario, 'tools/call', { client: OK, server: OK });
    const [server, client] = (['server', 'client'] as const).map((side) =>
      scenario.audit.one('mcp_audit.request', side, 'tools/call'),
    );
    expect(server).toMatchObject({
      'network.transport': 'tcp',
      'client.address': '127.0.0.1',
      'http.request.method': 'POST',
      'url.path': '/mcp',
    });
    expect(client).toMatchObject({ 'server.address': '127.0.0.1', 'server.port': expect.any(Number) });
    await pair.close();
  });

  it.each(STATUSES)('follows HTTP status %i for the client, if that is the answer', async (status, client) => {
    const pair = await pairWith((_request, response, body) => {
      if (body?.method !== 'tools/call') return false;
      response.writeHead(status).end('not for you');
      return true;
    });
    await expect(dialect.callTool(pair.client, 'fine')).rejects.toThrow();
    await expectAudited(scenario, 'tools/call', { client });
    await pair.close();
  });

  it('is aborted for the client if the server closes the connection before an answer', async () => {
    const pair = await pairWith((request, _response, body) => {
      if (body?.method !== 'tools/call') return false;
      request.socket.destroy();
      return true;
    });
    await expect(dialect.callTool(pair.client, 'fine')).rejects.toThrow();
    await expectAudited(scenario, 'tools/call', { client: ending('aborted', 'connection_closed') });
    await pair.close();
  });
});
