/** Ways to load a bundled server: each must be seen, and behave as without us. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { install } from './install.mjs';
import { place } from './observe.mjs';

/** Starts the server in a thread that has the process's stdin. */
const inWorker = (options) => `
import { Worker } from 'node:worker_threads';
const file = new URL('./server.mjs', import.meta.url);
const worker = new Worker(file, { argv: ['stdio'], stdin: true, ${options} });
process.stdin.pipe(worker.stdin);
`;
const PIRATES = `require('pirates').addHook((code) => code, { exts: ['.js', '.cjs'], ignoreNodeModules: false });`;
const OTEL = `
import { register } from 'node:module';
register('@opentelemetry/instrumentation/hook.mjs', import.meta.url);
`;
const TS_NODE = { TS_NODE_COMPILER_OPTIONS: '{"module":"commonjs","moduleResolution":"node10"}' };
const OURS = Symbol('ours');

/**
 * @typedef {object} Way
 * @property {'esm' | 'cjs'} format of the bundle
 * @property {readonly (string | symbol)[]} [preload] words of the command line; `OURS` stands for our preload
 * @property {'esm' | 'cjs'} [ours] which of our two preloads, if not that of the format
 * @property {string} [entry] the file that is started, if it is not the bundle
 * @property {Record<string, string>} [files]
 * @property {Record<string, string>} [env]
 * @property {boolean} [again] whether it runs a second time
 * @property {boolean} [reads] whether another thread reads stdin, in which nothing is observed
 * @property {string} [unseen] why nothing is seen
 */

/** @type {Record<string, Way>} */
const ways = {
  'require(esm)': { format: 'esm', entry: 'entry.cjs', files: { 'entry.cjs': `require('./server.mjs');` } },
  'require(esm) after --require': {
    format: 'esm',
    ours: 'cjs',
    entry: 'entry.cjs',
    files: { 'entry.cjs': `require('./server.mjs');` },
  },
  'import(cjs)': { format: 'cjs', entry: 'entry.mjs', files: { 'entry.mjs': `await import('./server.cjs');` } },
  'import(cjs) after --import': {
    format: 'cjs',
    ours: 'esm',
    entry: 'entry.mjs',
    files: { 'entry.mjs': `import './server.cjs';` },
  },
  'import(esm) in CommonJS': {
    format: 'esm',
    ours: 'cjs',
    entry: 'entry.cjs',
    files: { 'entry.cjs': `import('./server.mjs');` },
  },
  '--require of an ESM bundle': { format: 'esm', ours: 'cjs' },
  '--import of a CommonJS bundle': { format: 'cjs', ours: 'esm' },
  'the compile cache, ESM': { format: 'esm', env: { NODE_COMPILE_CACHE: 'cache' }, again: true },
  'the compile cache, CommonJS': { format: 'cjs', env: { NODE_COMPILE_CACHE: 'cache' }, again: true },
  'tsx before us': { format: 'esm', preload: ['--import', 'tsx', OURS] },
  'tsx after us': { format: 'esm', preload: [OURS, '--import', 'tsx'] },
  'tsx before us, CommonJS': { format: 'cjs', ours: 'esm', preload: ['--import', 'tsx', OURS] },
  'tsx after us, CommonJS': { format: 'cjs', preload: [OURS, '--import', 'tsx'] },
  "OpenTelemetry's loader before us": {
    format: 'esm',
    files: { 'otel.mjs': OTEL },
    preload: ['--import', './otel.mjs', OURS],
  },
  "OpenTelemetry's loader after us": {
    format: 'esm',
    files: { 'otel.mjs': OTEL },
    preload: [OURS, '--import', './otel.mjs'],
  },
  "OpenTelemetry's loader as an option": {
    format: 'esm',
    preload: ['--no-warnings', '--experimental-loader', '@opentelemetry/instrumentation/hook.mjs', OURS],
  },
  'pirates before us': {
    format: 'cjs',
    files: { 'pirates.cjs': PIRATES },
    preload: ['--require', './pirates.cjs', OURS],
  },
  'pirates after us': {
    format: 'cjs',
    files: { 'pirates.cjs': PIRATES },
    preload: [OURS, '--require', './pirates.cjs'],
  },
  'ts-node before us': {
    format: 'cjs',
    entry: 'entry.ts',
    files: { 'entry.ts': `require('./server.cjs');` },
    env: TS_NODE,
    preload: ['--require', 'ts-node/register/transpile-only', OURS],
  },
  'ts-node after us': {
    format: 'cjs',
    entry: 'entry.ts',
    files: { 'entry.ts': `require('./server.cjs');` },
    env: TS_NODE,
    preload: [OURS, '--require', 'ts-node/register/transpile-only'],
  },
  'a worker': { format: 'esm', entry: 'entry.mjs', files: { 'entry.mjs': inWorker('') }, reads: true },
  'a worker without our preload': {
    format: 'esm',
    entry: 'entry.mjs',
    files: { 'entry.mjs': inWorker('execArgv: []') },
    unseen: 'nothing of ours runs in its thread',
  },
};

const versions = ['node20', 'node22', 'node24'];

export const wayRows = Object.keys(ways).flatMap((way, index) =>
  versions.map((node, turn) => ({
    name: `${way} ${node}`,
    type: 'way',
    way,
    node,
    bundler: 'esbuild-minify',
    mcp: (index + turn) % 2 === 0 ? 'v1-1.32.2' : 'v2-2.4.0',
    format: ways[way].format,
    side: 'stdio',
    role: 'stdio',
    dialogue: 'session',
    isSeen: ways[way].unseen === undefined,
    hidden: [],
    isSaid: ways[way].reads === true,
    threads: ways[way].reads === true ? 2 : 1,
    again: ways[way].again === true,
    env: ways[way].env,
    preloadOf: (ours) => (ways[way].preload ?? [OURS]).flatMap((word) => (word === OURS ? ours : [word])),
    ours: ways[way].ours ?? ways[way].format,
  })),
);

/** The files of a way, in a folder from which the tools can be loaded. */
export async function placeWay(row, scratch) {
  const files = await place(row, scratch);
  const { entry, files: others = {} } = ways[row.way];
  await symlink(path.join(await install('tools'), 'node_modules'), path.join(files.folder, 'node_modules'));
  await mkdir(path.join(files.folder, 'cache'), { recursive: true });
  for (const [name, text] of Object.entries(others)) await writeFile(path.join(files.folder, name), text);
  return { ...files, server: entry === undefined ? files.server : path.join(files.folder, entry) };
}
