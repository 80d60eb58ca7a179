/**
 * Measures the cost of mcp-trail: all variants on both SDKs in one interleaved run, one process per variant and round.
 * Flags: `--rounds N --calls N --warmup N --sdk v1|v2 --variant NAME --clock wall|cpu --no-gate` (see README.md).
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readOptions } from './options.mjs';
import { formatTable, judge, summarise } from './report.mjs';
import { sdks, variants } from './variants.mjs';

const options = readOptions({
  rounds: 15,
  calls: 10_000,
  warmup: 3_000,
  sdk: Object.keys(sdks),
  variant: Object.keys(variants),
  clock: 'cpu',
  gate: true,
});

// Variables of the shell must not affect the measurement.
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(OTEL_|MCP_TRAIL_|NODE_OPTIONS$)/.test(name)),
);

/** @param {string} sdk @param {string} variant */
async function measure(sdk, variant) {
  const script = fileURLToPath(new URL('./measure.mjs', import.meta.url));
  const args = ['--expose-gc', script, sdk, variant, String(options.calls), String(options.warmup)];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { env: environment, timeout: 300_000 });
    return JSON.parse(stdout);
  } catch (error) {
    console.error(`${variant} on SDK ${sdk} failed, no comparison:\n${error.stderr || error.message}`);
    process.exit(1);
  }
}

/** Rotates the order in each round, and reverses every other one, so that no variant has a fixed neighbour. */
function order(jobs, round) {
  const start = round % jobs.length;
  const rotated = [...jobs.slice(start), ...jobs.slice(0, start)];
  return round % 2 ? rotated.reverse() : rotated;
}

/** @param {string} name */
function versionOf(name) {
  // By path, because most packages do not export their package.json.
  const manifest = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return `${name} ${JSON.parse(readFileSync(manifest, 'utf8')).version}`;
}

const jobs = options.sdk.flatMap((sdk) => options.variant.map((variant) => ({ sdk, variant })));
const results = [];
for (let round = 0; round < options.rounds; round++) {
  for (const { sdk, variant } of order(jobs, round)) results.push(await measure(sdk, variant));
  console.error(`round ${round + 1} of ${options.rounds}`);
}

const flags = process.argv.slice(2);
console.log(`Command: npm run bench${flags.length > 0 ? ` -- ${flags.join(' ')}` : ''}`);
console.log(
  `${options.rounds} rounds of ${options.calls} calls after ${options.warmup} to warm up, each in its own process; ` +
    `${options.clock === 'cpu' ? 'CPU time' : 'wall time'}`,
);
for (const name of options.sdk) {
  const { sdk } = await sdks[name]();
  const packages = [
    ...sdk.packages,
    '@opentelemetry/api',
    '@opentelemetry/sdk-trace-node',
    '@opentelemetry/sdk-metrics',
  ];
  const ofThisSdk = results.filter((result) => result.sdk === name);
  const summary = summarise(ofThisSdk, options.variant, options.clock);
  console.log(`\nSDK ${name}: node ${process.versions.node}, ${packages.map(versionOf).join(', ')}\n`);
  console.log(formatTable(summary));

  const verdict = judge(summary);
  console.log(`\n${verdict.sentence}`);
  if (verdict.failed && options.gate) process.exitCode = 1;
}
