/**
 * Builds `dist/`: the code once, as CommonJS in a few files, with ES modules that re-export it, so that `import` and
 * `require` share one state; and the declarations once. It is shortened, and no source map is made, but
 * functions keep their names: a stack trace shows those of the source, and each source file is one line, below its path.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';
import { bundled } from './declarations.mjs';
import { shortened } from './shorten.mjs';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const CJS = join(ROOT, 'dist/cjs');
const ESM = join(ROOT, 'dist/esm');

/** The entries of `exports` in package.json: the file in `dist/cjs` and `dist/esm`, and its source. */
const ENTRIES = {
  index: 'src/index.ts',
  register: 'src/register.ts',
  semconv: 'src/semconv/index.ts',
  mappings: 'src/mapping/index.ts',
};

/**
 * Loaded on first use: names that the source imports from these become functions that load the file. Two that need nearly the same are
 * one file: each file more divides what they share once more.
 */
const LATE = {
  'core/audit': 'src/audit/assemble.ts',
  mappings: ENTRIES.mappings,
  'core/commands': 'src/cli/main.ts',
  'core/wrap': 'src/cli/wrap-start.ts',
  'core/observe': ['src/wrap/observe.ts', 'src/doctor/diagnose.ts'],
};

/** Loaded by a path, not by a name: the rest of `register`, the loader hook for bundled SDKs, and the command. */
const INNER = {
  'bundle-loader': 'src/hook/bundle/loader.ts',
  'zero-code': 'src/zero-code.ts',
  cli: 'src/cli/start.ts',
};

const SETTINGS = { absWorkingDir: ROOT, bundle: true, platform: 'node', target: 'node20', packages: 'external' };

/** Marks imports of code that is loaded late. */
const late = {
  name: 'late',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^joined:/ }, ({ path }) => ({ path, namespace: 'joined' }));
    onLoad({ filter: /./, namespace: 'joined' }, ({ path }) => {
      const sources = LATE[path.slice('joined:'.length)];
      return { contents: sources.map((source) => `export * from './${source}';`).join('\n'), resolveDir: ROOT };
    });
    for (const [entry, source] of Object.entries(LATE).flatMap(([name, value]) =>
      [value].flat().map((each) => [name, each]),
    )) {
      onResolve({ filter: new RegExp(`/${basename(source, '.ts')}\\.js$`) }, ({ path, resolveDir }) => {
        const isIt = join(resolveDir, path).replace(/\.js$/, '.ts') === join(ROOT, source);
        return isIt ? { path: `late:${entry}`, external: true } : undefined;
      });
    }
  },
};

function lateEntries() {
  const entries = Object.entries(LATE).map(([name, source]) => [
    name,
    Array.isArray(source) ? `joined:${name}` : source,
  ]);
  return Object.fromEntries(entries);
}

/** Functions that replace marked imports. */
function loadLate(text, folder) {
  return text.replace(/^import \{([^}]*)\} from "late:([^"]*)";$/gm, (_, names, entry) => {
    const file = `./${relative(folder, join(CJS, `${entry}.js`))}`;
    const functions = names.split(',').map((name) => {
      const [exported, local = exported] = name.trim().split(' as ');
      return `function ${local}(...args) {\n  return require('${file}').${exported}(...args);\n}`;
    });
    return functions.join('\n');
  });
}

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Code that several entries need goes into one file per set of entries: only ES modules can be split so. */
async function buildCode() {
  const { register, ...others } = ENTRIES;
  const { metafile, outputFiles } = await build({
    ...SETTINGS,
    entryPoints: { ...others, ...lateEntries(), ...INNER },
    plugins: [late],
    chunkNames: 'core/[hash]',
    format: 'esm',
    splitting: true,
    outdir: CJS,
    metafile: true,
    write: false,
  });
  const names = chunkNames(metafile);
  for (const { path, text } of outputFiles) {
    const name = names.get(relative(ROOT, path)) ?? basename(path, '.js');
    const file = join(dirname(path), `${name}.js`);
    const renamed = text.replace(/(?<=^(?:import|export) [^;]*?")\.[^"]*(?=";$)/gm, (from) => {
      const chunk = names.get(relative(ROOT, join(dirname(path), from)));
      return chunk === undefined ? from : `${dirname(from)}/${chunk}.js`;
    });
    write(file, await asCommonJs(loadLate(renamed, dirname(path))));
  }
  await buildRegister(register);
  return metafile;
}

/** A file that several entries share is named after them: its hash would change with every change of the code. */
function chunkNames({ outputs }) {
  const users = new Map();
  const visit = (path, entry) => {
    for (const { path: next, external } of outputs[path].imports) {
      if (external) continue;
      users.set(next, (users.get(next) ?? new Set()).add(entry));
      visit(next, entry);
    }
  };
  for (const [path, { entryPoint }] of Object.entries(outputs)) {
    if (entryPoint !== undefined) visit(path, basename(path, '.js'));
  }
  return new Map([...users].map(([path, entries]) => [path, `shared-by-${[...entries].sort().join('-')}`]));
}

