import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freePort } from '../../collector-config/stack/ports.mjs';
import { collectorPlace, type Place, type Running } from './support/collector.js';
import { eventually } from './support/eventually.js';
import { logsRequest, post } from './support/otlp.js';
import { startS3 } from './support/s3.js';

const CHOICE = { backends: ['archive-s3', 'discard-rest'] };
const BUCKET = 'trail';

let place: Place;
let running: Running | undefined;
let s3: Awaited<ReturnType<typeof startS3>> | undefined;
let port: number;

beforeEach(async () => {
  place = await collectorPlace();
  port = await freePort();
});
afterEach(async () => {
  await running?.kill();
  await s3?.program.stop();
  await place.remove();
});

const env = () => ({
  MCP_S3_BUCKET: BUCKET,
  MCP_S3_ENDPOINT: `http://127.0.0.1:${port}`,
  MCP_S3_FORCE_PATH_STYLE: 'true',
  MCP_S3_DISABLE_TLS: 'true',
  AWS_ACCESS_KEY_ID: 'of-nobody',
  AWS_SECRET_ACCESS_KEY: 'of-nobody',
});

async function acknowledged(count: number): Promise<string[]> {
  const bodies = Array.from({ length: count }, () => JSON.stringify({ id: randomUUID(), text: ' «ü» \r\n' }));
  for (const body of bodies) {
    const answer = await post(place.otlp, '/v1/logs', logsRequest([{ eventName: 'mcp_audit.response', body }]));
    expect(answer.status).toBe(200);
  }
  return bodies;
}

/** All records in the bucket. */
async function stored(): Promise<any[]> {
  const objects = await Promise.all(((await s3?.keys()) ?? []).map((key) => s3?.read(key)));
  return objects.flatMap(({ resourceLogs }) =>
    resourceLogs.flatMap(({ scopeLogs }: any) => scopeLogs.flatMap(({ logRecords }: any) => logRecords)),
  );
}

const allStored = (bodies: readonly string[]) =>
  eventually('all records', stored, {
    accept: (records) => bodies.every((body) => records.some((record) => record.body.stringValue === body)),
    timeoutMs: 90_000,
  });

it('keeps records in objects that cannot be deleted', async () => {
  s3 = await startS3(port, BUCKET);
  running = await place.start(CHOICE, env());
  const bodies = await acknowledged(20);
  const records = await allStored(bodies);
  expect(records.map((record) => record.body.stringValue).sort()).toEqual([...bodies].sort());
  expect(records[0]).toMatchObject({ eventName: 'mcp_audit.response' });
  const [key] = await s3.keys();
  expect(key).toMatch(/^mcp-audit\/year=\d{4}\/month=\d\d\/day=\d\d\/hour=\d\d\/minute=\d\d\/.*\.json(\.gz)?$/);
  const { mode, until } = await s3.lock(key as string);
  expect(mode).toBe('COMPLIANCE');
  expect(Date.parse(String(until))).toBeGreaterThan(Date.now() + 364 * 86_400_000);
  expect(await s3.remove(key as string)).toContain('<Code>AccessDenied</Code>');
  expect(await stored()).toHaveLength(bodies.length);
}, 240_000);

it('loses nothing when the store is down and the Collector is killed', async () => {
  running = await place.start(CHOICE, env());
  const bodies = await acknowledged(30);
  await running.kill();
  running = await place.start(CHOICE, env());
  bodies.push(...(await acknowledged(5)));
  s3 = await startS3(port, BUCKET);
  await allStored(bodies);
}, 240_000);
