/** Installs this example as a separate application: locked dependencies from a cache, and mcp-trail as published. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const EXAMPLE = fileURLToPath(new URL('.', import.meta.url));
const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));
const MANIFESTS = ['package.json', 'package-lock.json'];
const APPLICATION = ['telemetry.mjs', 'server.mjs', 'agent.mjs'];
const TIME_LIMIT_MS = 300_000;

/** Installs the application into an empty folder. */
export async function installApplication(folder) {
  await cp(await dependencies(), folder, { recursive: true, verbatimSymlinks: true });
  for (const file of APPLICATION) await cp(join(EXAMPLE, file), join(folder, file));
  const tarball = (await npm(PACKAGE, 'pack', '--ignore-scripts', '--pack-destination', folder)).trim();
  // As a user would: a peer dependency conflict would fail with ERESOLVE.
  await npm(folder, 'install', '--engine-strict', join(folder, tarball));
}

/** A cached folder with everything except mcp-trail, named after the hash of its inputs. */
async function dependencies() {
  const manifests = await Promise.all(MANIFESTS.map((file) => readFile(join(EXAMPLE, file))));
  const hash = createHash('sha256').update(Buffer.concat(manifests)).digest('hex').slice(0, 16);
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mcp-trail', 'examples');
  const folder = join(cache, hash);
  if (existsSync(folder)) return folder;

  // Rename when complete, so that an interrupted installation is never used.
  await mkdir(cache, { recursive: true });
  const fresh = await mkdtemp(`${folder}.`);
  try {
    for (const file of MANIFESTS) await cp(join(EXAMPLE, file), join(fresh, file));
    await npm(fresh, 'ci', '--engine-strict');
    await rename(fresh, folder).catch((error) => {
      if (!existsSync(folder)) throw error; // otherwise a concurrent run finished first
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return folder;
}

/** Runs npm and returns its output. Removes npm_* variables, which would pass on settings of an outer npm. */
async function npm(cwd, ...args) {
  const env = Object.entries(process.env).filter(
    ([name]) => !/^npm_(?!config_(cache|registry|userconfig)$)/i.test(name),
  );
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error', '--prefer-offline'];
  try {
    const options = { cwd, env: Object.fromEntries(env), timeout: TIME_LIMIT_MS };
    return (await promisify(execFile)('npm', [...args, ...quiet], options)).stdout;
  } catch (error) {
    throw new Error(`npm ${args[0]} failed:\n${error.stderr || error.message}`, { cause: error });
  }
}
