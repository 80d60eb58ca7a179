/**
 * Builds the programs of the stack once, from Go modules and Maven artifacts, into the user's cache folder. A folder in `programs/`
 * is the recipe of a program, with versions and hashes of all that it is built from; the hash of the recipe is the cache key.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { go } from './builders/go.mjs';
import { java } from './builders/java.mjs';
import { since } from './builders/tool.mjs';

/**
 * Programs by folder name. `binaries`: what the builder makes, files or folders; `minutes`: duration on 2 busy cores with empty
 * caches; `licence`: if it is not an open-source one; `packages`, `tags`: arguments of `go build`; `resources`: files to take out of jars.
 */
export const PROGRAMS = {
  otelcol: {
    title: 'OpenTelemetry Collector 0.155.0',
    builder: go,
    packages: '.',
    tags: 'grpcnotrace',
    binaries: ['otelcol'],
    minutes: 10,
  },
  jaeger: { title: 'Jaeger 2.13', builder: go, packages: 'tool', binaries: ['jaeger'], minutes: 4 },
  prometheus: {
    title: 'Prometheus 3.15.0',
    builder: go,
    packages: 'tool',
    binaries: ['prometheus', 'promtool'],
    minutes: 7,
  },
  loki: { title: 'Loki 3.7.8', builder: go, packages: 'tool', binaries: ['loki', 'lokitool'], minutes: 6 },
  compose: { title: 'Docker Compose 5.5.1', builder: go, packages: 'tool', binaries: ['compose'], minutes: 2 },
  age: { title: 'age 1.3.1', builder: go, packages: 'tool', binaries: ['age', 'age-keygen'], minutes: 1 },
  elasticsearch: {
    // For tests only: nothing of it is in the repository or the package.
    title: 'Elasticsearch 8.19.4',
    licence: 'Elastic License 2.0, its server also SSPL or AGPL',
    builder: java,
    binaries: ['elasticsearch'],
    resources: {
      'x-pack-template-resources-8.19.4.jar': ['ecs@mappings.json', 'logs@mappings.json', 'logs@settings.json'],
    },
    minutes: 1,
  },
  zipkin: { title: 'Zipkin 3.5.1', builder: java, binaries: ['zipkin'], resources: {}, minutes: 1 },
};

/** @typedef {keyof typeof PROGRAMS} ProgramName */
/**
 * @typedef {object} Builder
 * @property {RegExp} files of a recipe
 * @property {(program: any) => unknown[]} inputs what else changes the result
 * @property {(recipe: string, program: any) => Promise<void>} requireTools
 * @property {(program: any, recipe: string, output: string, log: Log) => Promise<void>} build
 */

export const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mcp-trail');

/** @typedef {(line: string) => void} Log */

/**
 * Paths of the binaries of the named programs. Builds missing ones, one at a time.
 *
 * @param {ProgramName[]} names
 * @param {Log} [log]
 * @returns {Promise<Record<string, string>>}
 * @throws {Error} if a tool is missing or too old, or a build fails
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

/** What is missing to build a program, in words; undefined if it can be built, or was. @param {ProgramName} name */
export async function missingFor(name) {
  const program = PROGRAMS[name];
  const { recipe, folder } = await placeOf(name);
  if (existsSync(folder)) return undefined;
  return program.builder.requireTools(recipe, program).then(
    () => undefined,
    ({ message }) => /** @type {string} */ (message),
  );
}

/** @param {ProgramName} name */
async function placeOf(name) {
  const recipe = fileURLToPath(new URL(`programs/${name}/`, import.meta.url));
  const hash = await hashOf(recipe, PROGRAMS[name].builder, PROGRAMS[name]);
  return { recipe, folder: join(cacheFolder, 'stack', `${name}-${hash}`) };
}

/** @param {ProgramName} name @param {Log} log */
async function built(name, log) {
  const program = PROGRAMS[name];
  const { builder } = program;
  const { recipe, folder } = await placeOf(name);
  if (existsSync(folder)) return folder;

  await builder.requireTools(recipe, program);
  log(`building ${program.title}, once: about ${program.minutes} min on 2 cores`);
  if ('licence' in program) log(`  fetched under its licence: ${program.licence}`);
  const start = performance.now();
  // Build aside and rename when complete, so that an interrupted build is never used.
  await mkdir(join(cacheFolder, 'stack'), { recursive: true });
  const fresh = await mkdtemp(`${folder}.`);
  try {
    await builder.build(program, recipe, fresh, log);
    await rename(fresh, folder).catch((error) => {
      if (!existsSync(folder)) throw error; // otherwise a concurrent run finished first
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  log(`built ${program.title} in ${since(start)}`);
  return folder;
}

/** @param {string} recipe @param {Builder} builder @param {unknown} program */
async function hashOf(recipe, builder, program) {
  const hash = createHash('sha256').update(JSON.stringify(builder.inputs(program)));
  for (const file of (await readdir(recipe, { recursive: true })).sort()) {
    if (builder.files.test(file)) hash.update(file).update(await readFile(join(recipe, file)));
  }
  return hash.digest('hex').slice(0, 16);
}

// As a command, it builds all of them, so that nothing else waits for that later, or beside it.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await programs(/** @type {ProgramName[]} */ (Object.keys(PROGRAMS)), console.log);
}
