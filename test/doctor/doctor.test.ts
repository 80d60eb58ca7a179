/** `mcp-trail doctor`: what it sends, what it leaves alone, what it hides, and that it ends. */
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startOtlpReceiver } from '../../examples/support/otlp-receiver.mjs';
import { Child, ROOT } from '../safety/child.js';
import { startOtlpEndpoint } from '../support/otlp-endpoint.mjs';
import { newKeyFile } from '../support/signing-key.js';
import { gone, isAlive } from '../wrap/wrapped.js';
import { CLI, doctor, SERVER } from './doctored.js';

const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-doctor-test-'));
const PLAIN = join(ROOT, 'test/wrap/server.mjs');
const V1 = join(ROOT, 'test/fixtures/safety-server-v1.mjs');

let receiver: Awaited<ReturnType<typeof startOtlpReceiver>>;
let env: Record<string, string>;
const servers: Server[] = [];
beforeAll(async () => {
  receiver = await startOtlpReceiver();
  env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
});
beforeEach(() => {
  for (const each of [receiver.spans, receiver.metrics, receiver.logs]) each.length = 0;
});
afterAll(async () => {
  await receiver.close();
  for (const each of servers) each.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Answers every request with this, and a clock that is off by so much. */
async function answering(body: string, aheadMs = 0): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.setHeader('date', new Date(Date.now() + aheadMs).toUTCString());
      response.setHeader('content-type', 'application/json').end(body);
    });
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function program(name: string, code: string): string {
  const file = join(folder, name);
  writeFileSync(file, code);
  return file;
}

/** A server that does something before it starts. */
const serverThat = (name: string, code: string) => [
  ...SERVER.slice(0, 3),
  program(name, `${code}\nawait import(${JSON.stringify(pathToFileURL(V1).href)});`),
];

