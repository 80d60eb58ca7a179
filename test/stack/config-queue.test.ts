import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configArguments } from '../../collector-config/stack/collector.mjs';
import { startProgram } from '../../collector-config/stack/process.mjs';
import { type Backend, startBackend } from './support/backend.js';
import { collectorPlace, type Place, type Running } from './support/collector.js';
import { collectorMetric } from './support/collector-metrics.js';
import { eventually } from './support/eventually.js';
import { logsRequest, post } from './support/otlp.js';
import { readLogs } from './support/sink.js';

const LOKI = { backends: ['loki', 'archive-file'] };
/** Without the archive, Loki is the only one to store records. */
const LOKI_ALONE = { backends: ['loki'] };

/** Nobody waits for room in the queue: that would last until the sender gives up. */
const AT_ONCE_MS = 10_000;

let place: Place;
let backend: Backend;
let running: Running | undefined;
let env: Record<string, string>;

beforeEach(async () => {
  place = await collectorPlace();
  backend = await startBackend();
  const other = { MCP_JAEGER_ENDPOINT: `${backend.url}/jaeger`, MCP_PROMETHEUS_ENDPOINT: `${backend.url}/prometheus` };
  env = { MCP_LOKI_ENDPOINT: `${backend.url}/otlp`, MCP_ELASTIC_ENDPOINT: backend.url, ...other };
});
afterEach(async () => {
  await running?.kill();
  running = undefined;
  await backend.stop();
  await place.remove();
});

/** Sends one audit record of about this size, with a unique mark. */
async function send(bytes = 1_000) {
  const mark = `(${randomUUID()})`;
  const began = performance.now();
  const answer = await post(
    place.otlp,
    '/v1/logs',
    logsRequest([{ eventName: 'mcp_audit.response', body: mark + 'x'.repeat(Math.max(0, bytes - mark.length)) }]),
  );
  return { mark, ...answer, ms: performance.now() - began };
}

async function acknowledged(count: number): Promise<string[]> {
  const marks: string[] = [];
  for (let number = 0; number < count; number++) {
    const { mark, status } = await send();
    expect(status).toBe(200);
    marks.push(mark);
  }
  return marks;
}

const allStored = (marks: readonly string[], timeoutMs = 90_000) =>
  eventually('all that was acknowledged', () => backend.counts(marks), {
    accept: (counts) => counts.every((count) => count > 0),
    timeoutMs,
  });

/** A metric of the Loki exporter. */
const metric = (name: string) =>
  collectorMetric(place.metrics, `otelcol_exporter_${name}`, ['exporter="otlp_http/loki_audit"']);

describe('a full queue', () => {
  it('rejects at once with 503, keeps its records, and accepts more when there is room', async () => {
    backend.state.status = 503;
    running = await place.start(LOKI_ALONE, { ...env, MCP_AUDIT_QUEUE_BYTES: '300000' });
    const marks: string[] = [];
    let refused: Awaited<ReturnType<typeof send>> | undefined;
    for (let number = 0; number < 20 && !refused; number++) {
      const answer = await send(50_000);
      if (answer.status === 200) marks.push(answer.mark);
      else refused = answer;
    }
    expect(marks.length).toBeGreaterThanOrEqual(4);
    expect(refused).toMatchObject({ status: 503, text: expect.stringContaining('sending queue is full') });
    expect(refused?.ms).toBeLessThan(AT_ONCE_MS);
    expect(await metric('enqueue_failed_log_records')).toBeGreaterThan(0);
    expect(await metric('queue_size')).toBeGreaterThan(100_000);
    backend.state.status = 200;
    await allStored(marks);
    await eventually('room for more', async () => (await send(50_000)).status === 200);
  });

  it('rejects a request larger than the queue at once', async () => {
    running = await place.start(LOKI_ALONE, { ...env, MCP_AUDIT_QUEUE_BYTES: '300000' });
    const { status, text, ms } = await send(400_000);
    expect({ status, text }).toMatchObject({ status: 503, text: expect.stringMatching(/queue/) });
    expect(ms).toBeLessThan(AT_ONCE_MS);
    expect((await send(1_000)).status).toBe(200);
  });

  it('by default accepts the largest allowed request', async () => {
    running = await place.start(LOKI_ALONE, env);
    const largest = await send(32 * 1024 * 1024 - 1_000);
    expect(largest.status).toBe(200);
    await allStored([largest.mark]);
    const larger = await send(32 * 1024 * 1024 + 1);
    expect(larger).toMatchObject({ status: 400, text: expect.stringContaining('request body too large') });
  });
});

