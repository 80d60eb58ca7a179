import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { configArguments, startCollector } from '../../collector-config/stack/collector.mjs';
import { startProgram } from '../../collector-config/stack/process.mjs';
import { collectorPlace, type Place, type Running } from './support/collector.js';
import { eventually } from './support/eventually.js';
import { logsRequest, post } from './support/otlp.js';
import { readLogs } from './support/sink.js';

const CHOICE = { backends: ['archive-file', 'discard-rest'] };
const START_OF_LINE = '{"resourceLogs":';

let place: Place;
let running: Running | undefined;
let archive: string;

beforeEach(async () => {
  place = await collectorPlace();
  archive = place.env({})['MCP_ARCHIVE_DIR'] as string;
});
afterEach(async () => {
  await running?.kill();
  await place.remove();
});

const send = (body: string) =>
  post(
    place.otlp,
    '/v1/logs',
    logsRequest([{ eventName: 'mcp_audit.response', body, attributes: { 'audit.record.id': body.slice(0, 36) } }]),
  );

const current = () => join(archive, 'mcp-audit.jsonl');

/** Each line of the archive, from the last beginning in it: a line that was cut off is before the next. */
async function wholeLines(): Promise<any[]> {
  const lines = (await readFile(current(), 'utf8')).split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line.slice(line.lastIndexOf(START_OF_LINE))));
}

const bodiesIn = (requests: any[]): string[] =>
  requests.flatMap(({ resourceLogs }) =>
    resourceLogs[0].scopeLogs[0].logRecords.map(({ body }: any) => body.stringValue),
  );

it('the archive has every acknowledged record, even if the Collector is killed', async () => {
  running = await place.start(CHOICE);
  const acknowledged: string[] = [];
  const senders = Array.from({ length: 8 }, async () => {
    for (;;) {
      const body = `${randomUUID()} «ü» \r\n\t"\\`;
      const status = await send(body).then(
        (answer) => answer.status,
        () => 0,
      );
      if (status !== 200) return;
      acknowledged.push(body);
    }
  });
  await eventually('a hundred answers', () => acknowledged.length > 100, { everyMs: 10 });
  await running.kill();
  await Promise.all(senders);
  const archived = new Set((await readLogs(current())).map(({ body }) => body.stringValue));
  expect(acknowledged.filter((body) => !archived.has(body))).toEqual([]);

  // A restart appends to the same file, where the kill may have cut off a line.
  running = await place.start(CHOICE);
  expect((await send('after')).status).toBe(200);
  const bodies = bodiesIn(await wholeLines());
  expect(bodies).toEqual(expect.arrayContaining([acknowledged[0], 'after']));
});

it('the archive has lines that can be resent unchanged', async () => {
  running = await place.start(CHOICE);
  await send(JSON.stringify({ a: ' «ü» 漢字 \r\n', id: randomUUID() }));
  const [line] = (await readFile(current(), 'utf8')).split('\n');
  expect(await post(place.otlp, '/v1/logs', JSON.parse(line as string))).toMatchObject({ status: 200 });
  expect((await readFile(current(), 'utf8')).split('\n')).toEqual([line, line, '']);
});

it('the archive keeps all rotated files', async () => {
  const small = fileURLToPath(new URL('./fixtures/small-archive.yaml', import.meta.url));
  running = await startCollector({
    otelcol: place.otelcol,
    files: [...place.files(CHOICE), small],
    env: place.env({}),
  });
  const ids: string[] = [];
  for (let number = 0; number < 110; number++) {
    const id = randomUUID();
    expect((await send(`${id}${'x'.repeat(900_000)}`)).status).toBe(200);
    ids.push(id);
  }
  await setTimeout(500); // Time for the background removal of old files.
  const files = await readdir(archive);
  expect(files.length).toBeGreaterThan(101); // The default would keep 100 and the current one.
  const found = new Set<string>();
  for (const file of files)
    for (const { body } of await readLogs(join(archive, file))) found.add(body.stringValue.slice(0, 36));
  expect(ids.filter((id) => !found.has(id))).toEqual([]);
});

it('the archive rejects records when the disk is full, and all acknowledged ones stay readable', async () => {
  const args = ['-c', 'ulimit -f 256; exec "$0" "$@"', place.otelcol, ...configArguments(place.files(CHOICE))];
  const readyUrl = `http://127.0.0.1:${place.ports['MCP_HEALTH_PORT']}/`;
  running = await startProgram({ name: 'the Collector', file: '/bin/bash', args, env: place.env({}), readyUrl });
  const acknowledged: string[] = [];
  for (let number = 0; ; number++) {
    const body = `${number} ${randomUUID()} {"resourceLogs":[] ${'x'.repeat(10_000)}`;
    const { status, text } = await send(body);
    if (status === 200) acknowledged.push(body);
    else {
      expect({ status, text }).toEqual({
        status: 503,
        text: expect.stringMatching(/mcp-audit\.jsonl: file too large/),
      });
      break;
    }
  }
  expect(acknowledged.length).toBeGreaterThan(5);
  await running.kill();
  // The disk has room again.
  running = await place.start(CHOICE);
  for (const body of ['next', 'the one after']) {
    expect((await send(body)).status).toBe(200);
    acknowledged.push(body);
  }
  const lines = (await readFile(current(), 'utf8')).split('\n').filter(Boolean);
  expect(bodiesIn(await wholeLines())).toEqual(acknowledged);
  expect(lines.filter((line) => line.lastIndexOf(START_OF_LINE) > 0)).toHaveLength(1);
});
