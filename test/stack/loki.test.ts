import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../collector-config/stack/ports.mjs';
import { startProgram } from '../../collector-config/stack/process.mjs';
import { programs } from '../../collector-config/stack/programs.mjs';
import { eventually } from './support/eventually.js';
import { getJson } from './support/json.js';
import { queryLines } from './support/loki.js';
import { attributes, type LogInput, logsRequest, post } from './support/otlp.js';
import { CONFIG } from './support/rules.js';
import { scratch } from './support/scratch.js';
import { startLoki } from './support/start-loki.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const TENANT = { 'x-scope-orgid': 'mcp-audit' };

let place: Awaited<ReturnType<typeof scratch>>;
let loki: Awaited<ReturnType<typeof startLoki>>;

/** Records as sent by the Collector, with one service per test. */
const push = (service: string, records: readonly Partial<LogInput>[], tenant = TENANT) =>
  post(
    loki.url,
    '/otlp/v1/logs',
    logsRequest(
      records.map((record) => ({ body: '{}', ...record })),
      service,
    ),
    tenant,
  );
const texts = async (service: string, options: Parameters<typeof queryLines>[2] = {}) =>
  (await queryLines(loki.url, `{service_name="${service}"}`, options)).map(({ text }) => text);

beforeAll(async () => {
  place = await scratch();
  loki = await startLoki({ folder: join(place.folder, 'loki') });
});
afterAll(async () => {
  await loki.stop();
  await place.remove();
});

describe('Loki', () => {
  it('answers queries as soon as it is ready', async () => {
    expect((await push('first', [{ body: 'first' }])).status).toBe(204);
    expect(await texts('first')).toEqual(['first']);
  });

  it('uses only service attributes as labels, and everything else as metadata', async () => {
    const fields = { event_name: 'mcp_audit.response', 'audit.actor.id': 'u-1', 'mcp_audit.sensitive': true };
    await push('labels', [
      { body: '{"a":"ü\\r\\n"}  ', attributes: fields, traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) },
    ]);
    const { data } = await getJson(`${loki.url}/loki/api/v1/series?match[]={service_name="labels"}`, TENANT);
    expect(data).toEqual([{ service_name: 'labels' }]);
    const [line] = await queryLines(loki.url, '{service_name="labels"} | audit_actor_id="u-1"');
    expect(line?.text).toBe('{"a":"ü\\r\\n"}  ');
    expect(line?.labels).toMatchObject({
      event_name: 'mcp_audit.response',
      mcp_audit_sensitive: 'true',
      trace_id: 'a'.repeat(32),
      span_id: 'b'.repeat(16),
    });
  });

  it('separates tenants, and requires one', async () => {
    await push('tenants', [{ body: 'audit' }]);
    expect(await texts('tenants', { tenant: 'mcp-logs' })).toEqual([]);
    const response = await fetch(`${loki.url}/loki/api/v1/labels`);
    expect(response.status).toBe(401);
  });

  it('accepts the backlog of an outage beside newer records of the service, and shows it at once', async () => {
    const ages = [0, HOUR_MS / 2, 2 * HOUR_MS, 30 * HOUR_MS, 8 * DAY_MS, 300 * DAY_MS];
    for (const age of ages) {
      const { status, text } = await push('late', [{ body: `${age}`, timeMs: Date.now() - age }]);
      expect(status, text).toBe(204);
    }
    const found = await texts('late', { sinceMs: 301 * DAY_MS });
    expect(found).toEqual(ages.toReversed().map(String));
  });

  it('accepts a record with more than 128 attributes and more than 64 kB of them, and a line of a megabyte', async () => {
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`key${index}`, 'v'.repeat(500)]));
    const { status, text } = await push('large', [{ body: 'x'.repeat(2 ** 20), attributes: many }]);
    expect(status, text).toBe(204);
    expect((await texts('large'))[0]).toHaveLength(2 ** 20);
  });

  it('accepts a push of 20 MB, and a burst of them', async () => {
    const records = Array.from({ length: 20 }, (_, index) => ({ body: `${index} ${'x'.repeat(2 ** 20)}` }));
    for (const service of ['burst-1', 'burst-2', 'burst-3']) {
      const { status, text } = await push(service, records);
      expect(status, text).toBe(204);
    }
  });

  it('permanently rejects records beyond its limits, and names the limit', async () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`key${index}`, 'v']));
    const { status, text } = await push('refused', [{ body: 'refused', attributes: many }, { body: 'its neighbour' }]);
    expect(status).toBe(400);
    expect(text).toContain('max_structured_metadata_entries_count');
    expect(await texts('refused')).toEqual(['its neighbour']);
  });

  it('rejects a record from the future, which would make it reject current ones', async () => {
    const timeMs = Date.now() + HOUR_MS / 2;
    const { status, text } = await push('future', [{ body: 'in half an hour', timeMs }, { body: 'now' }]);
    expect(status).toBe(400);
    expect(text).toContain('has timestamp too new');
    expect((await push('future', [{ body: 'in five minutes', timeMs: Date.now() + HOUR_MS / 12 }])).status).toBe(204);
    expect((await push('future', [{ body: 'later' }])).status).toBe(204);
    expect((await texts('future')).sort()).toEqual(['later', 'now']);
  });

  it('stores identical records once, and all different ones', async () => {
    const timeMs = Date.now();
    for (const body of ['same', 'same', 'other']) await push('twice', [{ body, timeMs }]);
    expect((await texts('twice')).sort()).toEqual(['other', 'same']);
  });
});

