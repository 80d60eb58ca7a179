/** What Elasticsearch does with unusual documents, where `elastic/README.md` says it, or the files of `elastic/` depend on it. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ElasticPlace } from './place.js';

const STREAM = 'logs-mcp.audit.otel-documents';

interface Item {
  readonly id?: string;
  readonly source?: object;
}

export function documents(place: () => ElasticPlace) {
  /** The statuses of a bulk request and of its documents. */
  const bulk = async (...items: Item[]) => {
    const writer = await place().writer();
    const lines = items.flatMap(({ id, source }) => [
      { create: { _index: STREAM, _id: id, require_data_stream: true } },
      { '@timestamp': new Date().toISOString(), attributes: {}, ...source },
    ]);
    const { status, body } = await writer('POST', '_bulk', lines);
    return { status, items: (body.items ?? []).map((item: any) => item.create.status) };
  };
  const stored = async (id: string) => (await place().having(STREAM, { _id: id }))[0];
  const found = async (field: string, value: unknown) =>
    (await place().having(STREAM, { [field]: value })).map(({ id }) => id);

  describe('index templates', () => {
    it('that replace `attributes` without the targets of aliases are rejected', async () => {
      const own = { type: 'passthrough', priority: 20, properties: { 'audit.record.id': { type: 'keyword' } } };
      await place().admin('PUT', '_component_template/mine', {
        template: { mappings: { properties: { attributes: own } } },
      });
      const { status, body } = await place().admin('PUT', '_index_template/mine', {
        index_patterns: ['logs-mine.otel-*'],
        priority: 300,
        data_stream: {},
        composed_of: ['otel@mappings', 'logs-otel@mappings', 'semconv-resource-to-ecs@mappings', 'mine'],
      });
      expect(status).toBe(400);
      const reason = JSON.stringify(body);
      expect(reason).toMatch(/Invalid \[path\] value \[attributes\.exception\.\w+\] for field alias/);
    });
  });

  describe('a bulk request', () => {
    it('is rejected as a whole for one id of more than 512 bytes', async () => {
      const good = randomUUID();
      expect(await bulk({ id: good }, { id: 'x'.repeat(513) })).toEqual({ status: 400, items: [] });
      expect(await stored(good)).toBeUndefined();
      expect(await bulk({ id: 'y'.repeat(512) })).toEqual({ status: 200, items: [201] });
    });

    it('is stored but for the document with an invalid time', async () => {
      const answer = await bulk({ source: { '@timestamp': 'soon' } }, {});
      expect(answer).toEqual({ status: 200, items: [400, 201] });
    });
  });

  describe('a document', () => {
    it.each([
      ['an object for a keyword', { 'audit.actor.id': { a: 1 } }, []],
      ['an object for a number', { 'mcp_audit.duration_ms': { a: 1 } }, []],
      ['an object for an unmapped field', { 'someone.elses': { a: { b: 'one' } } }, []],
      ['a number beyond 64 bits', { 'mcp_audit.duration_ms': 2 ** 70 }, ['attributes.mcp_audit.duration_ms']],
      [
        'a text of more than 1,024 characters',
        { 'mcp.resource.uri': 'u'.repeat(1025) },
        ['attributes.mcp.resource.uri'],
      ],
      [
        'a date in mail format',
        { 'mcp_audit.server.first_seen': 'Sun, 29 Nov 2026 10:00:00 GMT' },
        ['attributes.mcp_audit.server.first_seen'],
      ],
    ])('with %s is stored, whole', async (_, attributes, ignored) => {
      const id = randomUUID();
      expect(await bulk({ id, source: { attributes } })).toEqual({ status: 200, items: [201] });
      const document = await stored(id);
      expect(document?.ignored).toEqual(ignored);
      const flat = Object.fromEntries(leaves(document?.source.attributes));
      expect(flat).toEqual(Object.fromEntries(leaves(attributes)));
    });

    it('is found by a text of 1,024 characters, and not by a longer one', async () => {
      const [id, longer] = [randomUUID(), randomUUID()];
      const text = (length: number) => `${id}${'u'.repeat(length - id.length)}`;
      await bulk(
        { id, source: { attributes: { 'mcp.resource.uri': text(1024) } } },
        { id: longer, source: { attributes: { 'mcp.resource.uri': text(1025) } } },
      );
      expect(await found('attributes.mcp.resource.uri', text(1024))).toEqual([id]);
      expect(await found('attributes.mcp.resource.uri', text(1025))).toEqual([]);
    });
  });
}

/** Values with their dotted paths. */
function leaves(value: unknown, path = ''): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path ? `${path}.${key}` : key));
}
