/**
 * Runs the host with its configuration as it is, in an empty folder, with mcp-trail as published, and checks the telemetry of the
 * Python server. Exits with code 1 if a check fails.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startNode } from '../demo/child.mjs';
import { startOtlpReceiver } from '../support/otlp-receiver.mjs';

const TIME_LIMIT_MS = 300_000;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CLI = join(ROOT, 'dist/cjs/cli.js');
const REGISTER = import.meta.resolve('mcp-trail/register');

if (!existsSync(CLI)) {
  console.error('mcp-trail is not built: run `npm run build` first');
  process.exit(1);
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

const packages = mkdtempSync(join(tmpdir(), 'mcp-trail-packages-'));
const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-any-language-'));
process.once('exit', () => {
  for (const each of [packages, folder]) rmSync(each, { recursive: true, force: true });
});
const receiver = await startOtlpReceiver();
const exporter = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
try {
  prepare();
  console.log(`ok      ${await runHost()}`);
  for (const check of [checkTrace, checkTrail]) console.log(`ok      ${check()}`);
} catch (error) {
  console.log(`failed  ${error.message}`);
  process.exitCode = 1;
} finally {
  await receiver.close();
}

/** The folder of the server: nothing but the server and the configuration, in which only the package and the endpoint are those of this run. */
function prepare() {
  const pack = ['pack', '--ignore-scripts', '--pack-destination', packages];
  const tarball = join(
    packages,
    execFileSync('npm', pack, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim(),
  );
  copyFileSync(new URL('server.py', import.meta.url), join(folder, 'server.py'));
  const host = JSON.parse(readFileSync(new URL('host.json', import.meta.url), 'utf8'));
  const { distances } = host.mcpServers;
  distances.args[distances.args.indexOf('mcp-trail')] = tarball;
  distances.env = { ...distances.env, ...exporter, npm_config_cache: join(packages, 'cache') };
  writeFileSync(join(folder, 'host.json'), JSON.stringify(host));
}

async function runHost() {
  const args = ['--import', REGISTER, fileURLToPath(new URL('host.mjs', import.meta.url))];
  const host = startNode('host', args, { ...process.env, ...exporter, OTEL_SERVICE_NAME: 'agent' }, folder);
  const timer = setTimeout(host.kill, TIME_LIMIT_MS);
  const { code, signal } = await host.closed;
  clearTimeout(timer);
  assert.equal(code, 0, `the host ended with ${signal ?? `code ${code}`}\n${host.output.stderr}`);
  assert.equal(host.output.stdout, 'Porto: 313 km\nAtlantis: unknown city\n');
  return 'the host gets its answers from the Python server, which npx has put behind mcp-trail in an empty folder';
}

/** Every request of the host has a span of the server below that of the host. */
function checkTrace() {
  const requests = ['initialize', 'notifications/initialized', 'tools/call distance', 'tools/call distance'];
  const { spans } = receiver;
  const sent = spans.filter(({ kind, resource }) => kind === 'CLIENT' && resource['service.name'] === 'agent');
  assert.deepEqual(sent.map(({ name }) => name).sort(), requests);
  const served = sent.map(({ spanId }) => spans.find(({ parentSpanId }) => parentSpanId === spanId));
  const shown = served.map((span) => [span?.kind, span?.name, span?.resource['service.name']]);
  assert.deepEqual(
    shown,
    sent.map(({ name }) => ['SERVER', name, 'distances']),
  );
  assert.equal(spans.length, 2 * requests.length);
  const failed = served.filter((span) => span?.attributes['error.type'] === 'tool_error');
  assert.equal(failed.length, 1, 'expected one call that failed');
  return 'one trace over both processes for each of 4 messages, the second call as tool_error';
}

/** The trail is complete, and names the user of the configuration. */
function checkTrail() {
  const run = (/** @type {string[]} */ ...args) =>
    execFileSync(process.execPath, [CLI, ...args], { cwd: folder, encoding: 'utf8' });
  run('verify', '--unsigned', 'audit.jsonl');
  const calls = run(
    'query',
    'audit.jsonl',
    '--actor',
    'ada',
    '--method',
    'tools/call',
    '--event',
    'response',
    '--output',
    'jsonl',
  );
  const outcomes = calls
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line)['audit.outcome']);
  assert.deepEqual(outcomes.sort(), ['failure', 'success']);
  return 'an audit trail of the calls, by ada, that verifies';
}