describe('what doctor sends', () => {
  it('has the name of the service, and says that it is a test', async () => {
    const named = { ...env, OTEL_SERVICE_NAME: 'weather', MCP_TRAIL_AUDIT: 'otel' };
    const { bad, code } = await doctor({ env: named });
    expect({ bad, code }).toEqual({ bad: [], code: 0 });
    const marked = { attributes: expect.objectContaining({ 'mcp_trail.test': true }) };
    expect(receiver.spans).toEqual([expect.objectContaining({ name: 'mcp-trail doctor', ...marked })]);
    expect(receiver.logs).toEqual([expect.objectContaining({ eventName: 'mcp_trail.doctor.test', ...marked })]);
    expect(receiver.metrics.map(({ name }) => name)).toContain('mcp_trail.doctor.tests');
    for (const { resource } of [...receiver.spans, ...receiver.logs])
      expect(resource).toMatchObject({ 'service.name': 'weather' });
  });

  it('is nothing of what the command sends, and no audit record', async () => {
    const { stdout, code } = await doctor({ command: SERVER, env: { ...env, MCP_TRAIL_AUDIT: 'otel' } });
    expect(stdout).toMatch(
      /^ok +trace +[1-9]\d* spans arrived in the trace of the client, with .* [1-9]\d* log records$/m,
    );
    expect(code).toBe(0);
    expect(receiver.spans.map(({ name }) => name)).toEqual(['mcp-trail doctor']);
    expect(receiver.logs.filter(({ eventName }) => eventName?.startsWith('mcp_audit.'))).toEqual([]);
  });

  it('goes over gRPC where that is asked for', async () => {
    const grpc = await startOtlpEndpoint('grpc');
    const asked = { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_ENDPOINT: grpc.url };
    const { bad, lines } = await doctor({ env: asked });
    await grpc.close();
    expect(bad).toEqual([]);
    expect(lines).toContainEqual({
      status: 'ok',
      check: 'traces',
      text: expect.stringMatching(/^grpc to .*: the test was taken$/),
    });
    expect(grpc.spans).toHaveLength(1);
  });

  it('is nothing where a signal is off, printed, or fetched', async () => {
    const off = { OTEL_TRACES_EXPORTER: 'console', OTEL_METRICS_EXPORTER: 'prometheus', OTEL_LOGS_EXPORTER: 'none' };
    const { bad, lines, stderr } = await doctor({ env: { ...env, ...off, MCP_TRAIL_AUDIT: 'otel' } });
    expect({ bad, stderr }).toEqual({ bad: [], stderr: '' });
    const texts = lines.filter(({ check }) => ['traces', 'metrics', 'logs'].includes(check)).map(({ text }) => text);
    expect(texts).toEqual([
      'console: printed on stderr',
      'prometheus: fetched by Prometheus, which is not tested',
      'off: OTEL_LOGS_EXPORTER=none',
    ]);
    expect(receiver.spans).toEqual([]);
  });

  it('is sent in spite of a sampler that takes few', async () => {
    const few = { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.01' };
    expect((await doctor({ env: { ...env, ...few } })).bad).toEqual([]);
    expect(receiver.spans).toHaveLength(1);
    const { bad } = await doctor({ env: { ...env, OTEL_TRACES_SAMPLER: 'parentbased_always_off' } });
    expect(bad).toEqual([
      { status: 'warn', check: 'traces', text: expect.stringContaining('whose caller is sampled') },
    ]);
  });
});

describe('an answer of an endpoint', () => {
  it('that has rejected the test is a failure', async () => {
    const url = await answering('{"partialSuccess":{"rejectedSpans":1,"errorMessage":"quota of secret-tenant"}}');
    const { bad, code, stdout } = await doctor({
      env: { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_METRICS_EXPORTER: 'none' },
    });
    expect(bad).toEqual([
      { status: 'fail', check: 'traces', text: expect.stringContaining('has rejected 1 of the test') },
    ]);
    expect(code).toBe(1);
    expect(stdout).not.toContain('secret-tenant');
  });

  it.each([
    [30_000, 'behind'],
    [-30_000, 'ahead of'],
  ])('that tells another time, by %i ms, is a warning', async (aheadMs, way) => {
    const { bad, code } = await doctor({
      env: { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: await answering('{}', aheadMs) },
    });
    expect(bad).toEqual([
      {
        status: 'warn',
        check: 'clock',
        text: expect.stringMatching(new RegExp(`^this clock is (?:29|30|31) s ${way} `)),
      },
    ]);
    expect(code).toBe(0);
  });
});

describe('doctor leaves alone', () => {
  const audited = (file: string) => ({
    ...env,
    MCP_TRAIL_AUDIT: 'file',
    MCP_TRAIL_AUDIT_FILE: file,
    MCP_TRAIL_AUDIT_STATE_DIRECTORY: join(folder, 'state'),
    MCP_TRAIL_AUDIT_CHECKPOINTS: join(folder, 'checkpoints'),
  });

  it('the audit file that is there', async () => {
    const file = join(folder, 'audit.jsonl');
    writeFileSync(file, '{"a record":"of somebody"}\n', { mode: 0o600 });
    const before = statSync(file);
    const { lines, stdout } = await doctor({ command: SERVER, env: audited(file) });
    expect(lines).toContainEqual({
      status: 'ok',
      check: 'audit',
      text: `the file ${JSON.stringify(file)} can be written`,
    });
    expect(stdout).toContain('SERVER tools/list');
    const { size, mtimeMs } = statSync(file);
    expect({ size, mtimeMs }).toEqual({ size: before.size, mtimeMs: before.mtimeMs });
    expect(readdirSync(folder).filter((name) => /state|checkpoints|audit-/.test(name))).toEqual([]);
  });

  it('the folder in which one would be made', async () => {
    const file = join(folder, 'new/audit-{pid}.jsonl');
    const { lines } = await doctor({ command: SERVER, env: audited(file) });
    expect(lines).toContainEqual({
      status: 'ok',
      check: 'audit',
      text: expect.stringMatching(/new\/audit-\d+\.jsonl" can be created$/),
    });
    expect(existsSync(join(folder, 'new'))).toBe(false);
  });
});

describe('the audit trail', () => {
  const file = (name: string, text: string, mode = 0o600) => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode });
    return path;
  };

  const rows: readonly (readonly [what: string, variables: () => Record<string, string>, says: RegExp])[] = [
    [
      'a file that others can read',
      () => ({ MCP_TRAIL_AUDIT_FILE: file('open.jsonl', '', 0o644) }),
      /^warn the file .* has the mode 0644: users other/,
    ],
    [
      'a symbolic link',
      () => {
        const path = join(folder, 'link.jsonl');
        symlinkSync(file('target.jsonl', ''), path);
        return { MCP_TRAIL_AUDIT_FILE: path };
      },
      /^fail audit records are lost: .* is a symbolic link, and links are refused/,
    ],
    [
      'a key that is missing',
      () => ({ MCP_TRAIL_AUDIT_SIGNING_KEY_FILE: join(folder, 'no.key') }),
      /^fail MCP_TRAIL_AUDIT_SIGNING_KEY_FILE is .* cannot be read \(ENOENT\)/,
    ],
    [
      'a key of digests that is too short',
      () => ({ MCP_TRAIL_AUDIT_DIGEST_KEY: 'xx' }),
      /^fail MCP_TRAIL_AUDIT_DIGEST_KEY /,
    ],
    [
      'a state directory below a file',
      () => ({ MCP_TRAIL_AUDIT_STATE_DIRECTORY: join(file('f', ''), 'state') }),
      /^fail MCP_TRAIL_AUDIT_STATE_DIRECTORY is .* cannot be used/,
    ],
    [
      'a rule of the policy',
      () => ({ MCP_TRAIL_AUDIT_POLICY: file('policy.json', '{"version":1,"rules":[{"id":"a","verb":"drop"}]}') }),
      /^fail MCP_TRAIL_AUDIT_POLICY: .*policy\.json: rules\[0\]/,
    ],
    [
      'a policy that is missing',
      () => ({ MCP_TRAIL_AUDIT_POLICY: join(folder, 'no.json') }),
      /^fail MCP_TRAIL_AUDIT_POLICY: .*no\.json: the policy /,
    ],
    [
      'a lock that cannot be read as JSON',
      () => ({ MCP_TRAIL_AUDIT_TOOL_LOCK: file('lock.json', '{') }),
      /^fail MCP_TRAIL_AUDIT_TOOL_LOCK: .*lock\.json: the tool lock /,
    ],
    [
      'checkpoints in the audit file',
      () => ({
        MCP_TRAIL_AUDIT_FILE: join(folder, 'same.jsonl'),
        MCP_TRAIL_AUDIT_CHECKPOINTS: join(folder, 'same.jsonl'),
      }),
      /^fail checkpoints of the audit trail are not in the second place: .* is the audit file itself/,
    ],
  ];

  it.each(rows)('is examined for %s', async (_, variables, says) => {
    const { path: key } = newKeyFile(mkdtempSync(join(folder, 'key-')));
    const set = {
      MCP_TRAIL_AUDIT: 'file',
      MCP_TRAIL_AUDIT_FILE: join(folder, 'fine.jsonl'),
      MCP_TRAIL_AUDIT_SIGNING_KEY_FILE: key,
    };
    const { bad } = await doctor({ env: { ...env, ...set, ...variables() } });
    expect(bad.map(({ status, check, text }) => `${check}: ${status} ${text}`)).toEqual([
      expect.stringMatching(new RegExp(says.source.replace('^', '^audit: '))),
    ]);
  });
});

