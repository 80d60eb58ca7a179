/** The stand-in for Elasticsearch accepts and rejects what Elasticsearch 8.19.4 was observed to accept and reject. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startElasticsearch } from '../stack/stand-ins/elasticsearch.mjs';

const STREAM = 'logs-mcp.audit.otel-default';

let elasticsearch: Awaited<ReturnType<typeof startElasticsearch>>;
let folder: string;

beforeAll(async () => {
  elasticsearch = await startElasticsearch();
  folder = await mkdtemp(join(tmpdir(), 'mcp-trail-elastic-'));
  await writeFile(join(folder, 'password'), elasticsearch.admin.password);
  await promisify(execFile)('bash', ['collector-config/elastic/install.sh'], {
    env: {
      PATH: String(process.env['PATH']),
      MCP_ELASTIC_ENDPOINT: elasticsearch.url,
      MCP_ELASTIC_USER: elasticsearch.admin.user,
      MCP_ELASTIC_PASSWORD_FILE: join(folder, 'password'),
      MCP_ELASTIC_API_KEY_FILE: join(folder, 'key'),
    },
  });
});

afterAll(async () => {
  await elasticsearch?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function put(path: string, body: unknown) {
  const { user, password } = elasticsearch.admin;
  const headers = { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
  const response = await fetch(new URL(path, elasticsearch.url), {
    method: 'PUT',
    headers,
    body: JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

type Item = { id?: string; source?: object; index?: string; templates?: object };

/** The statuses of a bulk request and of its documents. */
async function bulk(...items: Item[]) {
  const lines = items.flatMap(({ id, source = {}, index = STREAM, templates }) => [
    { create: { _index: index, _id: id, require_data_stream: true, dynamic_templates: templates } },
    { '@timestamp': '2026-11-29T10:00:00.000Z', attributes: {}, ...source },
  ]);
  const response = await fetch(new URL('_bulk', elasticsearch.url), {
    method: 'POST',
    headers: {
      authorization: `ApiKey ${await readFile(join(folder, 'key'), 'utf8')}`,
      'content-type': 'application/x-ndjson',
    },
    body: lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
  });
  const answer: any = await response.json();
  return { status: response.status, items: (answer.items ?? []).map((item: any) => item.create.status) };
}

const ignoredOf = (id: string) =>
  elasticsearch.documents(`${STREAM}*`).find((document: any) => document.id === id)?.ignored;

it('replaces an earlier passthrough field with a later one, and rejects aliases without a target', async () => {
  const own = { type: 'passthrough', priority: 20, properties: { 'audit.record.id': { type: 'keyword' } } };
  await put('_component_template/mine', { template: { mappings: { properties: { attributes: own } } } });
  const { status, text } = await put('_index_template/mine', {
    index_patterns: ['logs-mine.otel-*'],
    priority: 300,
    data_stream: {},
    composed_of: ['otel@mappings', 'logs-otel@mappings', 'mine'],
  });
  expect(status).toBe(400);
  expect(text).toContain('Invalid [path] value [attributes.exception.type] for field alias [error.exception.type]');
});

it('rejects a whole request for one id of more than 512 bytes, and stores none of its documents', async () => {
  expect(await bulk({ id: 'good' }, { id: 'x'.repeat(513) })).toEqual({ status: 400, items: [] });
  expect(ignoredOf('good')).toBeUndefined();
  expect(await bulk({ id: 'y'.repeat(512) })).toEqual({ status: 200, items: [201] });
});

it.each([
  ['an object for a keyword', { 'audit.actor.id': { a: 1 } }, []],
  ['an object for a number', { 'mcp_audit.duration_ms': { a: 1 } }, []],
  ['an object for an unmapped field', { 'someone.elses': { a: { b: 1 } } }, []],
  ['an overlarge number', { 'mcp_audit.duration_ms': 2 ** 70 }, ['attributes.mcp_audit.duration_ms']],
  ['an overlong keyword', { 'mcp.resource.uri': 'u'.repeat(1025) }, ['attributes.mcp.resource.uri']],
  [
    'a date in mail format',
    { 'mcp_audit.server.first_seen': 'Sun, 29 Nov 2026 10:00:00 GMT' },
    ['attributes.mcp_audit.server.first_seen'],
  ],
])('takes %s', async (what, attributes, ignored) => {
  expect(await bulk({ id: what, source: { attributes } })).toEqual({ status: 200, items: [201] });
  expect(ignoredOf(what)).toEqual(ignored);
});

it('rejects only the document with an invalid time', async () => {
  const answer = await bulk({ id: 'soon', source: { '@timestamp': 'soon' } }, { id: 'beside it' });
  expect(answer).toEqual({ status: 200, items: [400, 201] });
});

it('accepts documents without data_stream fields, and unknown dynamic template names', async () => {
  const index = 'metrics-generic.otel-default';
  expect(await bulk({ id: 'plain', index, templates: { 'metrics.calls': 'no_such_template' } })).toEqual({
    status: 200,
    items: [201],
  });
});

it('maps a structured body to fields', async () => {
  expect(await bulk({ id: 'structured', source: { body: { structured: { answer: 42 } } } })).toMatchObject({
    items: [201],
  });
  expect(elasticsearch.mappingOf(STREAM).properties['body.structured'].properties['answer']).toEqual({ type: 'long' });
});
