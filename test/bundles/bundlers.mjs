/**
 * The bundlers and compilers, each with the settings that change how classes are written. A build turns the entry into one file
 * without imports but those of Node.js.
 *
 * @typedef {object} Build
 * @property {string} entry
 * @property {string} file to write
 * @property {'esm' | 'cjs'} format
 * @property {(name: string) => any} tool loads a package of the group `tools`
 * @property {string} tools the folder of that group
 */
import { copyFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { run, runOrThrow } from '../matrix/processes.mjs';

/** What CommonJS in an ESM bundle needs, where the bundler does not give it. */
const REQUIRE =
  "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);";
const limitMs = 120_000;

const esbuild =
  (options = {}) =>
  ({ entry, file, format, tool }) =>
    tool('esbuild').build({
      entryPoints: [entry],
      outfile: file,
      bundle: true,
      platform: 'node',
      target: 'node20',
      format,
      logLevel: 'error',
      ...(format === 'esm' && { banner: { js: REQUIRE } }),
      ...options,
    });

/** One file by esbuild, as written, which a compiler then transforms. */
const compiled = (transform) => async (build) => {
  const { file } = build;
  await esbuild({ target: 'esnext' })(build);
  await writeFile(file, await transform(await readFile(file, 'utf8'), build));
};

const rollup =
  ({ minify = false } = {}) =>
  async ({ entry, file, format, tool }) => {
    const plugins = [
      tool('@rollup/plugin-node-resolve').nodeResolve({ exportConditions: ['node'], preferBuiltins: true }),
      tool('@rollup/plugin-commonjs').default(),
      tool('@rollup/plugin-json').default(),
    ];
    const bundle = await tool('rollup').rollup({ input: entry, plugins, onwarn: () => {} });
    const { output } = await bundle.generate({ format, inlineDynamicImports: true });
    await bundle.close();
    const { code } = output[0];
    const smaller = minify ? await tool('terser').minify(code, { module: format === 'esm' }) : { code };
    await writeFile(file, smaller.code);
  };

const rolldown =
  ({ minify = false } = {}) =>
  async ({ entry, file, format, tool }) => {
    await tool('rolldown').build({
      input: entry,
      platform: 'node',
      logLevel: 'silent',
      output: { file, format, minify, codeSplitting: false },
    });
  };

/** The settings that webpack and its likes share. */
const packed =
  (name, options) =>
  async ({ entry, file, format, tool }) => {
    const bundler = tool(name);
    const stats = await new Promise((resolve, reject) => {
      const esm = format === 'esm';
      const compiler = (bundler.rspack ?? bundler)({
        entry,
        target: 'node20',
        output: {
          path: path.dirname(file),
          filename: path.basename(file),
          ...(esm && { module: true, library: { type: 'module' }, chunkFormat: 'module' }),
        },
        ...(esm && { experiments: { outputModule: true } }),
        optimization: { splitChunks: false, runtimeChunk: false },
        plugins: [new bundler.optimize.LimitChunkCountPlugin({ maxChunks: 1 })],
        performance: false,
        ...options,
      });
      compiler.run((error, result) => compiler.close(() => (error ? reject(error) : resolve(result))));
    });
    if (stats.hasErrors()) throw new Error(stats.toString('errors-only'));
  };

const bun =
  (options = []) =>
  async ({ entry, file, format, tools }) => {
    const program = path.join(tools, 'node_modules/@oven/bun-linux-x64/bin/bun');
    const words = ['build', entry, '--outfile', file, '--target=node', `--format=${format}`, ...options];
    await runOrThrow(program, words, { cwd: path.dirname(entry), env: process.env, limitMs });
  };

const ncc =
  (options = []) =>
  async ({ entry, file, format, tools }) => {
    const folder = await mkdtemp(`${file}.`);
    // It takes the format from the name of the entry.
    const input = format === 'esm' ? entry : entry.replace('.mjs', '.js');
    if (format === 'cjs') await copyFile(entry, input);
    const program = path.join(tools, 'node_modules/@vercel/ncc/dist/ncc/cli.js');
    const words = [program, 'build', input, '--out', folder, '--no-cache', ...options];
    const { code, stdout, stderr } = await run(process.execPath, words, { cwd: folder, env: process.env, limitMs });
    if (code !== 0) throw new Error(`ncc failed:\n${stdout}${stderr}`);
    await rename(path.join(folder, format === 'esm' ? 'index.mjs' : 'index.js'), file);
    await rm(folder, { recursive: true });
  };

const swc = (options) =>
  compiled(async (text, { tool, format }) => {
    const { code } = await tool('@swc/core').transform(text, {
      configFile: false,
      swcrc: false,
      isModule: format === 'esm',
      ...options,
    });
    return code;
  });

const babel = (targets) =>
  compiled(async (text, { tool, format }) => {
    const { code } = await tool('@babel/core').transformAsync(text, {
      configFile: false,
      babelrc: false,
      compact: true,
      sourceType: format === 'esm' ? 'module' : 'script',
      presets: [[tool('@babel/preset-env').default, { targets, modules: false }]],
    });
    return code;
  });

const typescript = (target, useDefineForClassFields) =>
  compiled(async (text, { tool }) => {
    const ts = tool('typescript');
    const module = ts.ModuleKind.ESNext;
    const compilerOptions = { target: ts.ScriptTarget[target], module, useDefineForClassFields };
    return ts.transpileModule(text, { compilerOptions }).outputText;
  });

/** @type {Record<string, (build: Build) => Promise<unknown>>} */
export const bundlers = {
  esbuild: esbuild(),
  'esbuild-minify': esbuild({ minify: true }),
  'esbuild-es2020': esbuild({ target: 'es2020' }),
  'esbuild-es2020-minify': esbuild({ target: 'es2020', minify: true }),
  'esbuild-keep-names': esbuild({ keepNames: true, minify: true }),
  rollup: rollup(),
  'rollup-terser': rollup({ minify: true }),
  rolldown: rolldown(),
  'rolldown-minify': rolldown({ minify: true }),
  'webpack-production': packed('webpack', { mode: 'production' }),
  'webpack-development': packed('webpack', { mode: 'development', devtool: 'source-map' }),
  'rspack-production': packed('@rspack/core', { mode: 'production' }),
  'rspack-development': packed('@rspack/core', { mode: 'development', devtool: 'source-map' }),
  bun: bun(),
  'bun-minify': bun(['--minify']),
  ncc: ncc(),
  'ncc-minify': ncc(['--minify']),
  'swc-minify': swc({ minify: true, jsc: { target: 'es2022', minify: { compress: true, mangle: true } } }),
  'swc-es2020': swc({ jsc: { target: 'es2020' } }),
  'swc-es5': swc({ jsc: { target: 'es5' } }),
  'swc-es5-minify': swc({ minify: true, jsc: { target: 'es5', minify: { compress: true, mangle: true } } }),
  'babel-node12': babel({ node: '12' }),
  'babel-es5': babel({ ie: '11' }),
  'typescript-es2020-set': typescript('ES2020', false),
  'typescript-es2020-define': typescript('ES2020', true),
  'typescript-es2022': typescript('ES2022', true),
};

/** Builds in which an SDK cannot be found: they must be left alone. */
export const unseen = {
  'webpack-eval': packed('webpack', { mode: 'development', devtool: 'eval' }),
};
