/** `elastic/install.sh`, and who may do what afterwards. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { ElasticPlace } from './place.js';

const SETUP = fileURLToPath(new URL('../../../collector-config/compose/elastic-setup.sh', import.meta.url));
const STREAM = 'logs-mcp.audit.otel-access';

export function installation(place: () => ElasticPlace) {
  describe('install.sh', () => {
    it('installs everything', async () => {
      const { body } = await place().admin('GET', '_index_template/mcp-audit*');
      const names = body.index_templates.map(({ name }: { name: string }) => name).sort();
      expect(names).toEqual(['mcp-audit', 'mcp-audit-hipaa', 'mcp-audit-soc2']);
      const roles = await place().admin('GET', '_security/role/mcp-audit-reader,mcp-audit-eraser');
      expect(Object.keys(roles.body)).toHaveLength(2);
      expect(place().kibana.rules.length).toBeGreaterThanOrEqual(9);
      expect(place().kibana.savedObjects.length).toBeGreaterThanOrEqual(3);
    });

    it('keeps the private key file when it runs again', async () => {
      const before = await readFile(place().keyFile, 'utf8');
      // A relative path is the caller's.
      const again = await place().install({ ...place().settings, MCP_ELASTIC_API_KEY_FILE: 'collector-key' });
      expect(again).toMatchObject({ ok: true, text: expect.stringContaining('kept the key') });
      expect(await readFile(place().keyFile, 'utf8')).toBe(before);
      expect((await stat(place().keyFile)).mode & 0o777).toBe(0o600);
    });

    it.each(['MCP_ELASTIC_ENDPOINT', 'MCP_ELASTIC_USER', 'MCP_ELASTIC_PASSWORD_FILE', 'MCP_ELASTIC_API_KEY_FILE'])(
      'refuses to run without %s',
      async (name) => {
        const { [name]: _, ...rest } = place().settings;
        const { ok, text } = await place().install(rest);
        expect(ok).toBe(false);
        expect(text).toContain(`${name} is not set`);
      },
    );

    it('reports a failed request with its response', async () => {
      const wrong = join(place().folder, 'wrong-password');
      await writeFile(wrong, 'd3Jvbmc=');
      const { ok, text } = await place().install({ ...place().settings, MCP_ELASTIC_PASSWORD_FILE: wrong });
      expect(ok).toBe(false);
      expect(text).toMatch(/PUT .*_ilm\/policy\/mcp-audit-default: .*unable to authenticate/);
      expect(text).not.toContain('d3Jvbmc=');
    });

    it('runs after the password of Kibana is set, in compose.elastic.yaml', async () => {
      const passwordFile = join(place().folder, 'kibana-password');
      await writeFile(passwordFile, '0123abcd\n');
      const env = { PATH: String(process.env['PATH']), ...place().settings, MCP_KIBANA_PASSWORD_FILE: passwordFile };
      const { stdout } = await promisify(execFile)('bash', [SETUP], { env });
      const kibana = place().as(place().basic('kibana_system', '0123abcd'));
      expect((await kibana('GET', '_security/_authenticate')).status).toBe(200);
      expect(stdout).toContain('kept the key');
    });
  });
}

export function access(place: () => ElasticPlace) {
  /** One action of a bulk request, and what came of it. */
  const bulk = async (request: ReturnType<ElasticPlace['as']>, action: object, document?: object) => {
    const { status, body } = await request('POST', '_bulk', document ? [action, document] : [action]);
    return body.items ? (Object.values(body.items[0]) as any)[0].status : status;
  };
  const document = { '@timestamp': new Date().toISOString(), attributes: { 'audit.record.id': 'one' } };
  const create = (id: string) => ({ create: { _index: STREAM, _id: id } });
  const person = async (role: string) => {
    const [user, password] = [`a-${role}`, randomBytes(12).toString('hex')];
    await place().admin('PUT', `_security/user/${user}`, { password, roles: [role] });
    return place().as(place().basic(user, password));
  };
  const backing = async () => {
    const [first] = await place().search(STREAM);
    return String(first?.index);
  };

  describe('the key of the Collector', () => {
    it('creates documents, once each', async () => {
      const writer = await place().writer();
      expect(await bulk(writer, create('one'), document)).toBe(201);
      expect(await bulk(writer, create('one'), document)).toBe(409);
    });

    it('does nothing else: neither read, change, delete, nor roll over', async () => {
      const writer = await place().writer();
      const index = await backing();
      const changed = { ...document, attributes: { 'audit.record.id': 'two' } };
      expect((await writer('GET', `${STREAM}/_search`)).status).toBe(403);
      expect((await writer('GET', `${index}/_doc/one`)).status).toBe(403);
      expect((await writer('POST', '_query', { query: `FROM ${STREAM} | LIMIT 1` })).status).toBeGreaterThanOrEqual(
        400,
      );
      const version = { if_seq_no: 0, if_primary_term: 1 };
      expect(await bulk(writer, { index: { _index: index, _id: 'one', ...version } }, changed)).toBe(403);
      expect(await bulk(writer, { update: { _index: index, _id: 'one' } }, { doc: changed })).toBe(403);
      expect(await bulk(writer, { delete: { _index: index, _id: 'one' } })).toBe(403);
      for (const [method, path] of [
        ['DELETE', index],
        ['POST', `${STREAM}/_rollover`],
        ['PUT', `${index}/_settings`],
        ['PUT', '_index_template/mcp-audit'],
        ['GET', '_security/user'],
      ] as const) {
        const { status } = await writer(method, path, method === 'PUT' ? { index_patterns: ['x'] } : undefined);
        expect(`${method} ${path}: ${status}`).toBe(`${method} ${path}: 403`);
      }
      expect(await bulk(writer, { create: { _index: 'elsewhere', _id: 'one' } }, document)).toBe(403);
      const [kept] = await place().search(STREAM);
      expect(kept?.source.attributes).toEqual(document.attributes);
    });
  });

  describe('the role', () => {
    it('mcp-audit-reader reads, and does nothing else', async () => {
      const reader = await person('mcp-audit-reader');
      const index = await backing();
      expect((await reader('POST', `${STREAM}/_search`)).body.hits.total.value).toBe(1);
      expect((await reader('POST', '_query', { query: `FROM ${STREAM} | LIMIT 1` })).status).toBe(200);
      expect(await bulk(reader, create('two'), document)).toBe(403);
      expect(await bulk(reader, { delete: { _index: index, _id: 'one' } })).toBe(403);
      expect((await reader('DELETE', index)).status).toBe(403);
      expect((await reader('POST', 'logs-generic.otel-*/_search')).body.hits?.total.value ?? 0).toBe(0);
    });

    it('mcp-audit-eraser erases, also where writes are blocked, and cannot write', async () => {
      const eraser = await person('mcp-audit-eraser');
      const index = await backing();
      expect(await bulk(eraser, create('two'), document)).toBe(403);
      // As after a rollover.
      expect((await place().admin('POST', `${STREAM}/_rollover`)).status).toBe(200);
      await place().admin('PUT', `${index}/_settings`, { 'index.blocks.write': true });
      expect(await bulk(eraser, { delete: { _index: index, _id: 'one' } })).toBe(403);
      expect((await eraser('PUT', `${index}/_settings`, { 'index.blocks.write': false })).status).toBe(200);
      expect(await bulk(eraser, { delete: { _index: index, _id: 'one' } })).toBe(200);
      expect((await eraser('POST', `${index}/_forcemerge?only_expunge_deletes=true`)).status).toBe(200);
      expect(await place().search(STREAM)).toEqual([]);
    });
  });
}
