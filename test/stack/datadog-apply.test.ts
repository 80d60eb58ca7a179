/** `datadog/apply.sh` against a stand-in for the API that parses every body with the models of Datadog's client. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ObjectSerializer as V1 } from '@datadog/datadog-api-client/dist/packages/datadog-api-client-v1/models/ObjectSerializer.js';
import { ObjectSerializer as V2 } from '@datadog/datadog-api-client/dist/packages/datadog-api-client-v2/models/ObjectSerializer.js';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { json, Refused, startServer } from './stand-ins/server.mjs';
import { unparsed } from './stand-ins/unparsed.mjs';
import { scratch } from './support/scratch.js';

const APPLY = fileURLToPath(new URL('../../collector-config/datadog/apply.sh', import.meta.url));
const MODELS: Record<string, [typeof V1, string]> = {
  '/api/v1/logs/config/pipelines': [V1, 'LogsPipeline'],
  '/api/v1/logs/config/indexes': [V1, 'LogsIndex'],
  '/api/v1/monitor': [V1, 'Monitor'],
  '/api/v1/dashboard': [V1, 'Dashboard'],
  '/api/v2/security_monitoring/rules': [V2 as unknown as typeof V1, 'SecurityMonitoringStandardRuleCreatePayload'],
};
const API_KEY = '0123456789abcdef0123456789abcdef';
const APP_KEY = 'fedcba9876543210fedcba9876543210fedcba98';

const place = await scratch();
const made: { path: string; id: number; body: any }[] = [];
let api: Awaited<ReturnType<typeof startServer>>;
let settings: Record<string, string>;

beforeAll(async () => {
  api = await startServer({
    refuse: ({ status, message }) => ({ status, body: { errors: [message] } }),
    handle({ method, url, headers, body }) {
      if (headers['dd-api-key'] !== API_KEY || headers['dd-application-key'] !== APP_KEY)
        throw new Refused(403, 'Forbidden');
      const [serializer, model] = MODELS[url.pathname] ?? [];
      if (method !== 'POST' || !serializer || !model) throw new Refused(404, `nothing at ${method} ${url.pathname}`);
      const given = json(body, url.pathname);
      const [wrong] = unparsed(serializer.deserialize(given, model, ''));
      if (wrong) throw new Refused(400, wrong);
      const id = 1_000 + made.push({ path: url.pathname, id: 1_001 + made.length, body: given });
      return { status: 200, body: { creator: { name: 'somebody' }, id, ...given } };
    },
  });
  const file = async (name: string, text: string) => {
    await writeFile(join(place.folder, name), text);
    return join(place.folder, name);
  };
  settings = {
    MCP_DATADOG_SITE: 'datadoghq.eu',
    MCP_DATADOG_API: api.url,
    MCP_DATADOG_API_KEY_FILE: await file('api-key', `${API_KEY}\n`),
    MCP_DATADOG_APP_KEY_FILE: await file('app-key', `${APP_KEY}\n`),
  };
});

afterAll(async () => {
  await api?.stop();
  await place.remove();
});

beforeEach(() => {
  made.length = 0;
});

const apply = async (env: Record<string, string>) =>
  promisify(execFile)('bash', [APPLY], { env: { PATH: String(process.env.PATH), ...env } }).then(
    ({ stdout }) => ({ ok: true, text: stdout }),
    (error) => ({ ok: false, text: String(error.stderr) }),
  );

it('creates everything, and the composite monitor from the ids of created monitors', async () => {
  expect(await apply(settings)).toMatchObject({ ok: true });
  const counts = Object.keys(MODELS).map((path) => made.filter((one) => one.path === path).length);
  expect(Math.min(...counts)).toBeGreaterThan(0);
  const composite = made.at(-1);
  expect(composite?.body.type).toBe('composite');
  const names = [...String(composite?.body.query).matchAll(/\d+/g)].map(
    ([id]) => made.find((one) => one.id === Number(id))?.body.name,
  );
  expect(names).toEqual([expect.stringContaining('no audit records'), expect.stringContaining('tools are called')]);
});

it('skips the given folders', async () => {
  expect((await apply({ ...settings, MCP_DATADOG_SKIP: 'rules indexes' })).ok).toBe(true);
  expect(made.map(({ path }) => path)).not.toContain('/api/v2/security_monitoring/rules');
  expect(made.map(({ path }) => path)).not.toContain('/api/v1/logs/config/indexes');
});

it.each(['MCP_DATADOG_SITE', 'MCP_DATADOG_API_KEY_FILE', 'MCP_DATADOG_APP_KEY_FILE'])(
  'names %s when it is not set',
  async (name) => {
    const { [name]: _, ...rest } = settings;
    const { ok, text } = await apply(rest);
    expect(ok).toBe(false);
    expect(text).toContain(`${name} is not set`);
    expect(made).toEqual([]);
  },
);

it('names the rejected file with the reason, and stops', async () => {
  const { ok, text } = await apply({
    ...settings,
    MCP_DATADOG_APP_KEY_FILE: String(settings.MCP_DATADOG_API_KEY_FILE),
  });
  expect(ok).toBe(false);
  expect(text).toMatch(/pipelines\/mcp-audit\.json: .*Forbidden/);
  expect(made).toEqual([]);
});
