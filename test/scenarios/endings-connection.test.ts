import { describe, expect, it } from 'vitest';
import { deferred } from '../support/deferred.js';
import { DIALECTS } from '../support/dialects.js';
import { endedSessions, expectEndings, failed, scenarioTelemetry, UNSET } from '../support/endings.js';
import { FLAVOURS, type PairOptions, text } from '../support/flavours.js';

const telemetry = scenarioTelemetry();

describe.each(FLAVOURS)('a request whose connection fails, on $name', (flavour) => {
  const dialect = DIALECTS[flavour.sdk];
  const sessions = flavour.protocolVersion === '2026-07-28' ? [] : ['connection_closed'];

  /** A tool that answers when the test tells it to, and a promise of its call. */
  async function pairThatWaits(options: PairOptions = {}) {
    const called = deferred();
    const done = deferred();
    const handler = async () => {
      called.resolve();
      await done.promise;
      return text('too late');
    };
    const pair = await flavour.pair({ ...options, tools: [{ name: 'wait', handler }] });
    return { pair, called: called.promise, answer: done.resolve };
  }

  it('ends as connection_closed on both sides when the client closes, and so do their sessions', async () => {
    const { pair, called, answer } = await pairThatWaits();
    const result = dialect.callTool(pair.client, 'wait');
    await called;
    await Promise.all([pair.client.close(), expect(result).rejects.toThrow('Connection closed')]);
    answer();
    const ending = failed('connection_closed');
    await expectEndings(telemetry, 'tools/call wait', { client: ending, server: ending });
    expect(await endedSessions(telemetry, 'client')).toEqual(sessions);
    expect(await endedSessions(telemetry, 'server')).toEqual(sessions);
  });

  it('ends as connection_closed on both sides when the server shuts down, and so do their sessions', async () => {
    const { pair, called, answer } = await pairThatWaits();
    const result = dialect.callTool(pair.client, 'wait');
    await called;
    await Promise.all([pair.server.close(), expect(result).rejects.toThrow('Connection closed')]);
    answer();
    const ending = failed('connection_closed');
    await expectEndings(telemetry, 'tools/call wait', { client: ending, server: ending });
    expect(await endedSessions(telemetry, 'client')).toEqual(sessions);
    expect(await endedSessions(telemetry, 'server')).toEqual(sessions);
  });

  it('leaves the session without an error when it closes with nothing open', async () => {
    const { pair } = await pairThatWaits();
    await pair.close();
    expect(await endedSessions(telemetry, 'client')).toEqual(sessions.map(() => undefined));
    expect(await endedSessions(telemetry, 'server')).toEqual(sessions.map(() => undefined));
  });

  it('ends as send_failed when the request cannot be written', async () => {
    const { pair } = await pairThatWaits({
      wrapTransports: (client, server) => [failing(client, (message) => message.method === 'tools/call'), server],
    });
    await expect(dialect.callTool(pair.client, 'wait')).rejects.toThrow('EPIPE');
    await expectEndings(telemetry, 'tools/call wait', { client: failed('send_failed') });
    await pair.close();
  });

  it('ends as send_failed when the transport throws at the request instead of rejecting', async () => {
    const throws = (client: any) => {
      const send = client.send.bind(client);
      client.send = (message: any, options: unknown) => {
        if (message.method === 'tools/call') throw new Error('EPIPE');
        return send(message, options);
      };
      return client;
    };
    const { pair } = await pairThatWaits({ wrapTransports: (client, server) => [throws(client), server] });
    await expect(dialect.callTool(pair.client, 'wait')).rejects.toThrow('EPIPE');
    await expectEndings(telemetry, 'tools/call wait', { client: failed('send_failed') });
    await pair.close();
  });

  it('ends as send_failed for the server, and as timeout for the client, when the answer cannot be written', async () => {
    const { pair, called, answer } = await pairThatWaits({
      wrapTransports: (client, server) => [client, failing(server, (message) => message.result?.content !== undefined)],
    });
    const result = dialect.callTool(pair.client, 'wait', { timeout: 30 });
    await called;
    answer();
    await expect(result).rejects.toThrow('timed out');
    await expectEndings(telemetry, 'tools/call wait', { client: failed('timeout'), server: failed('send_failed') });
    await pair.close();
  });

  it('ends as send_failed when a notification cannot be written', async () => {
    const { pair } = await pairThatWaits({
      wrapTransports: (client, server) => [failing(client, (message) => message.method === 'acme/poke'), server],
    });
    await telemetry.startMeasuring();
    await expect(pair.client.notification({ method: 'acme/poke' })).rejects.toThrow('EPIPE');
    await expectEndings(telemetry, 'acme/poke', { client: failed('send_failed') });
    await pair.close();
  });

  it('ends as not_connected when there is no connection any more', async () => {
    const { pair } = await pairThatWaits();
    await pair.close();
    await expect(dialect.callTool(pair.client, 'wait')).rejects.toThrow('Not connected');
    await expectEndings(telemetry, 'tools/call wait', { client: failed('not_connected') });
  });

  it('ignores an answer that comes after the end of its request', async () => {
    const { pair, called, answer } = await pairThatWaits({
      // The client's cancellation is lost, so the server answers.
      wrapTransports: (client, server) => [dropping(client, 'notifications/cancelled'), server],
    });
    await expect(dialect.callTool(pair.client, 'wait', { timeout: 20 })).rejects.toThrow('timed out');
    await called;
    answer();
    await expectEndings(telemetry, 'tools/call wait', { client: failed('timeout'), server: UNSET });
    await pair.close();
  });
});

/** A transport that fails to write some messages. */
function failing(transport: any, fails: (message: any) => boolean): any {
  const send = transport.send.bind(transport);
  transport.send = async (message: any, options: unknown) => {
    if (fails(message)) throw new Error('EPIPE');
    return send(message, options);
  };
  return transport;
}

/** A transport that drops the messages of one method. */
function dropping(transport: any, method: string): any {
  const send = transport.send.bind(transport);
  transport.send = async (message: any, options: unknown) => {
    if (message.method !== method) return send(message, options);
  };
  return transport;
}
