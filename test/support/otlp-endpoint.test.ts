import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:http2';
import { expect, it } from 'vitest';
import { startOtlpEndpoint } from './otlp-endpoint.mjs';

const EXPORT = '/opentelemetry.proto.collector.logs.v1.LogsService/Export';
const EXPECT = { expect: '100-continue' };

/** Sends the start of a request, and cuts the connection once the endpoint has seen it. */
const SENDERS = {
  'http/json': async (url: string) => {
    const sent = request(`${url}/v1/logs`, { method: 'POST', headers: EXPECT }).on('error', () => {});
    sent.write('{"resourceLogs":');
    await once(sent, 'continue');
    sent.destroy();
  },
  grpc: async (url: string) => {
    const session = connect(url).on('error', () => {});
    const sent = session.request({ ':method': 'POST', ':path': EXPORT, ...EXPECT }).on('error', () => {});
    sent.write(Buffer.alloc(5));
    await once(sent, 'continue');
    session.destroy();
  },
};

it.each(['http/json', 'grpc'] as const)('a sender that ends while it sends has delivered nothing: %s', async (over) => {
  const endpoint = await startOtlpEndpoint(over);
  await SENDERS[over](endpoint.url);
  await endpoint.close();
  expect(endpoint.requests).toEqual([]);
});
