/** The audit trail from the environment: where it goes, beside which SDK, and what it contains. */
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startOtlpReceiver } from '../../examples/support/otlp-receiver.mjs';
import { recordsAmong, recordsIn, recordsOf, Scratch, serve, story } from './audit-trails.js';
import { type Ended, ROOT } from './child.js';
import { installedElsewhere } from './copies.js';

const V1 = 'test/fixtures/safety-server-v1.mjs';
const REGISTER = ['--import', 'mcp-trail/register'];
const OWN_LOGS = ['--import', './test/fixtures/safety-own-logs.mjs'];
const OWN_SDK = ['--import', './test/fixtures/safety-own-sdk.mjs'];
/** No SDK is started, and no warning about that is printed. */
const ALONE = { MCP_TRAIL_SDK: 'off' };

const scratch = new Scratch();
let receiver: Awaited<ReturnType<typeof startOtlpReceiver>>;
beforeAll(async () => {
  receiver = await startOtlpReceiver();
});
beforeEach(() => {
  receiver.logs.length = 0;
});
afterAll(async () => {
  await receiver.close();
  scratch.remove();
});

const CALL = 'response tools/call echo ok';

describe('the audit trail', () => {
  it('reaches the Collector if only the delivery and the endpoint are set', async () => {
    const ended = await serve([...REGISTER, V1], {
      MCP_TRAIL_AUDIT: 'otel',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    });
    expect(ended.stderr).toBe('');
    expect(story(recordsOf(receiver.logs))).toContain(CALL);
  });

  it.each([
    ['', '""'],
    ['off', 'off'],
    [' OFF ', 'OFF'],
    ['false', 'false'],
  ])('is not there when it is %j', async (value) => {
    const exported = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
    const ended = await serve([...REGISTER, V1], { MCP_TRAIL_AUDIT: value, ...exported });
    expect(ended.stderr).toBe('');
    expect(recordsOf(receiver.logs)).toEqual([]);
  });

  it('goes into the working directory by default', async () => {
    const folder = dirname(scratch.path());
    mkdirSync(folder);
    const file = join(ROOT, V1);
    const preload = ['--import', join(ROOT, 'dist/esm/register.js')];
    await serve([...preload, file], { MCP_TRAIL_AUDIT: 'file', ...ALONE }, folder);
    expect(readdirSync(folder)).toEqual(['mcp-audit.jsonl']);
    expect(statSync(join(folder, 'mcp-audit.jsonl')).mode & 0o777).toBe(0o600);
    expect(story(recordsIn(join(folder, 'mcp-audit.jsonl')))).toContain(CALL);
  });

  it('goes into a file with the pid and the service in its name', async () => {
    const path = scratch.path('{service}-{pid}.jsonl');
    const env = { MCP_TRAIL_AUDIT: 'file', MCP_TRAIL_AUDIT_FILE: path, OTEL_SERVICE_NAME: 'my/service', ...ALONE };
    await serve([...REGISTER, V1], env);
    expect(readdirSync(dirname(path))).toEqual([expect.stringMatching(/^my_service-\d+\.jsonl$/)]);
  });

  it('has a debug switch that is on in its first record, at every delivery', async () => {
    const path = scratch.path();
    const ended = await serve([...REGISTER, V1], {
      MCP_TRAIL_AUDIT: 'otel,file',
      MCP_TRAIL_AUDIT_FILE: path,
      MCP_TRAIL_CAPTURE_ARGUMENTS: 'true',
      ...scratch.signed,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    });
    expect(ended.stderr).toBe('');
    const records = recordsIn(path);
    expect(story(records).slice(0, 4)).toEqual(['started', 'config.changed ok', 'checkpoint', 'request initialize']);
    expect(records[1]).toMatchObject({ 'audit.target.id': 'captureArguments', 'mcp_audit.config.change': 'update' });
    expect(recordsOf(receiver.logs)).toEqual(records);
  });
});

describe("the application's own SDK", () => {
  const printed = ({ stderr }: Ended) =>
    story(recordsAmong(stderr.replaceAll('own log: ', '').replace(/^a record of .*\n/gm, '')).records);

  it.each([
    ['before', [...OWN_LOGS, ...OWN_SDK, ...REGISTER]],
    ['after, where it is told to start none', [...REGISTER, ...OWN_LOGS, ...OWN_SDK]],
  ])('gets the records if it is set up %s', async (_when, preloads) => {
    const ended = await serve([...preloads, V1], { MCP_TRAIL_AUDIT: 'otel', ...ALONE });
    expect([printed(ended)[0], printed(ended).at(-1)]).toEqual(['started', 'stopped']);
    expect(printed(ended)).toContain(CALL);
    expect(ended.stderr).not.toContain('mcp-trail: ');
  });

  it('without logs is reported once', async () => {
    const ended = await serve([...OWN_SDK, ...REGISTER, V1], {
      MCP_TRAIL_AUDIT: 'otel',
      OTEL_EXPORTER_OTLP_ENDPOINT: '',
      OTEL_METRICS_EXPORTER: 'none',
    });
    expect(ended.stderr.replaceAll(/^own SDK: .*\n/gm, '')).toBe(
      'mcp-trail: audit records are lost: no OpenTelemetry LoggerProvider is registered. Register one, or set MCP_TRAIL_AUDIT=file\n',
    );
  });

  it('whose logs are turned off is reported once', async () => {
    const ended = await serve([...REGISTER, V1], {
      MCP_TRAIL_AUDIT: 'otel',
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
    });
    expect(ended.stderr).toMatch(/^mcp-trail: audit records are lost: the OpenTelemetry logger is not enabled .*\n$/);
  });
});

