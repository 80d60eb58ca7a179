/** Installs the pinned packages of a group once, outside the repository, under a hash of its folder in `packages/`. */
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runOrThrow } from '../matrix/processes.mjs';

const cache = path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'mcp-trail', 'field');
const recipes = fileURLToPath(new URL('packages/', import.meta.url));
const limitMs = 1_800_000;

/** Groups of one package, which npm installs as it would for an operator. In the others, peers would get in each other's way. */
const WITH_PEERS = new Set(['genkit', 'kubernetes', 'task-master']);
/** No package may run a script. */
const options = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

const exists = (/** @type {string} */ place) =>
  stat(place).then(
    () => true,
    () => false,
  );

/** @type {Map<string, Promise<string>>} */
const installed = new Map();

/** The folder of a group's packages, installed if it is missing. @param {string} group @param {NodeJS.ProcessEnv} env */
export function install(group, env) {
  const known = installed.get(group) ?? make(group, env);
  installed.set(group, known);
  return known;
}

/**
 * How packages are pinned and installed, by the file in the group's folder that does so.
 * @type {Record<string, { pins: (text: string) => Record<string, string>, fill: (fresh: string, group: string, env: NodeJS.ProcessEnv) => Promise<unknown> }>}
 */
const INSTALLERS = {
  'package.json': {
    pins: (text) => JSON.parse(text).dependencies,
    fill: (cwd, group, env) => {
      const peers = WITH_PEERS.has(group) ? [] : ['--legacy-peer-deps'];
      return runOrThrow('npm', [...options, ...peers], { cwd, env, limitMs });
    },
  },
  'requirements.txt': {
    pins: (text) => Object.fromEntries(text.split('\n').map((line) => line.split('=='))),
    fill: async (cwd, _group, env) => {
      await runOrThrow('python3', ['-m', 'venv', 'venv'], { cwd, env, limitMs });
      const words = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--only-binary=:all:', '-r', 'requirements.txt'];
      await runOrThrow('venv/bin/python', words, { cwd, env, limitMs });
    },
  },
  'go.mod': {
    pins: (text) =>
      Object.fromEntries([...text.matchAll(/^\s+(\S+) (v\S+)/gm)].map(([, name, version]) => [name, version])),
    fill: (cwd, _group, env) =>
      runOrThrow('go', ['build', '-buildvcs=false', '-o', 'bin/', 'tool'], { cwd, env, limitMs }),
  },
};

/** The file of a group that pins its packages. @param {string} group */
async function recipeOf(group) {
  const files = await readdir(path.join(recipes, group));
  const file = Object.keys(INSTALLERS).find((name) => files.includes(name));
  if (file === undefined) throw new Error(`packages/${group} has none of ${Object.keys(INSTALLERS).join(', ')}`);
  return { ...INSTALLERS[file], text: await readFile(path.join(recipes, group, file), 'utf8') };
}

/** The versions that a group pins. @param {string} group @returns {Promise<Record<string, string>>} */
export async function pinned(group) {
  const { pins, text } = await recipeOf(group);
  return pins(text);
}

/** @param {string} recipe */
async function hashOf(recipe) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  const entries = await readdir(recipe, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => path.join(parentPath, name));
  for (const file of files.sort()) hash.update(path.relative(recipe, file)).update(await readFile(file));
  return hash.digest('hex').slice(0, 12);
}

/** @param {string} group @param {NodeJS.ProcessEnv} env */
async function make(group, env) {
  const recipe = path.join(recipes, group);
  const folder = path.join(cache, `${group}-${await hashOf(recipe)}`);
  if (!(await exists(folder))) await fill(folder, group, env);
  const { scripts } = JSON.parse(await readFile(path.join(recipe, 'package.json'), 'utf8').catch(() => '{}'));
  const done = path.join(folder, '.built');
  // Built where it stays: a build can contain the path of its folder.
  if (scripts?.build !== undefined && !(await exists(done))) {
    await runOrThrow('npm', ['run', 'build'], { cwd: folder, env, limitMs });
    await writeFile(done, '');
  }
  return folder;
}

/** @param {string} folder @param {string} group @param {NodeJS.ProcessEnv} env */
async function fill(folder, group, env) {
  await mkdir(cache, { recursive: true });
  // Installed aside and renamed when complete, so that an interrupted installation is never used.
  const fresh = await mkdtemp(`${folder}.`);
  try {
    await cp(path.join(recipes, group), fresh, { recursive: true });
    await (await recipeOf(group)).fill(fresh, group, env);
    await rename(fresh, folder).catch(async (error) => {
      if (!(await exists(folder))) throw error;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}
