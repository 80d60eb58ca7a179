/**
 * What a preload costs at the start of a process, in processor seconds of all its threads: `npm run bench:start`. Medians of
 * 9 interleaved runs, by `--import` and by `--require`. Ends with 1 above a limit. Needs a build.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const RUNS = 9;
const checkout = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-start-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

/** An application that does nothing but report the processor time it has used. */
const APPLICATION = `process.once('exit', () => {
  const { user, system } = process.cpuUsage();
  require('node:fs').writeSync(1, String((user + system) / 1e6));
});`;
const SDK = `const { NodeSDK } = require('@opentelemetry/sdk-node');
new NodeSDK().start();`;
/** Nothing is sent: only the start counts. */
const NO_EXPORT = { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' };

/** The ways to start; limits are in seconds above bare Node. */
const STARTS = [
  { name: 'bare' },
  { name: 'disabled', preload: 'mcp-trail/register', env: { MCP_TRAIL_ENABLED: 'false' }, limit: 0.03 },
  { name: 'OTEL_SDK_DISABLED', preload: 'mcp-trail/register', env: { OTEL_SDK_DISABLED: 'true' }, limit: 0.03 },
  { name: 'enabled, no SDK', preload: 'mcp-trail/register', limit: 0.25 },
  { name: 'enabled, no SDK, audit', preload: 'mcp-trail/register', env: { MCP_TRAIL_AUDIT: 'stderr' } },
  { name: 'SDK alone', preload: './sdk.cjs', sdk: true },
  { name: 'both', preload: 'mcp-trail/register', sdk: true },
];

/** Where the SDK is not to be found, an application has the packages that npm installs with this one. */
function application(name, packages) {
  const root = join(folder, name);
  const modules = join(root, 'node_modules');
  mkdirSync(join(modules, '@opentelemetry'), { recursive: true });
  for (const part of ['dist', 'package.json']) {
    cpSync(join(checkout, part), join(modules, 'mcp-trail', part), { recursive: true });
  }
  for (const each of packages) symlinkSync(join(checkout, 'node_modules', each), join(modules, each), 'junction');
  writeFileSync(join(root, 'app.cjs'), APPLICATION);
  writeFileSync(join(root, 'sdk.cjs'), SDK);
  return root;
}

const installed = ['@opentelemetry/api', 'import-in-the-middle', 'require-in-the-middle'];
const without = application('without-sdk', installed);
const withSdk = application('with-sdk', [...installed, '@opentelemetry/sdk-node']);

function measure({ preload, env, sdk }, flag) {
  const { PATH } = process.env;
  const args = [...(preload === undefined ? [] : [flag, preload]), 'app.cjs'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: sdk ? withSdk : without,
    env: { PATH, ...NO_EXPORT, ...env },
    encoding: 'utf8',
  });
  if (status !== 0 || stderr !== '') throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
  return Number(stdout);
}

const measured = STARTS.map((start) => ({ start, '--import': [], '--require': [] }));
for (let run = 0; run < RUNS; run++) {
  for (const row of measured) {
    for (const flag of ['--import', '--require']) row[flag].push(measure(row.start, flag));
  }
}

const median = (values) => values.toSorted((a, b) => a - b)[(values.length - 1) / 2];
const flags = ['--import', '--require'];
const bare = Object.fromEntries(flags.map((flag) => [flag, median(measured[0][flag])]));
console.log(`processor seconds, Node ${process.versions.node}, median of ${RUNS} runs (above bare Node)`);
console.log(`${''.padEnd(24)}${flags.map((flag) => flag.padEnd(18)).join('')}limit`);
for (const row of measured) {
  const { name, limit } = row.start;
  const cells = flags.map((flag) => {
    const seconds = median(row[flag]);
    const above = seconds - bare[flag];
    if (above > limit) process.exitCode = 1;
    return `${seconds.toFixed(3)} (${above < 0 ? '' : '+'}${above.toFixed(3)})`.padEnd(18);
  });
  console.log(`${name.padEnd(24)}${cells.join('')}${limit === undefined ? '' : `+${limit}`}`.trimEnd());
}
