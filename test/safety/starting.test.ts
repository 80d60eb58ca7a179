/** How the register entry starts, or does not: its lines are short, and on stderr. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startOtlpReceiver } from '../../examples/support/otlp-receiver.mjs';
import { Child, type Ended, ROOT } from './child.js';
import { installedElsewhere } from './copies.js';
import { callEcho, HANDSHAKE } from './stdio-servers.js';

const V1 = 'test/fixtures/safety-server-v1.mjs';
const LATE_SDK = 'test/fixtures/safety-late-sdk.mjs';
const REGISTER = ['--import', 'mcp-trail/register'];
const OWN_SDK = ['--import', './test/fixtures/safety-own-sdk.mjs'];
const OBSERVED = 'own SDK: tools/call echo\n';

let receiver: Awaited<ReturnType<typeof startOtlpReceiver>>;
beforeAll(async () => {
  receiver = await startOtlpReceiver();
});
beforeEach(() => {
  receiver.spans.length = 0;
});
afterAll(() => receiver.close());

/** Starts a server, calls its tool once, and ends its input. */
async function serve(args: readonly string[], env: Record<string, string> = {}, cwd = ROOT): Promise<Ended> {
  const child = new Child(
    args,
    { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', ...env },
    cwd,
  );
  child.write(...HANDSHAKE, callEcho('only'));
  await child.printed('"id":"echo only"');
  child.endInput();
  const ended = await child.ended;
  expect(ended).toMatchObject({ code: 0, signal: null });
  return ended;
}

const received = () => receiver.spans.map((span) => span.name).filter((name) => name === 'tools/call echo').length;

describe('the register entry', () => {
  const cases: readonly {
    readonly what: string;
    readonly args: readonly string[];
    readonly env?: Record<string, string>;
    /** Spans of the call that arrive at the endpoint. */
    readonly exported: number;
    readonly stderr: string | RegExp;
  }[] = [
    { what: 'starts an SDK', args: [...REGISTER, V1], exported: 1, stderr: '' },
    {
      what: 'starts one SDK and observes once, however often it is loaded',
      args: [...REGISTER, '--require', 'mcp-trail/register', ...REGISTER, V1],
      exported: 1,
      stderr: '',
    },
    {
      what: 'starts none when told so',
      args: [...REGISTER, V1],
      env: { MCP_TRAIL_SDK: 'off' },
      exported: 0,
      stderr: '',
    },
    {
      what: 'observes for the SDK that the application registers when told to start none',
      args: [...REGISTER, LATE_SDK],
      env: { MCP_TRAIL_SDK: ' OFF ' },
      exported: 0,
      stderr: new RegExp(`^(own SDK: .*\n)*${OBSERVED}$`),
    },
    {
      what: 'does nothing when OpenTelemetry is disabled',
      args: [...REGISTER, LATE_SDK],
      env: { OTEL_SDK_DISABLED: 'true' },
      exported: 0,
      stderr: '',
    },
    {
      what: 'does nothing when it is disabled itself',
      args: [...REGISTER, LATE_SDK],
      env: { MCP_TRAIL_ENABLED: 'false' },
      exported: 0,
      stderr: '',
    },
    {
      what: 'adds itself to the SDK that was registered before it, and says what does not go where OTEL_* says',
      args: [...OWN_SDK, ...REGISTER, V1],
      exported: 0,
      stderr: new RegExp(
        '^mcp-trail: spans do not go where OTEL_EXPORTER_OTLP_ENDPOINT says: .*\n' +
          `mcp-trail: metrics are lost: .* OTEL_METRICS_EXPORTER=none\n(own SDK: .*\n)*${OBSERVED}$`,
      ),
    },
    {
      what: 'adds itself to the SDK that was registered before it, and says nothing where that is what is asked for',
      args: [...OWN_SDK, ...REGISTER, V1],
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: '', OTEL_METRICS_EXPORTER: 'none' },
      exported: 0,
      stderr: new RegExp(`^(own SDK: .*\n)*${OBSERVED}$`),
    },
    {
      what: 'gives way to the SDK that the application registers later, but keeps MCP telemetry, and says so',
      args: [...REGISTER, LATE_SDK],
      exported: 1,
      stderr:
        /^mcp-trail: the application has registered .* MCP telemetry still goes to http:.* MCP_TRAIL_SDK=off .*\n$/,
    },
    {
      what: 'gives no MCP telemetry to the SDK that the application registers later where none is asked for',
      args: [...REGISTER, LATE_SDK],
      env: { OTEL_TRACES_EXPORTER: 'none' },
      exported: 0,
      stderr: '',
    },
    {
      what: 'says once what a bad value is read as, and what is accepted',
      args: [...REGISTER, '--require', 'mcp-trail/register', V1],
      env: {
        MCP_TRAIL_SDK: 'perhaps',
        MCP_TRAIL_TRUST_INCOMING_CONTEXT: 'nobody',
        MCP_TRAIL_MAX_PENDING_OPERATIONS: '-1',
        MCP_TRAIL_CAPTURE_RESULTS: 'x'.repeat(10_000),
        MCP_TRAIL_TRUST_PROXY: '',
      },
      exported: 1,
      stderr: new RegExp(
        `^${[
          'mcp-trail: MCP_TRAIL_TRUST_INCOMING_CONTEXT is "nobody"; accepted: parent, link. Using parent',
          'mcp-trail: MCP_TRAIL_CAPTURE_RESULTS is "x{38}…; accepted: true, false, on, off, 1, 0. Using false',
          'mcp-trail: MCP_TRAIL_MAX_PENDING_OPERATIONS is "-1"; accepted: a whole number from 1 to 1000000. Using 10000',
          'mcp-trail: MCP_TRAIL_SDK is "perhaps"; accepted: auto, off. Using auto',
        ].join('\n')}\n$`,
      ),
    },
    {
      what: 'says once what the SDK makes of a bad value of its own',
      args: [...REGISTER, '--require', 'mcp-trail/register', V1],
      env: { OTEL_TRACES_SAMPLER: 'nonsense', OTEL_LOG_LEVEL: 'nonsense' },
      exported: 1,
      stderr:
        /^mcp-trail: OTEL_TRACES_SAMPLER is "nonsense"; accepted: .*\nmcp-trail: OTEL_LOG_LEVEL is "nonsense"; accepted: .*\n$/,
    },
    {
      what: 'reports once an unknown variable, and audit settings without an audit trail',
      args: [...REGISTER, '--require', 'mcp-trail/register', V1],
      env: { MCP_TRAIL_AUDT: 'otel', MCP_TRAIL_AUDIT_FILE: '/tmp/x' },
      exported: 1,
      stderr:
        /^mcp-trail: MCP_TRAIL_AUDT .* Did you mean MCP_TRAIL_AUDIT\?\nmcp-trail: MCP_TRAIL_AUDIT_FILE has no effect: .*\n$/,
    },
    {
      what: 'says once that a file is set for records that go elsewhere',
      args: [...REGISTER, V1],
      env: { MCP_TRAIL_AUDIT: 'otel', MCP_TRAIL_AUDIT_FILE: '/tmp/x' },
      exported: 1,
      stderr: /^mcp-trail: MCP_TRAIL_AUDIT_FILE has no effect: .* Set MCP_TRAIL_AUDIT=otel,file .*\n$/,
    },
    {
      what: 'says nothing of the settings of a trail that is turned off',
      args: [...REGISTER, V1],
      env: { MCP_TRAIL_AUDIT: 'off', MCP_TRAIL_AUDIT_FILE: '/tmp/x' },
      exported: 1,
      stderr: '',
    },
    {
      what: 'says nothing of signals that are turned off',
      args: [...REGISTER, V1],
      env: { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' },
      exported: 0,
      stderr: '',
    },
  ];

  it.each(cases)('$what', async ({ args, env, exported, stderr }) => {
    const ended = await serve(args, env);
    expect(received()).toBe(exported);
    if (typeof stderr === 'string') expect(ended.stderr).toBe(stderr);
    else expect(ended.stderr).toMatch(stderr);
  });
});

describe('an application without an OpenTelemetry SDK', () => {
  let elsewhere: ReturnType<typeof installedElsewhere>;
  let folder: string;

  beforeAll(() => {
    elsewhere = installedElsewhere();
    folder = elsewhere.folder;
    for (const file of ['safety-server-v1.mjs', 'safety-behaviour.mjs']) {
      cpSync(join(ROOT, 'test/fixtures', file), join(folder, file));
    }
  });
  afterAll(() => elsewhere.remove());

  const preloads = () => ({
    'by name': 'mcp-trail/register',
    'by file URL': pathToFileURL(join(folder, 'node_modules/mcp-trail/dist/esm/register.js')).href,
  });

  it.each(['by name', 'by file URL'] as const)('is told once what to install, and runs on (%s)', async (how) => {
    const plain = await serve(['safety-server-v1.mjs'], {}, folder);
    const ended = await serve(['--import', preloads()[how], 'safety-server-v1.mjs'], {}, folder);
    expect(ended.stdout).toBe(plain.stdout);
    expect(ended.stderr).toMatch(/^mcp-trail: no OpenTelemetry SDK found.*npm install @opentelemetry\/sdk-node.*\n$/);
    expect(received()).toBe(0);
  });

  it('is told once that the version of its SDK is not supported, and runs on', async () => {
    const application = join(folder, 'application');
    const sdk = join(application, 'node_modules/@opentelemetry/sdk-node');
    mkdirSync(sdk, { recursive: true });
    writeFileSync(join(sdk, 'package.json'), JSON.stringify({ name: '@opentelemetry/sdk-node', version: '0.52.1' }));
    writeFileSync(join(sdk, 'index.js'), "throw new Error('loaded');");
    for (const file of ['safety-server-v1.mjs', 'safety-behaviour.mjs'])
      cpSync(join(ROOT, 'test/fixtures', file), join(application, file));
    const ended = await serve(['--import', preloads()['by file URL'], 'safety-server-v1.mjs'], {}, application);
    expect(ended.stderr).toMatch(
      /^mcp-trail: @opentelemetry\/sdk-node 0\.52\.1 of the application cannot be used \(accepted: 0\.200 to 0\.399\), .*\n$/,
    );
  });

  it('gets no such line if it brings its own SDK', async () => {
    const ended = await serve(
      ['--import', preloads()['by name'], 'safety-server-v1.mjs'],
      { MCP_TRAIL_SDK: 'off' },
      folder,
    );
    expect(ended.stderr).toBe('');
  });
});
