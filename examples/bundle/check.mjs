/** Builds the bundles, runs them without installed packages, and checks their spans. Exits with code 1 if any is missing. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkTracedRun } from '../zero-code/traced-run.mjs';
import { bundle } from './build.mjs';

const expected = {
  prints: 'It is noon in Lisbon.',
  service: 'clock',
  operations: ['initialize', 'notifications/initialized', 'tools/call get_time'],
};

if (!existsSync(new URL('../../dist/esm/index.js', import.meta.url))) {
  console.error('mcp-trail is not built: run `npm run build` first');
  process.exit(1);
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

// Away from node_modules, so that bundles cannot resolve anything from it.
const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-bundle-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

await bundle(folder);
for (const sdk of ['v1', 'v2']) {
  for (const extension of ['mjs', 'cjs']) {
    const [client, server] = ['client', 'server'].map((name) => join(folder, `${name}-${sdk}.${extension}`));
    await check(`SDK ${sdk}, ${extension === 'mjs' ? 'ESM' : 'CommonJS'}`, client, server);
  }
}

async function check(what, client, server) {
  try {
    const outcome = await checkTracedRun(() => ({ args: [client, server], env: {} }), expected);
    console.log(`ok      ${what}, minified: ${outcome}`);
  } catch (error) {
    console.log(`failed  ${what}, minified: ${error.message}`);
    process.exitCode = 1;
  }
}