it('prints no secret of a variable, no matter who prints it', async () => {
  const secrets = {
    header: 'Zq7RtW-header-Lk29',
    user: 'Zq7RtW-user-Lk29',
    password: 'Zq7RtW-password-Lk29',
    query: 'Zq7RtW-query-Lk29',
    path: 'Zq7RtW-path-Lk29-x0x0x0',
    digest: 'a9f3c1d2e4b5968778695a4b3c2d1e0f',
    own: 'Zq7RtW-own-Lk29',
    place: 'Zq7RtW-place-Lk29',
  };
  const { host } = new URL(receiver.url);
  const planted = {
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://${secrets.user}:${secrets.password}@${host}/${secrets.path}?key=${secrets.query}`,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${secrets.header}`,
    MCP_TRAIL_AUDIT: 'otel',
    MCP_TRAIL_AUDIT_DIGEST_KEY: secrets.digest,
    MCP_TRAIL_AUDIT_CHECKPOINTS: `https://localhost/?token=${secrets.place}`,
    WEATHER_API_KEY: secrets.own,
  };
  const all = `${Object.values(secrets).join(' ')} mcp-trail`;
  const talks = `for (const text of ${JSON.stringify([all, `mcp-trail: ${all}`, `Error: ${all}`])}) {
    console.log(text);
    console.error(text);
  }`;
  const runs = [
    { options: ['--json'], command: serverThat('talks.mjs', talks) },
    { command: serverThat('talks.mjs', talks) },
    { command: [process.execPath, program('fails.mjs', talks)] },
  ];
  for (const each of runs) {
    const { stdout, stderr, code } = await doctor({ ...each, env: planted });
    expect(code).toBe(1);
    for (const [name, secret] of Object.entries(secrets)) expect(`${stdout}${stderr}`, name).not.toContain(secret);
    expect(stdout).toContain(host);
    expect(stdout).toContain('[REDACTED]');
  }
});

it('prints one JSON document that has the same findings', async () => {
  const bad = { ...env, MCP_TRAIL_AUDT: 'file' };
  const { stdout, code } = await doctor({ options: ['--json'], command: SERVER, env: bad });
  const document = JSON.parse(stdout) as {
    checks: { check: string; status: string; text: string; details?: string[] }[];
  };
  expect(document).toMatchObject({ format: 1, ok: false });
  expect(code).toBe(1);
  const { lines } = await doctor({ command: SERVER, env: bad });
  expect(document.checks.map(({ check, status }) => [check, status])).toEqual(
    lines.map(({ check, status }) => [check, status]),
  );
  const trace = document.checks.find(({ check }) => check === 'trace');
  expect(trace?.details).toEqual(expect.arrayContaining([expect.stringMatching(/^SERVER initialize, /)]));
  for (const each of document.checks)
    expect(Object.keys(each).every((key) => ['check', 'status', 'text', 'details'].includes(key))).toBe(true);
});

