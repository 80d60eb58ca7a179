/** The folder of a run, and what a row starts in it. Both runs of a row get the same paths, one after the other. */
import { chmod, cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const programs = fileURLToPath(new URL('programs/', import.meta.url));

/** A port of loopback that nothing uses. @returns {Promise<number>} */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

/** An empty folder with the row's files. @param {import('./rows.mjs').Row} row @param {string} root @param {string} installed */
export async function freshPlace(row, root, installed) {
  await rm(root, { recursive: true, force: true });
  const place = { root, cwd: path.join(root, 'work'), home: path.join(root, 'home'), app: path.join(root, 'app') };
  for (const folder of [place.cwd, place.home]) await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(row.files ?? {})) await writeFile(path.join(place.cwd, name), text);
  await cp(programs, place.app, { recursive: true });
  await symlink(path.join(installed, 'node_modules'), path.join(place.app, 'node_modules'));
  return place;
}

/** The file of a package's command. @param {string} installed @param {string} name @param {string} [command] */
export async function commandOf(installed, name, command) {
  const folder = path.join(installed, 'node_modules', name);
  const { bin } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
  const file = typeof bin === 'string' ? bin : command === undefined ? Object.values(bin ?? {})[0] : bin?.[command];
  if (file === undefined) throw new Error(`${name} has no command ${command ?? ''}`);
  return path.join(folder, file);
}

/** A command without arguments that runs another with exactly these variables. @param {string} file @param {Record<string, string>} env @param {string[]} words */
export async function writeLauncher(file, env, words) {
  const quoted = (/** @type {string} */ word) => `'${word.replaceAll("'", `'\\''`)}'`;
  const variables = Object.entries(env).map(([name, value]) => quoted(`${name}=${value}`));
  await writeFile(file, `#!/bin/sh\nexec env -i ${[...variables, ...words.map(quoted)].join(' ')}\n`);
  await chmod(file, 0o755);
  return file;
}