describe('Loki, started again', () => {
  it('has everything acknowledged before it was killed or stopped', async () => {
    const folder = join(place.folder, 'again');
    const start = async () => {
      loki = await startLoki({ folder });
    };
    const first = loki;
    await start();
    await push('again', [{ body: 'killed' }, { body: 'old and killed', timeMs: Date.now() - 30 * HOUR_MS }]);
    await loki.program.kill();
    await start();
    await push('again', [{ body: 'stopped' }]);
    await loki.stop();
    await start();
    try {
      const found = await texts('again', { sinceMs: 2 * DAY_MS });
      expect(found.sort()).toEqual(['killed', 'old and killed', 'stopped']);
    } finally {
      await loki.stop();
      loki = first;
    }
  });

  it('deletes exactly what an erasure request matches', async () => {
    const folder = join(place.folder, 'erasure');
    // A shortened wait instead of a day: the restart has written everything to the store.
    const flags = ['-compactor.delete-request-cancel-period=1s', '-compactor.compaction-interval=2s'];
    const first = loki;
    const actor = (id: string, timeMs = Date.now()) => ({ body: id, attributes: { 'audit.actor.id': id }, timeMs });
    const yesterday = Date.now() - DAY_MS;
    loki = await startLoki({ folder });
    try {
      await push('erasure', [actor('u-1'), actor('u-2'), actor('u-1', yesterday), actor('u-2', yesterday)]);
      await stopForGood(folder);
      loki = await startLoki({ folder, flags });
      const seconds = (ms: number) => String(Math.floor(ms / 1000));
      const request = new URLSearchParams({
        query: '{service_name=~".+"} | audit_actor_id="u-1"',
        start: seconds(yesterday - DAY_MS),
        end: seconds(Date.now()),
      });
      expect((await post(loki.url, `/loki/api/v1/delete?${request}`, {}, TENANT)).status).toBe(204);
      await eventually(
        'request that was processed',
        async () => (await getJson(`${loki.url}/loki/api/v1/delete`, TENANT)) as { status: string }[],
        { accept: (requests) => requests.every(({ status }) => status === 'processed'), timeoutMs: 110_000 },
      );
      await stopForGood(folder);
      // They are gone even without the request, which alone would only hide them.
      await rm(join(folder, 'chunks/index/delete_requests'), { recursive: true });
      loki = await startLoki({ folder });
      expect(await getJson(`${loki.url}/loki/api/v1/delete`, TENANT)).toEqual([]);
      expect(await texts('erasure', { sinceMs: 3 * DAY_MS })).toEqual(['u-2', 'u-2']);
    } finally {
      await loki.stop();
      loki = first;
    }
  }, 150_000);
});