describe('a full disk', () => {
  it('is reported to the sender with the file name, and loses nothing', async () => {
    backend.state.status = 503;
    // A file size limit acts like a full disk and needs no privileges.
    const limit = 'ulimit -f 1024; exec "$0" "$@"';
    const args = ['-c', limit, place.otelcol, ...configArguments(place.files(LOKI_ALONE))];
    const readyUrl = `http://127.0.0.1:${place.ports['MCP_HEALTH_PORT']}/`;
    running = await startProgram({ name: 'the Collector', file: '/bin/bash', args, env: place.env(env), readyUrl });
    const marks: string[] = [];
    let refused: Awaited<ReturnType<typeof send>> | undefined;
    for (let number = 0; number < 100 && !refused; number++) {
      const answer = await send(50_000);
      if (answer.status === 200) marks.push(answer.mark);
      else refused = answer;
    }
    expect(marks.length).toBeGreaterThan(3);
    expect(refused).toMatchObject({
      status: 503,
      text: expect.stringMatching(/exporter_otlp_http_loki_audit.*file too large/),
    });
    backend.state.status = 200;
    await allStored(marks);
  });
});

describe('a backend response', () => {
  it.each([429, 502, 503, 504])('%i is retried until it succeeds', async (status) => {
    backend.state.status = status;
    running = await place.start(LOKI_ALONE, env);
    const marks = await acknowledged(20);
    await eventually('an attempt', () => backend.state.requests > 0);
    backend.state.status = 200;
    await allStored(marks);
  });

  it.each([400, 401, 413, 500])(
    '%i drops the record for this backend, counts it, and leaves it in the archive',
    async (status) => {
      backend.state.status = status;
      running = await place.start(LOKI, env);
      const marks = await acknowledged(5);
      const counted = () => metric('send_failed_log_records');
      await eventually('it to be counted', counted, { accept: (count) => count >= marks.length });
      backend.state.status = 200;
      const { mark } = await send();
      await allStored([mark]);
      expect(backend.counts(marks)).toEqual(marks.map(() => 0));
      const archived = await readLogs(`${place.env({})['MCP_ARCHIVE_DIR']}/mcp-audit.jsonl`);
      for (const lost of marks) expect(archived.filter(({ body }) => body.stringValue.includes(lost))).toHaveLength(1);
      expect(running.output).toMatch(/otlp_http\/loki_audit.*Dropping data|Dropping data.*otlp_http\/loki_audit/);
    },
  );
});

describe('a non-empty queue', () => {
  it.each(['loki', 'elastic'])('with large records is sent in requests that %s accepts', async (name) => {
    backend.state.status = 503;
    running = await place.start({ backends: [name] }, env);
    const marks: string[] = [];
    for (let number = 0; number < 12; number++) {
      const { mark, status } = await send(4_000_000);
      expect(status).toBe(200);
      marks.push(mark);
    }
    running.kill();
    await running.closed;
    Object.assign(backend.state, { status: 200, largest: 0 });
    running = await place.start({ backends: [name] }, env);
    await allStored(marks);
    expect(backend.state.largest).toBeLessThan(12_000_000);
  });

  it.each([
    ['stopped cleanly', 'SIGTERM'],
    ['killed', 'SIGKILL'],
  ] as const)('survives a Collector that is %s, and a restart with other files', async (_, signal) => {
    backend.state.status = 503;
    running = await place.start(LOKI_ALONE, env);
    const marks = await acknowledged(50);
    await running.kill(signal);
    backend.state.status = 200;
    running = await place.start({ backends: ['loki', 'debug', 'archive-file'] }, env);
    await allStored(marks);
  });

  it('waits until its backend is configured again', async () => {
    backend.state.status = 503;
    running = await place.start(LOKI_ALONE, env);
    const marks = await acknowledged(20);
    await running.kill();
    backend.state.status = 200;
    running = await place.start({ backends: ['debug'] }, env);
    await acknowledged(3);
    await running.kill();
    expect(backend.counts(marks)).toEqual(marks.map(() => 0));
    running = await place.start(LOKI_ALONE, env);
    await allStored(marks);
  });
});

// An outage that is longer than its retries is in resilience.test.ts, beside another that takes long.
describe('Elasticsearch', () => {
  it('survives being killed while waiting', async () => {
    backend.state.status = 429;
    running = await place.start({ backends: ['elastic'] }, env);
    const marks = await acknowledged(20);
    await eventually('an attempt', () => backend.state.requests > 0);
    await running.kill();
    backend.state.status = 200;
    running = await place.start({ backends: ['elastic'] }, env);
    await allStored(marks);
  });
});
