/**
 * Builds the programs of the stack once, from Go modules, into the user's cache folder. A folder in `programs/` is the recipe of
 * a program, with versions and hashes of all its modules; the hash of the recipe is the cache key.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { watch } from './process.mjs';

/**
 * Programs by folder name. `packages`: arguments of `go build`; `binaries`: its output; `minutes`: duration on 2 busy cores
 * with empty caches.
 */
export const PROGRAMS = {
  otelcol: {
    title: 'OpenTelemetry Collector 0.155.0',
    packages: '.',
    tags: 'grpcnotrace',
    binaries: ['otelcol'],
    minutes: 10,
  },
  jaeger: { title: 'Jaeger 2.13', packages: 'tool', binaries: ['jaeger'], minutes: 4 },
  prometheus: { title: 'Prometheus 3.15.0', packages: 'tool', binaries: ['prometheus', 'promtool'], minutes: 7 },
  loki: { title: 'Loki 3.7.8', packages: 'tool', binaries: ['loki', 'lokitool'], minutes: 6 },
  compose: { title: 'Docker Compose 5.5.1', packages: 'tool', binaries: ['compose'], minutes: 2 },
};

/** @typedef {keyof typeof PROGRAMS} ProgramName */
/** @typedef {typeof PROGRAMS[ProgramName] & { tags?: string }} Program */

export const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mcp-trail');

const GO = '1.26.5';
const PROGRESS_MS = 20_000;
const MAX_STDERR = 8_000;

/** @typedef {(line: string) => void} Log */

/**
 * Paths of the binaries of the named programs. Builds missing ones, one at a time.
 *
 * @param {ProgramName[]} names
 * @param {Log} [log]
 * @returns {Promise<Record<string, string>>}
 * @throws {Error} if Go is missing or too old, or a build fails
 */
export async function programs(names, log = () => {}) {
  /** @type {Record<string, string>} */
  const paths = {};
  for (const name of names) {
    const folder = await built(name, log);
    for (const binary of PROGRAMS[name].binaries) paths[binary] = join(folder, binary);
  }
  return paths;
}

/** @param {ProgramName} name @param {Log} log */
async function built(name, log) {
  const program = PROGRAMS[name];
  const recipe = fileURLToPath(new URL(`programs/${name}/`, import.meta.url));
  const folder = join(cacheFolder, 'stack', `${name}-${await hashOf(recipe, program)}`);
  if (existsSync(folder)) return folder;

  await requireGo(recipe);
  log(`building ${program.title}, once: about ${program.minutes} minutes on 2 cores`);
  const start = performance.now();
  // Build aside and rename when complete, so that an interrupted build is never used.
  await mkdir(join(cacheFolder, 'stack'), { recursive: true });
  const fresh = await mkdtemp(`${folder}.`);
  try {
    await goBuild(program, recipe, fresh, log);
    await rename(fresh, folder).catch((error) => {
      if (!existsSync(folder)) throw error; // otherwise a concurrent run finished first
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  log(`built ${program.title} in ${since(start)}`);
  return folder;
}

/** @param {string} recipe @param {Program} program */
async function hashOf(recipe, { packages, tags, binaries }) {
  const how = [packages, tags, binaries, process.platform, process.arch];
  const hash = createHash('sha256').update(JSON.stringify(how));
  for (const file of (await readdir(recipe)).sort()) {
    if (/\.go$|^go\.(mod|sum)$/.test(file)) hash.update(file).update(await readFile(join(recipe, file)));
  }
  return hash.digest('hex').slice(0, 16);
}

/** Runs in the recipe's folder, where `go` has already switched to the toolchain of go.mod. @param {string} recipe */
async function requireGo(recipe) {
  const wanted = `building the stack's programs needs Go ${GO} or newer (https://go.dev/dl)`;
  const { code, stdout, stderr } = await run('go', ['env', 'GOVERSION'], recipe).catch((error) => {
    throw new Error(`${wanted}, but \`go\` was not found: ${error.message}`);
  });
  const found = /go(\d+)\.(\d+)(?:\.(\d+))?/
    .exec(code === 0 ? stdout : stderr)
    ?.slice(1)
    .map((part) => Number(part ?? 0));
  const least = GO.split('.').map(Number);
  const older = found && (found[0] - least[0] || found[1] - least[1] || found[2] - least[2]) < 0;
  if (code !== 0 || !found || older) throw new Error(`${wanted}; found: ${(stdout || stderr).trim()}`);
}

/** @param {Program} program @param {string} recipe @param {string} output @param {Log} log */
async function goBuild(program, recipe, output, log) {
  const flags = ['-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags=-s -w', `-tags=${program.tags ?? ''}`];
  const counted = { downloaded: 0, compiled: 0 };
  // Name a single binary explicitly: Compose's package is called `cmd`.
  const target = program.binaries.length === 1 ? join(output, program.binaries[0]) : `${output}/`;
  const start = performance.now();
  const timer = setInterval(() => {
    const { downloaded, compiled } = counted;
    log(`  ${program.title}: ${downloaded} modules downloaded, ${compiled} packages compiled, ${since(start)}`);
  }, PROGRESS_MS);
  try {
    const { code, stderr } = await run(
      'go',
      ['build', '-v', ...flags, '-o', target, program.packages],
      recipe,
      (line) => {
        if (line.startsWith('go: downloading')) counted.downloaded++;
        else if (/^[\w.-]+(\/\S+)?$/.test(line)) counted.compiled++;
      },
    );
    if (code !== 0) throw new Error(`${program.title} could not be built:\n${stderr}`);
  } finally {
    clearInterval(timer);
  }
}

/**
 * @param {string} file
 * @param {string[]} args
 * @param {string} cwd
 * @param {(line: string) => void} [onLine] of stderr
 * @returns {Promise<{ code: number | null, stdout: string, stderr: string }>}
 */
function run(file, args, cwd, onLine = () => {}) {
  return new Promise((resolve, reject) => {
    // Without cgo, a build needs no C compiler and is the same on every machine. Ignore a Go workspace around the checkout.
    const env = { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' };
    const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    watch(child);
    let stdout = '';
    let stderr = '';
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(onLine);
      stderr = (stderr + text).slice(-MAX_STDERR);
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** @param {number} start */
function since(start) {
  const seconds = Math.round((performance.now() - start) / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
