import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HERE, registerUrl } from '../../../src/lib/location.js';

const SOURCE = fileURLToPath(new URL('../../../src/lib/location.ts', import.meta.url));
let folder: string;

beforeAll(async () => {
  // A path that a URL has to escape.
  folder = join(await mkdtemp(join(tmpdir(), 'mcp-trail-')), 'a b#c%20d');
  for (const format of ['esm', 'cjs'] as const) {
    await build({ entryPoints: [SOURCE], platform: 'node', format, outfile: join(folder, format, 'lib/location.js') });
  }
  await writeFile(join(folder, 'cjs/package.json'), '{"type":"commonjs"}');
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
});
afterAll(() => rm(join(folder, '..'), { recursive: true }));

/** The output of code in a process of its own. */
async function run(code: string, ...flags: string[]) {
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, '-e', code], {
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  return JSON.parse(stdout);
}

/** The location that a build reports, given an expression that loads it. */
function locationOf(load: string, ...flags: string[]): Promise<{ here?: string; register?: string }> {
  const show = 'console.log(JSON.stringify({ here: location.HERE, register: location.registerUrl() }))';
  return run(`${load}.then((location) => { ${show} })`, ...flags);
}

function urlOf(...path: string[]): string {
  return pathToFileURL(join(folder, ...path)).href;
}

describe('where the package is', () => {
  it.each([
    ['esm', (file: string) => `import(${JSON.stringify(file)})`],
    ['cjs', (file: string) => `Promise.resolve(require(${JSON.stringify(fileURLToPath(file))}))`],
  ])('is known to its %s build, as the URL of a file beside its register entry', async (format, load) => {
    expect(await locationOf(load(urlOf(format, 'lib', 'location.js')))).toEqual({
      here: urlOf(format, 'lib', 'location.js'),
      register: urlOf(format, 'register.js'),
    });
  });

  it('is known with source maps', async () => {
    const file = urlOf('esm', 'lib', 'location.js');
    expect((await locationOf(`import(${JSON.stringify(file)})`, '--enable-source-maps')).here).toBe(file);
  });

  it('is known if the application formats stacks itself, and still does', async () => {
    const file = urlOf('esm', 'lib', 'location.js');
    const answer = await run(`
      const format = () => 'formatted';
      Error.prepareStackTrace = format;
      import(${JSON.stringify(file)}).then(({ HERE }) => {
        console.log(JSON.stringify([HERE, Error.prepareStackTrace === format]));
      });
    `);
    expect(answer).toEqual([file, true]);
  });

  it('is the file of the bundle in a bundle', async () => {
    const outfile = join(folder, 'bundle.cjs');
    const entry = fileURLToPath(urlOf('cjs', 'lib', 'location.js'));
    await build({ entryPoints: [entry], bundle: true, platform: 'node', format: 'cjs', outfile });
    expect((await locationOf(`Promise.resolve(require(${JSON.stringify(outfile)}))`)).here).toBe(urlOf('bundle.cjs'));
  });

  it('is unknown for code without a file', async () => {
    const entry = fileURLToPath(urlOf('cjs', 'lib', 'location.js'));
    const answer = await run(`
      const source = require('node:fs').readFileSync(${JSON.stringify(entry)}, 'utf8');
      const module = {};
      new Function('module', 'require', source)(module, require);
      const { HERE, registerUrl } = module.exports;
      console.log(JSON.stringify([HERE === undefined, registerUrl() === undefined]));
    `);
    expect(answer).toEqual([true, true]);
  });

  it('is known to the source as well', () => {
    expect(HERE).toBe(new URL('../../../src/lib/location.ts', import.meta.url).href);
    expect(registerUrl()).toBe(new URL('../../../src/register.js', import.meta.url).href);
  });
});