describe('an application without an OpenTelemetry SDK', () => {
  let elsewhere: ReturnType<typeof installedElsewhere>;
  beforeAll(() => {
    elsewhere = installedElsewhere();
    for (const file of ['safety-server-v1.mjs', 'safety-behaviour.mjs']) {
      cpSync(join(ROOT, 'test/fixtures', file), join(elsewhere.folder, file));
    }
  });
  afterAll(() => elsewhere.remove());
  const start = (env: Record<string, string>) => serve([...REGISTER, 'safety-server-v1.mjs'], env, elsewhere.folder);

  it.each(['file', 'stderr'])('is audited: %s', async (delivery) => {
    const path = scratch.path();
    const ended = await start({
      MCP_TRAIL_AUDIT: delivery,
      ...scratch.signed,
      ...(delivery === 'file' && { MCP_TRAIL_AUDIT_FILE: path }),
    });
    const { records, rest } = recordsAmong(ended.stderr);
    expect(rest).toMatch(/^mcp-trail: no OpenTelemetry SDK found, spans and metrics are not exported\. Install .*\n$/);
    const told = story(delivery === 'file' ? recordsIn(path) : records);
    expect([told[0], ...told.slice(-2)]).toEqual(['started', 'stopped', 'checkpoint']);
    expect(told).toContain(CALL);
  });

  it('gets one line for each loss', async () => {
    const ended = await start({ MCP_TRAIL_AUDIT: 'otel' });
    expect(ended.stderr).toMatch(
      /^mcp-trail: no OpenTelemetry SDK found.*\nmcp-trail: audit records are lost: no OpenTelemetry Logger.*\n$/,
    );
  });
});

describe('the environment’s settings of records', () => {
  const POLICY = {
    version: 1,
    tags: ['SOC2'],
    rules: [{ id: 'echoes', tool: 'echo', sensitivity: 'restricted', verb: 'read' }],
  };

  async function call(env: Record<string, string>) {
    const path = scratch.path();
    const ended = await serve([...REGISTER, V1], {
      ...ALONE,
      MCP_TRAIL_AUDIT: 'file',
      MCP_TRAIL_AUDIT_FILE: path,
      ...scratch.signed,
      ...env,
    });
    expect(ended.stderr).toBe('');
    const records = recordsIn(path);
    const found = records.find((record) => story([record])[0] === CALL);
    return { records, response: found ?? expect.fail(story(records).join('\n')) };
  }

  it('set their sensitivity, by a policy', async () => {
    const path = scratch.path('policy.json');
    mkdirSync(dirname(path));
    writeFileSync(path, JSON.stringify(POLICY));
    const { response } = await call({ MCP_TRAIL_AUDIT_POLICY: path });
    expect(response).toMatchObject({
      'mcp_audit.classification.rules': ['echoes'],
      'mcp_audit.data.sensitivity': 'restricted',
      'mcp_audit.sensitive': true,
      'mcp_audit.tool.verb': 'read',
      'mcp_audit.policy_tags': ['SOC2'],
    });
  });

  it('add a digest of the arguments, with a key alone', async () => {
    const key = ['feedfacecafebeef', '0011223344556677'].join('');
    const digest = (await call({ MCP_TRAIL_AUDIT_DIGEST_KEY: key })).response['mcp_audit.tool.argument.digest'];
    expect(digest).toMatch(/^hmac-sha256:[0-9a-f]{8}:[0-9a-f]{64}$/);
    const named = await call({ MCP_TRAIL_AUDIT_DIGEST_KEY: key, MCP_TRAIL_AUDIT_DIGEST_KEY_ID: 'k1' });
    const [, id, hash] = String(named.response['mcp_audit.tool.argument.digest']).split(':');
    expect([id, hash]).toEqual(['k1', String(digest).split(':')[2]]);
    expect((await call({})).response['mcp_audit.tool.argument.digest']).toBeUndefined();
  });

  it('keep a server known from the last run, by a state directory', async () => {
    const directory = join(dirname(scratch.path()), 'state');
    const first = await call({ MCP_TRAIL_AUDIT_STATE_DIRECTORY: directory });
    const second = await call({ MCP_TRAIL_AUDIT_STATE_DIRECTORY: directory });
    expect(story(first.records)).toContain('server.observed');
    expect(story(second.records)).not.toContain('server.observed');
    expect(readdirSync(directory).sort()).toEqual(['digest.key', 'inventory.json']);
    for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
    const [known] = JSON.parse(readFileSync(join(directory, 'inventory.json'), 'utf8')).servers;
    expect(known).toMatchObject({ name: 'safety' });
  });

  it('select the events, and add a sentence to each', async () => {
    const { records, response } = await call({ MCP_TRAIL_AUDIT_ATTEMPTS: 'never', MCP_TRAIL_AUDIT_MESSAGES: 'on' });
    expect(story(records).filter((line) => line.startsWith('request'))).toEqual([]);
    expect(response['mcp_audit.message']).toMatch(/echo/);
  });
});
