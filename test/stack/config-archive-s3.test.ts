import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freePort } from '../../collector-config/stack/ports.mjs';
import { collectorPlace, type Place, type Running } from './support/collector.js';
import { eventually } from './support/eventually.js';
import { attributes, deliver, logsRequest, post } from './support/otlp.js';
import { startS3 } from './support/s3.js';
import { LINES, logRecords } from './support/signed-chain.js';

const CHOICE = { backends: ['archive-s3', 'discard-rest'] };
const BUCKET = 'trail';

const COMMAND = fileURLToPath(new URL('../../dist/cjs/cli.js', import.meta.url));
/** Objects of a service. */
const FOLDER = (service: string) =>
  new RegExp(`^mcp-audit/service=${service}/year=\\d{4}/month=\\d\\d/day=\\d\\d/logs_[\\w-]+\\.json\\.gz$`);

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
  expect(key).toMatch(FOLDER('weather'));
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

it('has a folder for each service of a batch, whatever its name, and mcp-trail reads what is downloaded', async () => {
  s3 = await startS3(port, BUCKET);
  running = await place.start(CHOICE, env());
  const names: Record<string, unknown[]> = {
    weather: ['weather'],
    unknown: [undefined, '', 7],
    'a_b_.._.._c_d_e': ['a/b/../../c=d e'],
    '\\.\\.': ['..'],
    __: ['日本'],
    ['x'.repeat(100)]: ['x'.repeat(1_000_000)],
    chosen: ['chosen'],
  };
  const stolen = { 'mcp_trail.archive.folder': 'service=of-somebody-else' };
  const resourceLogs = Object.values(names).flatMap((each) =>
    each.flatMap((name) => {
      const own = { ...(name === undefined ? {} : { 'service.name': name }), ...(name === 'chosen' ? stolen : {}) };
      const body = JSON.stringify({ name: String(name).slice(0, 20) });
      const [{ scopeLogs }] = logsRequest([{ eventName: 'mcp_audit.response', body }]).resourceLogs as [any];
      return { resource: { attributes: attributes(own) }, scopeLogs };
    }),
  );
  await deliver(place.otlp, { resourceLogs });
  await deliver(place.otlp, logsRequest(logRecords()));
  const count = resourceLogs.length + LINES.length;
  await eventually('all records', stored, { accept: (records) => records.length >= count, timeoutMs: 90_000 });

  const keys = await s3.keys();
  for (const name of Object.keys(names))
    expect(keys.filter((key) => FOLDER(name).test(key)).length, name).toBeGreaterThan(0);
  expect(keys.filter((key) => !Object.keys(names).some((name) => FOLDER(name).test(key)))).toEqual([]);
  const [odd] = keys.filter((key) => FOLDER('unknown').test(key)) as [string];
  const services = (await s3.read(odd)).resourceLogs.map(({ resource }: any) => resource.attributes);
  expect(JSON.stringify(services)).not.toContain('weather');

  const folder = join(place.folder, 'downloaded');
  const files: string[] = [];
  for (const key of keys.filter((each) => FOLDER('weather').test(each))) {
    files.push(join(folder, key));
    await mkdir(join(folder, key, '..'), { recursive: true });
    await writeFile(join(folder, key), await s3.bytes(key));
  }
  const run = (...args: string[]) => spawnSync(process.execPath, [COMMAND, ...args], { encoding: 'utf8' });
  const verified = run('verify', folder, '--unsigned');
  expect(verified.stdout).toContain(`intact: ${LINES.length} records`);
  expect(verified.status).toBe(0);
  const query = run('query', folder, '--output', 'jsonl');
  expect(query.stdout.trim().split('\n')).toHaveLength(LINES.length);
  const { trace_id: id } = JSON.parse(LINES[0] as string);
  expect(run('timeline', '--max-line', '16', id, ...files).status).toBe(0);
}, 240_000);
