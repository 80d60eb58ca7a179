import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { deferred } from '../support/deferred.js';
import { DIALECTS } from '../support/dialects.js';
import {
  answered,
  blameless,
  CANCELLED_BY_PEER,
  endedSessions,
  expectEndings,
  failed,
  scenarioTelemetry,
  UNSET,
} from '../support/endings.js';
import { text } from '../support/flavours.js';
import { HTTP_FLAVOURS, type HttpPairOptions } from '../support/http.js';

const telemetry = scenarioTelemetry();

const STATUSES = [401, 403, 404, 405, 413, 429, 500, 503];

describe.each(HTTP_FLAVOURS)('a request over HTTP, on $name', (flavour) => {
  const dialect = DIALECTS[flavour.sdk];
  const modern = flavour.protocolVersion === '2026-07-28';

  /** A tool that answers when the test tells it to, and a promise of the server that has called it. */
  async function pairThatWaits(options: HttpPairOptions = {}) {
    const called = deferred<any>();
    const done = deferred();
    const inputSchema: any = flavour.sdk === 'v1' ? {} : z.object({});
    const configure = (server: any) =>
      server.registerTool('wait', { inputSchema }, async () => {
        called.resolve(server);
        await done.promise;
        return text('done');
      });
    const pair = await flavour.pair({ ...options, configure });
    return { pair, called: called.promise, answer: done.resolve };
  }

  it('ends without an error when the answer is a result', async () => {
    const { pair, answer } = await pairThatWaits();
    answer();
    await dialect.callTool(pair.client, 'wait');
    await expectEndings(telemetry, 'tools/call wait', { client: UNSET, server: UNSET });
    await pair.close();
  });

  it.each(STATUSES)('ends as %i when that is the answer instead of JSON-RPC', async (status) => {
    const { pair } = await pairThatWaits({
      intercept: (_request, response, body) => {
        if (body?.method !== 'tools/call') return false;
        response.writeHead(status).end('not for you');
        return true;
      },
    });
    await expect(dialect.callTool(pair.client, 'wait')).rejects.toThrow();
    await expectEndings(telemetry, 'tools/call wait', { client: failed(String(status)) });
    await pair.close();
  });

  it('ends as connection_closed for the client when the server closes the connection before an answer', async () => {
    const { pair } = await pairThatWaits({
      intercept: (request, _response, body) => {
        if (body?.method !== 'tools/call') return false;
        request.socket.destroy();
        return true;
      },
    });
    await expect(dialect.callTool(pair.client, 'wait')).rejects.toThrow();
    await expectEndings(telemetry, 'tools/call wait', { client: failed('connection_closed') });
    await pair.close();
  });

  it('ends as send_failed for the client when the server is gone', async () => {
    const { pair } = await pairThatWaits();
    pair.http.closeAllConnections();
    await new Promise((resolve) => pair.http.close(resolve));
    await expect(dialect.callTool(pair.client, 'wait')).rejects.toThrow();
    await expectEndings(telemetry, 'tools/call wait', { client: failed('send_failed') });
    await pair.client.close();
  });

  it('ends as cancelled for the client, and as cancelled for the server, when the caller aborts', async () => {
    const { pair, called, answer } = await pairThatWaits();
    const controller = new AbortController();
    const result = dialect.callTool(pair.client, 'wait', { signal: controller.signal });
    await called;
    controller.abort();
    await expect(result).rejects.toThrow();
    // With an instance per request, another instance than the working one gets the cancellation.
    const server = modern || flavour.sessions ? CANCELLED_BY_PEER : UNSET;
    if (server === UNSET) answer();
    await expectEndings(telemetry, 'tools/call wait', { client: failed('cancelled'), server });
    answer();
    await pair.close();
  });

  it('ends as timeout for the client when no answer comes in time', async () => {
    const { pair, answer } = await pairThatWaits();
    await expect(dialect.callTool(pair.client, 'wait', { timeout: 500 })).rejects.toThrow('timed out');
    const server = modern || flavour.sessions ? CANCELLED_BY_PEER : UNSET;
    if (server === UNSET) answer();
    await expectEndings(telemetry, 'tools/call wait', { client: failed('timeout'), server });
    answer();
    await pair.close();
  });

  it('ends as error -32601 for the client, or as the 404 that stands for it, when the method is unknown', async () => {
    const { pair } = await pairThatWaits();
    await telemetry.startMeasuring();
    await expect(dialect.request(pair.client, 'acme/unheard')).rejects.toThrow();
    const client = modern ? failed('404') : answered(-32601);
    await expectEndings(telemetry, 'acme/unheard', { client, server: blameless(-32601) });
    await pair.close();
  });

  it('ends as connection_closed for the server when it shuts down, however it ends for its client', async () => {
    const { pair, called } = await pairThatWaits();
    const controller = new AbortController();
    const result = dialect.callTool(pair.client, 'wait', { signal: controller.signal });
    result.catch(() => {});
    const server = await called;
    await server.close();
    // Revision 2026-07-28 answers such a request; the client of an older one waits until its caller gives up.
    if (!modern) controller.abort();
    await result.catch(() => {});
    const client = failed(modern ? '499' : 'cancelled');
    await expectEndings(telemetry, 'tools/call wait', { client, server: failed('connection_closed') });
    await pair.close();
  });

  if (flavour.sessions) {
    it('ends as connection_closed on both sides when its session is deleted, and so do the sessions', async () => {
      const { pair, called } = await pairThatWaits();
      const result = dialect.callTool(pair.client, 'wait');
      result.catch(() => {});
      await called;
      await pair.clientTransport.terminateSession();
      await pair.client.close();
      await expect(result).rejects.toThrow('Connection closed');
      const ending = failed('connection_closed');
      await expectEndings(telemetry, 'tools/call wait', { client: ending, server: ending });
      expect(await endedSessions(telemetry, 'client')).toEqual(['connection_closed']);
      expect(await endedSessions(telemetry, 'server')).toEqual(['connection_closed']);
      await pair.close();
    });
  }
});
