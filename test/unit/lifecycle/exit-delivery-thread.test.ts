import { MessageChannel, Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { afterEach, describe, expect, it } from 'vitest';
import type { ExitOutcome, Shipment } from '../../../src/lifecycle/exit-delivery-thread.js';
import { startOtlpEndpoint } from '../../support/otlp-endpoint.mjs';
import { refusingPort } from '../../support/refusing-port.mjs';

type Endpoint = Awaited<ReturnType<typeof startOtlpEndpoint>>;

const endpoints: Endpoint[] = [];
afterEach(() => Promise.all(endpoints.splice(0).map((endpoint) => endpoint.close())));

/** The module as a bundle has it, evaluated. */
async function bundled(options: object): Promise<{ sendAll: () => void }> {
  const entryPoints = ['src/lifecycle/exit-delivery-thread.ts'];
  const { outputFiles } = await build({
    entryPoints,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    write: false,
    ...options,
  });
  const module = { exports: {} as { sendAll: () => void } };
  new Function('module', 'exports', outputFiles?.[0]?.text ?? '')(module, module.exports);
  return module.exports;
}

/** Starts the thread with what a bundle made of its program, and waits for every outcome. */
async function ship(options: object, requests: Shipment['requests']): Promise<(string | undefined)[]> {
  const { sendAll } = await bundled(options);
  const { port1: inbox, port2: outbox } = new MessageChannel();
  const workerData: Shipment = { requests, outbox, done: new Int32Array(new SharedArrayBuffer(4)) };
  const worker = new Worker(`(${sendAll})(require)`, {
    eval: true,
    workerData,
    transferList: [outbox],
    execArgv: [],
    env: {},
  });
  const outcomes: (string | undefined)[] = [];
  await new Promise<void>((resolve, reject) => {
    worker.once('error', reject);
    inbox.on('message', ({ index, failure }: ExitOutcome) => {
      outcomes[index] = failure;
      if (Object.keys(outcomes).length === requests.length) resolve();
    });
  });
  await worker.terminate();
  inbox.close();
  return outcomes;
}

const EMPTY_LOGS = Buffer.from('{"resourceLogs":[]}');
const request = (url: string) => ({ url: `${url}/v1/logs`, headers: {}, body: EMPTY_LOGS, tls: {} });

describe('the thread that sends', () => {
  it.each([
    ['as it is', {}],
    ['minified', { minify: true }],
    ['with names kept', { minify: true, keepNames: true }],
    ['for an old target', { target: 'es2017' }],
  ])('works from a bundle %s', async (_how, options) => {
    const endpoint = await startOtlpEndpoint('http/json');
    endpoints.push(endpoint);
    expect(await ship(options, [request(endpoint.url)])).toEqual([undefined]);
    expect(endpoint.requests.map(({ path }) => path)).toEqual(['/v1/logs']);
  });

  it('reports the outcome of each request, including those that cannot be made', async () => {
    const endpoint = await startOtlpEndpoint('http/json');
    const refusing = await startOtlpEndpoint('http/json', { status: 503 });
    endpoints.push(endpoint, refusing);
    const gone = `http://127.0.0.1:${await refusingPort()}`;
    const broken = { ...request(endpoint.url), headers: { 'bad header': 'x' } };
    const requests = [request(gone), broken, request(refusing.url), request(endpoint.url)];
    expect(await ship({}, requests)).toEqual(['ECONNREFUSED', 'ERR_INVALID_HTTP_TOKEN', 'HTTP 503', undefined]);
  });
});
