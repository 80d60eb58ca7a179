/** `npm run test:examples`: runs the checks of all examples, one at a time. Exits with code 1 if any fails. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startNode } from './demo/child.mjs';

const TIME_LIMIT_MS = 900_000;
/** Folders without a check: shared code, the demo (`npm run demo`), and what other tests check. */
const OTHERS = ['demo', 'policy', 'retention', 'support'];

/** All other folders; one without a `check.mjs` fails. */
async function exampleNames() {
  const entries = await readdir(import.meta.dirname, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory() && !OTHERS.includes(entry.name)).map(({ name }) => name);
}

/** @type {ReturnType<typeof startNode> | undefined} */
let running;
// On SIGTERM, a check stops its own processes.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => running?.stop().then(() => process.exit(1)));

const failed = [];
const names = await exampleNames();
for (const name of names) {
  const startedAt = Date.now();
  running = startNode(name, [join(import.meta.dirname, name, 'check.mjs')], process.env);
  const timer = setTimeout(running.stop, TIME_LIMIT_MS);
  const { code } = await running.closed;
  clearTimeout(timer);

  const { stdout, stderr } = running.output;
  const checks = stdout.split('\n').filter((line) => line.startsWith('ok ')).length;
  const passed = code === 0 && checks > 0;
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  console.log(`${passed ? 'passed' : 'FAILED'}  ${name.padEnd(14)} ${checks} checks, ${seconds} s`);
  if (passed) continue;
  failed.push(name);
  console.log(`${stdout}${stderr}`.trimEnd().replaceAll(/^/gm, '    '));
}
console.log(`${names.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 && names.length > 0 ? 0 : 1;