/**
 * Names of other files become constants. As members of what `require` returns, hundreds on one object, each use on the path
 * of a message would be looked up.
 */
function importNames(text) {
  return text.replace(/^import \{([^}]*)\} from ("\.[^"]*");$/gm, (_, names, from) => {
    return `const {${names.replaceAll(' as ', ': ')}} = require(${from});`;
  });
}

/** An object of constants, in which Node finds the names that ES modules may import, and which is shorter than accessors. */
function exportNames(text) {
  return text.replace(/^export \{([^}]*)\};$/m, (_, list) => {
    const names = list.split(',').map((name) => name.trim().split(' as '));
    return `module.exports = {${names.map(([local, exported = local]) => `${exported}: ${local}`)}};`;
  });
}

/** One statement per other package or module of Node: the compiler makes a variable of each. */
function mergeImports(text) {
  const merged = new Map();
  const rest = text.replace(/^import \{([^}]*)\} from ("[^."][^"]*");\n/gm, (_, names, from) => {
    merged.set(from, [...(merged.get(from) ?? []), names.trim()]);
    return '';
  });
  return [...merged].map(([from, names]) => `import { ${names.join(', ')} } from ${from};\n`).join('') + rest;
}

/** The compiler keeps legal comments only: those that name a source become such. */
async function asCommonJs(text) {
  const [start = ''] = text.match(/^#!.*\n/) ?? [];
  const settings = { target: SETTINGS.target, legalComments: 'inline' };
  const named = mergeImports(exportNames(importNames(text.slice(start.length))));
  const { code } = await transform(named.replace(/^\/\/ (?=src\/)/gm, '//! '), { ...settings, format: 'cjs' });
  const short = await shortened(code, settings);
  return `${start}'use strict';\n${short}`.replace(/\n?\/\/! (?=src\/)/g, '\n// ');
}

/** `register` is apart: it loads nothing of the rest before it has read its switch. */
async function buildRegister(source) {
  await build({
    ...SETTINGS,
    entryPoints: [source],
    external: ['./zero-code.js'],
    format: 'cjs',
    outfile: join(CJS, 'register.js'),
  });
}

/** ES modules with static names: neither bundlers nor Node have to find out what CommonJS exports. */
function writeEsModules({ outputs }) {
  for (const entry of Object.keys(ENTRIES)) {
    const names = outputs[`dist/cjs/${entry}.js`]?.exports.join(', ');
    write(join(ESM, `${entry}.js`), `${names ? `export { ${names} } from` : 'import'} '../cjs/${entry}.js';\n`);
    write(join(ESM, `${entry}.d.ts`), `export * from '../cjs/${entry}.js';\n`);
  }
}

/** The declaration of the audit record's fields. */
const FIELDS = 'semconv/audit-record.d.ts';

/** Types depend on the type and values of a field. Its other members, most of them prose, have the types of any field. */
function withoutTexts(text) {
  const fields = text
    .replace(/^ {8}readonly (?!type\b|values\b)\w+: (?:\{[^}]*\}|.*);\n/gm, '')
    .replace(/(?<=: )\{\n +readonly type: (.*);\n +\}/g, 'FieldOf<$1>')
    .replace(/(?<=: )\{\n +readonly type: (.*);\n +(readonly values: .*);\n +\}/g, 'FieldOf<$1> & { $2 }');
  return `${fields}\ntype FieldOf<Type> = AuditField & { readonly type: Type };\n`;
}

/** Tabs: a fifth of the size is indentation. */
function indented(text) {
  return text.replace(/^(?: {4})+/gm, (spaces) => '\t'.repeat(spaces.length / 4));
}

/** The compiler's declarations: one file of them, and one per entry that has its names. */
function buildDeclarations() {
  const emitted = mkdtempSync(join(tmpdir(), 'mcp-trail-types-'));
  try {
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const flags = ['--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--outDir', emitted];
    execFileSync(process.execPath, [tsc, '-p', ROOT, ...flags], { stdio: 'inherit' });
    const read = (file) => readFileSync(join(emitted, file), 'utf8');
    const files = Object.values(ENTRIES).map((source) => relative('src', source).replace(/\.ts$/, '.d.ts'));
    const all = bundled(files, (file) => (file === FIELDS ? withoutTexts(read(file)) : read(file)));
    write(join(CJS, 'types.d.ts'), indented(all));
    for (const [index, entry] of Object.keys(ENTRIES).entries()) {
      write(join(CJS, `${entry}.d.ts`), read(files[index]).replace(/ from '\.[^']*'/g, " from './types.js'"));
    }
  } finally {
    rmSync(emitted, { recursive: true });
  }
}

rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
writeEsModules(await buildCode());
buildDeclarations();
chmodSync(join(CJS, 'cli.js'), 0o755);
// Written last: tests read it as the sign that the build has finished.
write(join(CJS, 'package.json'), '{"type":"commonjs"}\n');
