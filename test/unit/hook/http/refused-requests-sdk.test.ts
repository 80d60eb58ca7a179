import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import {
  NodeStreamableHTTPServerTransport as HttpServerV2,
  hostHeaderValidation,
  toNodeHandler,
} from '@modelcontextprotocol/node';
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import { requireBearerAuth as requireBearerAuthV1 } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport as HttpServerV1 } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  createMcpHandler,
  McpServer as McpServerV2,
  OAuthError,
  OAuthErrorCode,
  PROTOCOL_VERSION_META_KEY,
  requireBearerAuth as requireBearerAuthV2,
  requireScopes,
} from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { auditTokenVerifier } from '../../../../src/hook/http/audit-token-verifier.js';
import { type HttpRefusal, watchHttpRefusals } from '../../../../src/hook/http/refused-requests.js';
import { instrumentServer } from '../../../../src/index.js';
import { ask, serve, undoing } from './http-servers.js';

const express = createRequire(import.meta.url)('express');
const later = undoing();

const INFO = { name: 'server', version: '1.0.0' };
const METADATA = 'http://127.0.0.1/.well-known/oauth-protected-resource/mcp';
const TOKENS: Readonly<Record<string, readonly string[]>> = {
  reader: ['mcp:read'],
  writer: ['mcp:read', 'mcp:write'],
};

/** Used by both SDKs' bearer middleware. Has private state, as applications' verifiers do. */
class Verifier {
  readonly #invalid: () => Error;

  constructor(invalid: () => Error) {
    this.#invalid = invalid;
  }

  async verifyAccessToken(token: string) {
    const scopes = TOKENS[token];
    if (scopes === undefined) throw this.#invalid();
    const expiresAt = Math.floor(Date.now() / 1000) + 600;
    return { token, clientId: `client of ${token}`, scopes: [...scopes], expiresAt, extra: { sub: `user ${token}` } };
  }
}

const verifierV1 = () => auditTokenVerifier(new Verifier(() => new InvalidTokenError('unknown token of user 7')));
const verifierV2 = () =>
  auditTokenVerifier(new Verifier(() => new OAuthError(OAuthErrorCode.InvalidToken, 'unknown token of user 7')));

function watch(paths: readonly string[] = []): HttpRefusal[] {
  const refusals: HttpRefusal[] = [];
  later(watchHttpRefusals({ paths, trustProxy: false, onRefused: (refusal) => void refusals.push(refusal) }));
  return refusals;
}

function withTool<S>(server: S, config: object = {}): S {
  const tool = (server as any).registerTool('transfer', config, () => ({ content: [{ type: 'text', text: 'done' }] }));
  if (tool === undefined) throw new Error('no tool');
  instrumentServer(server as never);
  return server;
}

/** Calls the tool as a client of the session-based protocol. */
function call(port: number, token?: string, path = '/mcp') {
  return ask(port, {
    path,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'transfer', arguments: {} } },
  });
}

