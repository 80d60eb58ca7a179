import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DIALECTS } from '../support/dialects.js';
import { expectEndings, failed, scenarioTelemetry, UNSET } from '../support/endings.js';
import { text } from '../support/flavours.js';
import { HTTP_FLAVOURS, type HttpPairOptions } from '../support/http.js';
import { idOf, parentIdOf } from '../support/spans.js';

const telemetry = scenarioTelemetry();

const ROWS = HTTP_FLAVOURS.filter(({ name }) => name !== 'v2 legacy without sessions');

/** An OAuth client that can only refresh its access token. */
function oauthClient(server: URL) {
  const issuer = `${server.origin}/`;
  let tokens: object = { access_token: 'stale', refresh_token: 'refresh', token_type: 'Bearer', issuer };
  return {
    redirectUrl: 'http://127.0.0.1/callback',
    clientMetadata: { redirect_uris: ['http://127.0.0.1/callback'] },
    clientInformation: () => ({ client_id: 'test', issuer }),
    tokens: () => tokens,
    saveTokens: (saved: object) => {
      tokens = saved;
    },
    redirectToAuthorization: () => {},
    saveCodeVerifier: () => {},
    codeVerifier: () => 'verifier',
  };
}

/** An authorization server that only refreshes tokens, and a tool that requires a fresh token, if it accepts any. */
function guarded(freshToken: string): HttpPairOptions['intercept'] {
  return (request, response, body) => {
    if (request.url === '/token') {
      const tokens = { access_token: 'fresh', refresh_token: 'refresh', token_type: 'Bearer' };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(tokens));
      return true;
    }
    const unknown = request.url !== '/mcp';
    const refused = body?.method === 'tools/call' && request.headers.authorization !== `Bearer ${freshToken}`;
    if (unknown || refused) response.writeHead(unknown ? 404 : 401).end();
    return unknown || refused;
  };
}

describe.each(ROWS)('a request that is repeated with a fresh token, on $name', (flavour) => {
  const dialect = DIALECTS[flavour.sdk];

  function pairWith(freshToken: string) {
    const inputSchema: any = flavour.sdk === 'v1' ? {} : z.object({});
    return flavour.pair({
      configure: (server) => server.registerTool('guarded', { inputSchema }, () => text('ok')),
      intercept: guarded(freshToken),
      transportOptions: (server) => ({ authProvider: oauthClient(server) }),
    });
  }

  it('is one operation, which ends with the answer to the repetition', async () => {
    const pair = await pairWith('fresh');
    await dialect.callTool(pair.client, 'guarded');
    await expectEndings(telemetry, 'tools/call guarded', { client: UNSET, server: UNSET });
    const [client, server] = [
      telemetry.span('client', 'tools/call guarded'),
      telemetry.span('server', 'tools/call guarded'),
    ];
    expect(parentIdOf(server)).toBe(idOf(client));
    await pair.close();
  });

  it('ends as 401 when the fresh token is refused too', async () => {
    const pair = await pairWith('another');
    await expect(dialect.callTool(pair.client, 'guarded')).rejects.toThrow();
    await expectEndings(telemetry, 'tools/call guarded', { client: failed('401') });
    await pair.close();
  });
});
