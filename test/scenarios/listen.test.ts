import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { describe, expect, it } from 'vitest';
import { instrumentClient } from '../../src/index.js';
import { deferred } from '../support/deferred.js';
import { DIALECTS } from '../support/dialects.js';
import {
  answered,
  blameless,
  CANCELLED_BY_PEER,
  type Ending,
  endingOf,
  expectNothingOpen,
  failed,
  scenarioTelemetry,
  UNSET,
} from '../support/endings.js';
import { FLAVOURS, type Pair, type PairOptions } from '../support/flavours.js';
import { activeId, idOf, parentIdOf } from '../support/spans.js';
import { until } from '../support/telemetry.js';

const telemetry = scenarioTelemetry();
const modern = FLAVOURS.find(({ protocolVersion }) => protocolVersion === '2026-07-28') as (typeof FLAVOURS)[number];
const name = 'subscriptions/listen';
const FILTER = { toolsListChanged: true };

/** One span per side with this outcome, without a measurement: a stream may stay open for hours. */
async function expectStreams(expected: { client?: Ending; server?: Ending }): Promise<void> {
  await expectNothingOpen(telemetry);
  for (const side of ['client', 'server'] as const) {
    const ending = expected[side];
    const endings = ending === undefined ? [] : [ending];
    expect(telemetry.all(side, name).map(endingOf), `${side} spans`).toEqual(endings);
  }
  const measured = (await telemetry.measurements()).filter(({ attributes }) => attributes['mcp.method.name'] === name);
  expect(measured).toEqual([]);
}

/** A transport that can change its messages. */
function sending(transport: any, replace: (message: any) => any): any {
  const send = transport.send.bind(transport);
  transport.send = async (message: any, options: unknown) => {
    const replaced = replace(message);
    if (replaced !== undefined) return send(replaced, options);
  };
  return transport;
}

function pairWhoseServerSends(replace: (message: any) => any): Promise<Pair> {
  const wrapTransports: PairOptions['wrapTransports'] = (client, server) => [client, sending(server, replace)];
  return modern.pair({ wrapTransports });
}

describe('a listen stream in memory', () => {
  it('is a span on each side, open as long as the stream, with the server’s below the client’s', async () => {
    const pair = await modern.pair();
    const subscription = await pair.client.listen(FILTER);
    expect(telemetry.open).toEqual([`CLIENT ${name}`, `SERVER ${name}`]);
    await subscription.close();
    await expectStreams({ client: UNSET, server: CANCELLED_BY_PEER });
    const [client, server] = [telemetry.span('client', name), telemetry.span('server', name)];
    expect(parentIdOf(server)).toBe(idOf(client));
    await pair.close();
  });

  it('ends without an error on both sides when the server ends it', async () => {
    const pair = await modern.pair();
    const subscription = await pair.client.listen(FILTER);
    await pair.server.close();
    expect(await subscription.closed).toBe('graceful');
    await expectStreams({ client: UNSET, server: UNSET });
  });

  it('ends as connection_closed on both sides when the connection is lost', async () => {
    const pair = await modern.pair();
    const subscription = await pair.client.listen(FILTER);
    await pair.clientTransport.close();
    expect(await subscription.closed).toBe('remote');
    await expectStreams({ client: failed('connection_closed'), server: failed('connection_closed') });
  });

  it('ends without an error for the client when the caller aborts it', async () => {
    const pair = await modern.pair();
    const controller = new AbortController();
    const subscription = await pair.client.listen(FILTER, { signal: controller.signal });
    controller.abort();
    expect(await subscription.closed).toBe('local');
    await expectStreams({ client: UNSET, server: CANCELLED_BY_PEER });
    await pair.close();
  });

  it('ends without an error for the client when the server cancels it', async () => {
    const pair = await modern.pair();
    const subscription = await pair.client.listen(FILTER);
    const params = { requestId: 'listen:0' };
    await pair.serverTransport.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params });
    expect(await subscription.closed).toBe('remote');
    await pair.close();
    await expectStreams({ client: UNSET, server: failed('connection_closed') });
  });

  it('ends as cancelled for the client when the caller aborts it before it was acknowledged', async () => {
    const pair = await pairWhoseServerSends((message) => (message.method === undefined ? message : undefined));
    const controller = new AbortController();
    const listening = pair.client.listen(FILTER, { signal: controller.signal });
    controller.abort(new Error('never mind'));
    await expect(listening).rejects.toThrow('never mind');
    await expectStreams({ client: failed('cancelled'), server: CANCELLED_BY_PEER });
    await pair.close();
  });

  it('ends as timeout for the client when it is never acknowledged', async () => {
    const pair = await pairWhoseServerSends((message) => (message.method === undefined ? message : undefined));
    await expect(pair.client.listen(FILTER, { timeout: 20 })).rejects.toThrow('timed out');
    await expectStreams({ client: failed('timeout'), server: CANCELLED_BY_PEER });
    await pair.close();
  });

  it('ends as send_failed when it cannot be written', async () => {
    const wrapTransports: PairOptions['wrapTransports'] = (client, server) => [
      sending(client, (message) => {
        if (message.method === name) throw new Error('EPIPE');
        return message;
      }),
      server,
    ];
    const pair = await modern.pair({ wrapTransports });
    await expect(pair.client.listen(FILTER)).rejects.toThrow('EPIPE');
    await expectStreams({ client: failed('send_failed') });
    await pair.close();
  });

  it('ends as the error that rejects it', async () => {
    const pair = await modern.pair();
    await expect(pair.client.listen('everything')).rejects.toMatchObject({ code: -32602 });
    await expectStreams({ client: answered(-32602), server: blameless(-32602) });
    await pair.close();
  });

  it('has its change notifications as separate spans, active in their handlers', async () => {
    const handledIn = deferred<string | undefined>();
    const method = 'notifications/tools/list_changed';
    const configureClient = (client: any) =>
      DIALECTS.v2.onNotification(client, method, () => {
        handledIn.resolve(activeId());
      });
    const pair = await modern.pair({ configureClient });
    const subscription = await pair.client.listen(FILTER);
    await telemetry.under('application', () => pair.server.sendToolListChanged());
    const [sent, received] = [telemetry.span('client', method), await telemetry.ended('server', method)];
    expect(await handledIn.promise).toBe(idOf(received));
    expect(parentIdOf(received)).toBe(idOf(sent));
    await subscription.close();
    await expectStreams({ client: UNSET, server: CANCELLED_BY_PEER });
    await pair.close();
  });
});

describe('a listen stream to a server process', () => {
  async function connect() {
    const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
    instrumentClient(client);
    const script = fileURLToPath(new URL('../fixtures/stdio-server-v2.mjs', import.meta.url));
    const transport = new StdioClientTransport({ command: process.execPath, args: [script] });
    await client.connect(transport);
    return { client, transport, subscription: await client.listen(FILTER) };
  }

  it('ends without an error when the client closes it, and as connection_closed when the process is killed', async () => {
    const { client, transport, subscription } = await connect();
    await subscription.close();
    await until(() => telemetry.all('client', name).length === 1, 'the first stream to end');
    await client.listen(FILTER);
    process.kill(transport.pid as number, 'SIGKILL');
    await until(() => telemetry.all('client', name).length === 2, 'the second stream to end');
    expect(telemetry.all('client', name).map(endingOf)).toEqual([UNSET, failed('connection_closed')]);
    await client.close();
  });
});