/** Calls the tool as revision 2026-07-28 does. */
function callModern(port: number, token: string) {
  return ask(port, {
    path: '/mcp',
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${token}`,
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'transfer',
    },
    body: {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: {
        name: 'transfer',
        arguments: {},
        _meta: {
          [PROTOCOL_VERSION_META_KEY]: '2026-07-28',
          [CLIENT_INFO_META_KEY]: { name: 'client', version: '1.0.0' },
          [CLIENT_CAPABILITIES_META_KEY]: {},
        },
      },
    },
  });
}

async function serveV1(request: any, response: any, body: unknown) {
  const server = withTool(new McpServerV1(INFO));
  const transport: any = new HttpServerV1({ sessionIdGenerator: undefined });
  response.on('close', () => void server.close());
  await server.connect(transport);
  await transport.handleRequest(request, response, body);
}

/** SDK v1 on Express, behind its bearer middleware, on a mounted router. */
function expressApp(): RequestListener {
  const router = express.Router();
  const bearer = requireBearerAuthV1({
    verifier: verifierV1(),
    requiredScopes: ['mcp:write'],
    resourceMetadataUrl: METADATA,
  });
  router.post('/mcp', bearer, (request: any, response: any) => serveV1(request, response, request.body));
  return express().use(express.json()).use('/api', router);
}

/** SDK v2's HTTP entry, behind its gate for web requests. */
function gatedEntry(required: string[], config: object = {}): RequestListener {
  const options = { verifier: verifierV2(), requiredScopes: required, resourceMetadataUrl: METADATA };
  const gate = requireBearerAuthV2(options as never);
  const handler = createMcpHandler(() => withTool(new McpServerV2(INFO), config) as never);
  return toNodeHandler({
    async fetch(request: Request, given: object) {
      const auth = await gate(request);
      return auth instanceof Response ? auth : handler.fetch(request, { ...given, authInfo: auth });
    },
  } as never) as never;
}

const BEARER = [
  { name: 'SDK v1 on Express', path: '/api/mcp', listener: expressApp },
  { name: 'SDK v2 behind toNodeHandler', path: '/mcp', listener: () => gatedEntry(['mcp:write']) },
];

describe.each(BEARER)('the bearer middleware of $name', ({ path, listener }) => {
  it.each([undefined, 'stranger'])(
    'refuses the token %s without naming a caller or quoting the SDK’s text',
    async (token) => {
      const refusals = watch();
      expect((await call(await serve(listener(), later), token, path)).status).toBe(401);
      expect(refusals).toMatchObject([{ status: 401, error: 'invalid_token', scope: ['mcp:write'], aborted: false }]);
      expect(refusals[0]?.peer.http).toMatchObject({ method: 'POST', path });
      expect(refusals[0]?.peer.http?.notes.auth).toBeUndefined();
      expect(JSON.stringify(refusals)).not.toMatch(/user 7|header|stranger/i);
    },
  );

  it('refuses a token that lacks a scope, and the refusal names the caller', async () => {
    const refusals = watch();
    expect((await call(await serve(listener(), later), 'reader', path)).status).toBe(403);
    expect(refusals).toMatchObject([{ status: 403, error: 'insufficient_scope', scope: ['mcp:write'] }]);
    expect(refusals[0]?.peer.http?.notes).toMatchObject({
      operations: 0,
      auth: { clientId: 'client of reader', subject: 'user reader', scopes: ['mcp:read'], token: 'reader' },
    });
  });

  it('lets a token with the scope pass: no refusal, and one operation', async () => {
    const refusals = watch();
    const answer = await call(await serve(listener(), later), 'writer', path);
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('done');
    expect(refusals).toEqual([]);
  });
});

describe('SDK v1 on Express', () => {
  it('learns the path of MCP from the first message on it', async () => {
    const refusals = watch();
    let calls = 0;
    const limit = (_: unknown, response: any, next: () => void) => (calls++ === 1 ? response.sendStatus(429) : next());
    const app = express().use(express.json());
    app.post('/elsewhere', (_: unknown, response: any) => response.sendStatus(429));
    app.post('/hidden', limit, (request: any, response: any) => serveV1(request, response, request.body));
    const port = await serve(app, later);
    const statuses = [];
    for (const path of ['/hidden', '/hidden', '/elsewhere']) statuses.push((await call(port, undefined, path)).status);
    expect(statuses).toEqual([200, 429, 429]);
    expect(refusals).toMatchObject([{ status: 429, peer: { http: { path: '/hidden' } } }]);
  });
});

describe('SDK v2', () => {
  it.each(['of the HTTP entry, in the protocol of sessions', 'of the HTTP entry, in revision 2026-07-28'])(
    'refuses by a scope challenge %s, before any operation began',
    async (era) => {
      const refusals = watch();
      const port = await serve(gatedEntry([], { scopeChallenge: requireScopes('mcp:write') }), later);
      const send = era.endsWith('2026-07-28') ? callModern : call;
      expect((await send(port, 'writer')).status).toBe(200);
      expect((await send(port, 'reader')).status).toBe(403);
      expect(refusals).toMatchObject([{ status: 403, error: 'insufficient_scope', scope: ['mcp:write'] }]);
      expect(refusals[0]?.peer.http?.notes.auth?.subject).toBe('user reader');
    },
  );

  it('refuses foreign hosts, but an unknown session is not a refusal', async () => {
    const refusals = watch(['/mcp']);
    const allowed = hostHeaderValidation(['mcp.example']);
    const port = await serve(async (request, response) => {
      if (!allowed(request as never, response as never)) return;
      const transport: any = new HttpServerV2({ sessionIdGenerator: randomUUID });
      await (withTool(new McpServerV2(INFO)) as any).connect(transport);
      // As if it had been initialised.
      transport._webStandardTransport._initialized = true;
      transport._webStandardTransport.sessionId = 'known';
      await transport.handleRequest(request, response);
    }, later);
    const asked = { path: '/mcp', headers: { accept: 'text/event-stream', 'mcp-session-id': 'unknown' } };
    expect((await ask(port, asked)).status).toBe(403);
    expect((await ask(port, { ...asked, headers: { ...asked.headers, host: 'mcp.example' } })).status).toBe(404);
    expect(refusals).toMatchObject([{ status: 403 }]);
    expect(refusals[0]?.error).toBeUndefined();
  });
});