describe('the retention of Loki', () => {
  const preset = (name: string) => ({ MCP_LOKI_RETENTION_FILE: join(CONFIG, 'loki/retention', name) });

  it('deletes nothing until a preset is chosen, and then as the preset says, by label', async () => {
    const folder = join(place.folder, 'retention');
    const first = loki;
    const [old, older] = [100 * DAY_MS, 400 * DAY_MS].map((age) => Date.now() - age) as [number, number];
    const records = [old, older].map((timeMs) => ({ body: timeMs === old ? 'old' : 'older', timeMs }));
    const flags = ['-compactor.compaction-interval=2s', '-compactor.retention-delete-delay=1s'];
    const left = async () => {
      const lines = await queryLines(loki.url, '{service_name="retention"}', { sinceMs: 410 * DAY_MS });
      return lines.map(({ text, labels }) => `${text} ${labels.service_namespace}`).sort();
    };
    const everything = ['old health', 'old shop', 'older health', 'older shop'];
    try {
      loki = await startLoki({ folder });
      for (const namespace of ['health', 'shop']) {
        const request = logsRequest(records, 'retention');
        request.resourceLogs[0]?.resource.attributes.push(...attributes({ 'service.namespace': namespace }));
        expect((await post(loki.url, '/otlp/v1/logs', request, TENANT)).status).toBe(204);
      }
      await stopForGood(folder);

      loki = await startLoki({ folder, flags });
      await compacted(loki.url, /^loki_compactor_apply_retention_last_successful_run_timestamp_seconds [1-9]/m);
      await stopForGood(folder);
      loki = await startLoki({ folder });
      expect(await left()).toEqual(everything);
      await stopForGood(folder);

      loki = await startLoki({ folder, flags, env: preset('6-years.yaml') });
      await compacted(
        loki.url,
        /^loki_boltdb_shipper_retention_marker_table_processed_total{action="(modified|deleted)"/m,
      );
      await stopForGood(folder);
      loki = await startLoki({ folder });
      expect(await left()).toEqual(everything.filter((line) => line !== 'older shop'));
    } finally {
      await loki.stop();
      loki = first;
    }
  });

  it.each(['30-days.yaml', '1-year.yaml', '6-years.yaml'])('has a valid preset %s', async (name) => {
    const chosen = await startLoki({ folder: join(place.folder, name), env: preset(name) });
    await chosen.stop();
  });

  it('does not start with a missing or invalid file, and names it', async () => {
    const { loki: file } = await programs(['loki']);
    const wrong = join(place.folder, 'wrong.yaml');
    await writeFile(wrong, 'overrides:\n  mcp-audit: {retention_perod: 720h}\n');
    const args = [`-config.file=${join(CONFIG, 'loki/loki.yaml')}`, '-config.expand-env=true'];
    for (const [path, said] of [
      ['/none/2-years.yaml', 'open /none/2-years.yaml'],
      [wrong, 'field retention_perod not found'],
    ] as const) {
      const env = {
        MCP_LOKI_HTTP_PORT: String(await freePort()),
        MCP_LOKI_GRPC_PORT: String(await freePort()),
        MCP_LOKI_DIR: join(place.folder, 'wrong'),
        MCP_LOKI_RETENTION_FILE: path,
      };
      // Loki does not always exit then, but is never ready.
      const program = await startProgram({ name: 'Loki', file: file as string, args, env });
      await eventually(`"${said}"`, () => program.output, { accept: (output) => output.includes(said) });
      const url = `http://127.0.0.1:${env.MCP_LOKI_HTTP_PORT}/ready`;
      const ready = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
      expect(ready?.status).not.toBe(200);
      await program.kill();
    }
  });
});

/** Stops Loki and deletes everything except its store: other copies, kept for minutes or hours, would come back at the next start. */
async function stopForGood(folder: string) {
  await loki.stop();
  for (const name of await readdir(folder)) {
    if (name !== 'chunks') await rm(join(folder, name), { recursive: true });
  }
}

/** Waits for the compactor's metrics. */
const compacted = (url: string, metric: RegExp) =>
  eventually('work of the compactor', async () => metric.test(await (await fetch(`${url}/metrics`)).text()), {
    timeoutMs: 60_000,
  });
