/** Stack traces, source maps and the text of functions: the same in a bundle that was rewritten. */
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { plainEnvironment, platform } from '../matrix/packages.mjs';
import { run } from '../matrix/processes.mjs';
import { extensions } from './build.mjs';
import { install } from './install.mjs';
import { preloads } from './observe.mjs';

const imports = {
  'v1-1.32.2': `import { Server } from '@modelcontextprotocol/sdk/server/index.js';`,
  'v2-2.4.0': `import { Server } from '@modelcontextprotocol/server';`,
};
/** Prints stacks of errors in front of, in and behind the SDK's code, and the text of its methods; then it fails. */
const program = `
const texts = (prototype) =>
  prototype === Object.prototype
    ? []
    : [
        ...Object.getOwnPropertyNames(prototype)
          .filter((name) => name !== 'constructor' && name !== 'connect')
          .map((name) => String(Object.getOwnPropertyDescriptor(prototype, name).value)),
        ...texts(Object.getPrototypeOf(prototype)),
      ];
function fail() {
  throw new Error('on purpose');
}
const server = new Server({ name: 'stacks', version: '1.0.0' });
console.log(JSON.stringify(String(server.connect)));
console.log(JSON.stringify(texts(Server.prototype)));
server
  .notification({ method: 'notifications/progress', params: { progressToken: 1, progress: 1 } })
  .catch((error) => console.log(error.stack))
  .then(fail);
`;
const limitMs = 60_000;

export const stackRows = Object.keys(imports).flatMap((mcp) =>
  Object.keys(extensions).flatMap((format) =>
    ['node20', 'node22', 'node24'].flatMap((node) =>
      [[], ['--enable-source-maps']].map((options) => ({
        type: 'stacks',
        name: ['stacks', mcp, format, node, ...options].join(' '),
        mcp,
        format,
        node,
        options,
      })),
    ),
  ),
);

async function build({ mcp, format }, folder) {
  const tool = createRequire(path.join(await install('tools'), 'package.json'));
  const file = path.join(folder, `stacks.${extensions[format]}`);
  await mkdir(folder, { recursive: true });
  await tool('esbuild').build({
    stdin: { contents: `${imports[mcp]}${program}`, resolveDir: await install(mcp), sourcefile: 'stacks-source.mjs' },
    outfile: file,
    bundle: true,
    minify: true,
    sourcemap: true,
    platform: 'node',
    target: 'node20',
    format,
    logLevel: 'error',
  });
  return file;
}

export async function runStacks(row, scratch) {
  const file = await build(row, path.join(scratch, row.name.replaceAll(' ', '_')));
  const { node } = await platform(row.node);
  const env = {
    ...plainEnvironment(),
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
  };
  const start = (ours) => run(node, [...row.options, ...ours, file], { cwd: path.dirname(file), env, limitMs });
  const without = await start([]);
  const withUs = await start(preloads[row.format]);
  assert.equal(without.code, 1, without.stderr);
  const name = row.options.length > 0 ? 'stacks-source.mjs' : path.basename(file);
  assert.ok(without.stderr.includes(name), `no trace of ${name}:\n${without.stderr}`);
  assert.ok(without.stdout.includes('Not connected'), without.stdout.slice(-500));
  assert.ok((await readFile(file, 'utf8')).includes('sourceMappingURL'));
  const [connect, ...same] = withUs.stdout.split('\n');
  const [untouched, ...expected] = without.stdout.split('\n');
  assert.notEqual(connect, untouched, 'the bundle was not rewritten');
  assert.deepEqual(withoutLoaders(same), withoutLoaders(expected), 'the text of functions, or a stack');
  assert.deepEqual(framesOf(withUs.stderr), framesOf(without.stderr), 'the stack of an error that ends the process');
  assert.equal(withUs.code, without.code);
}

/** What replaces the method that compiles CommonJS is in the stack of every file. */
const withoutLoaders = (lines) => lines.filter((line) => !/^\s+at .*(?:node:internal|\/dist\/cjs\/)/.test(line));

/** Node.js also prints the line of the error, which in a minified bundle contains what was replaced. */
const framesOf = (stderr) => withoutLoaders(stderr.split('\n').filter((line) => /^\s+at |^Error: /.test(line)));
