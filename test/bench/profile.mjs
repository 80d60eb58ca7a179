/**
 * Profiles the timed calls of a variant, without start-up and warm-up, and prints the functions with the most self time.
 * Flags: `--sdk v1|v2 --variant NAME --calls N --warmup N --top N` (see README.md).
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOptions } from './options.mjs';
import { prepare } from './subject.mjs';

const MODULES = '/node_modules/';
const root = fileURLToPath(new URL('../../', import.meta.url));

/** `file:///…/node_modules/@scope/name/x.js` → `@scope/name/x.js`; other files by their path in the repository. */
function fileOf({ url }) {
  // Garbage collection, built-ins and code compiled at run time have no file.
  if (!url) return '(no file)';
  if (url.startsWith('node:')) return url;
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  const inModules = path.lastIndexOf(MODULES);
  return inModules < 0 ? relative(root, path) : path.slice(inModules + MODULES.length);
}

/** The owner of a frame: a package, a top folder of this repository, or Node itself. */
function ownerOf(frame) {
  const file = fileOf(frame);
  if (file.startsWith('node:')) return 'node';
  return file.split('/', /^(@|test\/)/.test(file) ? 2 : 1).join('/');
}

function functionOf(frame) {
  return `${frame.functionName || '(anonymous)'} ${fileOf(frame)}${frame.url && `:${frame.lineNumber + 1}`}`;
}

/** Sums sample times by a key of their frames. @param {(frame: any) => string} key */
function selfTimeBy(key, { nodes, samples, timeDeltas }) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const times = new Map();
  samples.forEach((id, index) => {
    const name = key(frames.get(id));
    times.set(name, (times.get(name) ?? 0) + timeDeltas[index]);
  });
  return [...times].sort(([, a], [, b]) => b - a);
}

function print(title, times) {
  const total = times.reduce((sum, [, time]) => sum + time, 0);
  console.log(`\n${title}\nµs per call      %`);
  for (const [name, time] of times.slice(0, options.top)) {
    console.log(
      `${(time / options.calls).toFixed(2).padStart(11)} ${((100 * time) / total).toFixed(1).padStart(6)}  ${name}`,
    );
  }
}

const options = readOptions({
  sdk: 'v1',
  variant: 'trail',
  calls: 50_000,
  warmup: 3_000,
  top: 30,
});
const { sdk, variant } = options;
const subject = await prepare(sdk, variant);
await subject.call(options.warmup);

const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.setSamplingInterval', { interval: 200 });
await session.post('Profiler.start');
await subject.call(options.calls);
const { profile } = await session.post('Profiler.stop');
session.disconnect();
await subject.verify(options.warmup + options.calls);
await subject.close();

const file = join(mkdtempSync(join(tmpdir(), 'mcp-trail-bench-')), `${sdk}-${variant}.cpuprofile`);
writeFileSync(file, JSON.stringify(profile));
console.log(`${variant} on SDK ${sdk}, ${options.calls} calls; full profile: ${file}`);
print('By package', selfTimeBy(ownerOf, profile));
print('By function', selfTimeBy(functionOf, profile));