describe('a command', () => {
  it.each([
    [
      'SDK v2',
      [...SERVER.slice(0, 3), join(ROOT, 'test/fixtures/safety-server-v2.mjs')],
      /server 2\.\d+\.\d+ is hooked/,
    ],
    [
      'CommonJS',
      [process.execPath, '--require', 'mcp-trail/register', join(ROOT, 'test/fixtures/safety-server-v1.cjs')],
      /sdk 1\.\d+\.\d+ is hooked/,
    ],
    ['wrap', [process.execPath, CLI, 'wrap', '--', process.execPath, PLAIN], /wrap observes the server from outside/],
  ])('is shown with its SDK and its trace: %s', async (_, command, sdk) => {
    const { bad, lines, stdout } = await doctor({ command, env });
    expect(bad).toEqual([]);
    expect(
      lines
        .filter(({ check }) => check === 'sdk')
        .map(({ text }) => text)
        .join('\n'),
    ).toMatch(sdk);
    expect(stdout).toMatch(/^ {19}SERVER tools\/list, /m);
  });

  it.each([
    ['on', {}, [{ status: 'ok', check: 'sdk', text: 'an MCP SDK in a bundle is hooked' }]],
    [
      'off',
      { MCP_TRAIL_BUNDLES: 'off' },
      [{ status: 'fail', check: 'stderr', text: expect.stringContaining('instrumenting bundles is switched off') }],
    ],
  ])('with its SDK in a bundle is shown so, with bundles %s', async (_, more, shown) => {
    const outfile = join(folder, 'bundle.mjs');
    const js = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
    await build({
      entryPoints: [V1],
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile,
      logLevel: 'silent',
      banner: { js },
    });
    const { lines } = await doctor({ command: [...SERVER.slice(0, 3), outfile], env: { ...env, ...more } });
    expect(lines.filter(({ check }) => ['sdk', 'stderr'].includes(check))).toEqual(shown);
  });

  it('that never answers ends in time, and leaves no process behind', async () => {
    const started = performance.now();
    const file = program(
      'deaf.mjs',
      'process.stderr.write("pid " + process.pid + "\\n"); setInterval(() => {}, 1000); process.on("SIGTERM", () => {});',
    );
    const { bad, code } = await doctor({ options: ['--timeout', '1'], command: [process.execPath, file], env });
    expect(bad[0]).toMatchObject({
      check: 'command',
      text: expect.stringContaining('has not answered in 1 s: initialize'),
    });
    expect(code).toBe(1);
    const pid = Number(/pid (\d+)/.exec(bad[0]?.text ?? '')?.[1]);
    expect(isAlive(pid)).toBe(false);
    expect(performance.now() - started).toBeLessThan(30_000);
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)('is gone when doctor ends by %s', async (signal) => {
    const file = program(
      `deaf-${signal}.mjs`,
      'import { writeFileSync } from "node:fs"; setInterval(() => {}, 1000); process.on("SIGTERM", () => {}); process.stdout.write("ready\\n"); writeFileSync(process.argv[2], String(process.pid));',
    );
    const pidFile = join(folder, `pid-${signal}`);
    const temporary = mkdtempSync(join(folder, 'tmp-'));
    const args = [CLI, 'doctor', '--timeout', '300', '--', process.execPath, file, pidFile];
    const child = new Child(args, { ...env, TMPDIR: temporary });
    await expect.poll(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '').toBe(true);
    child.kill(signal);
    expect(await child.ended).toMatchObject({ signal });
    await gone(Number(readFileSync(pidFile, 'utf8')));
    if (signal !== 'SIGKILL') expect(readdirSync(temporary)).toEqual([]);
  });
});

describe('the arguments of doctor', () => {
  it.each([
    [['server.js'], 'the command of doctor follows --: mcp-trail doctor -- node server.js'],
    [['--'], 'the command after -- is missing'],
    [['--timeout', '0'], '--timeout takes 1 to 300 (seconds)'],
    [['--timeout'], '--timeout takes 1 to 300 (seconds)'],
    [['--tea'], 'doctor has no option "--tea": those of the command follow it, after --'],
  ])('%j are refused', async (options, problem) => {
    const { code, stdout, stderr } = await doctor({ options });
    expect({ code, stdout, stderr }).toEqual({
      code: 3,
      stdout: '',
      stderr: `mcp-trail: ${problem}\n\nRun mcp-trail doctor --help for details.\n`,
    });
  });

  it('show how it is used', async () => {
    const { code, stdout } = await doctor({ options: ['--help'] });
    expect(code).toBe(0);
    expect(stdout).toContain('Usage: mcp-trail doctor [options] [-- <command> [arguments]]\n');
  });
});
