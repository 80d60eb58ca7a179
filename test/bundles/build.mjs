/** Builds the bundles of a row, once for each recipe. */
import { createHash } from 'node:crypto';
import { cp, readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundlers, unseen } from './bundlers.mjs';
import { finished, install } from './install.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
export const extensions = { esm: 'mjs', cjs: 'cjs' };

/** The variant of the application for an SDK. */
const variant = (mcp) => (mcp === 'v1-1.0.1' ? 'v1-first' : mcp.slice(0, 2));

async function recipe() {
  const files = ['bundlers.mjs', 'build.mjs', ...(await readdir(path.join(here, 'app'))).map((name) => `app/${name}`)];
  const hash = createHash('sha256');
  for (const file of files.sort()) hash.update(file).update(await readFile(path.join(here, file)));
  return hash.digest('hex').slice(0, 12);
}

/**
 * The bundle of a server or a client.
 *
 * @param {'server' | 'client'} role
 * @param {{ bundler: string, mcp: string, format: 'esm' | 'cjs' }} row
 */
export async function bundleOf(role, { bundler, mcp, format }) {
  const [sdk, tools] = [await install(mcp), await install('tools')];
  const app = await finished(path.join(sdk, `app-${path.basename(tools)}-${await recipe()}`), (fresh) =>
    cp(path.join(here, 'app'), fresh, { recursive: true }),
  );
  const name = `${role}.${extensions[format]}`;
  const folder = await finished(path.join(app, `${bundler}-${format}-${role}`), (fresh) => {
    const entry = path.join(app, `${role}-${variant(mcp)}.mjs`);
    const tool = createRequire(path.join(tools, 'package.json'));
    return { ...bundlers, ...unseen }[bundler]({ entry, file: path.join(fresh, name), format, tool, tools });
  });
  return path.join(folder, name);
}
