/** Installs the pinned packages of a group of `packages/` once, outside the repository, under a hash of its recipe. */
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { plainEnvironment } from '../matrix/packages.mjs';
import { runOrThrow } from '../matrix/processes.mjs';

export const cache = path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'mcp-trail', 'bundles');
const recipes = fileURLToPath(new URL('packages/', import.meta.url));
const limitMs = 600_000;

/** No package may run a script; peers that a group does not name are left out. */
const options = ['ci', '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund', '--loglevel=error'];

export const exists = (place) =>
  stat(place).then(
    () => true,
    () => false,
  );

const made = new Map();

/** The folder with the packages of a group. */
export function install(group) {
  if (!made.has(group)) made.set(group, fill(group));
  return made.get(group);
}

async function fill(group) {
  const recipe = path.join(recipes, group);
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  for (const name of ['package.json', 'package-lock.json']) hash.update(await readFile(path.join(recipe, name)));
  return finished(path.join(cache, `${group}-${hash.digest('hex').slice(0, 12)}`), async (fresh) => {
    await cp(recipe, fresh, { recursive: true });
    await runOrThrow('npm', options, { cwd: fresh, env: plainEnvironment(), limitMs });
  });
}

/** A folder that is filled aside and renamed when complete, so that an interrupted attempt is never used. */
export async function finished(folder, make) {
  if (await exists(folder)) return folder;
  await mkdir(path.dirname(folder), { recursive: true });
  const fresh = await mkdtemp(`${folder}.`);
  try {
    await make(fresh);
    await rename(fresh, folder).catch(async (error) => {
      if (!(await exists(folder))) throw error;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return folder;
}
