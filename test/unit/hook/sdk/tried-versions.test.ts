import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tried-versions-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const CLASS = 'class { connect() {} }';

/** A copy of an SDK in an application of its own. Returns the expressions that load its class. */
async function fakeSdk(name: string, manifest: string, specifier: string, files: Record<string, string>) {
  const app = await mkdtemp(path.join(folder, 'app-'));
  const copy = path.join(app, 'node_modules', name);
  for (const [file, text] of Object.entries({ ...files, 'package.json': manifest })) {
    await mkdir(path.dirname(path.join(copy, file)), { recursive: true });
    await writeFile(path.join(copy, file), text);
  }
  const from = JSON.stringify(path.join(app, 'app.js'));
  return {
    imported: (file: string) => `(await import('${pathToFileURL(path.join(copy, file)).href}')).Protocol`,
    required: `createRequire(${from})('${specifier}').Protocol`,
  };
}

async function v2(name: string, version: unknown) {
  const manifest = { name, version, exports: { import: './dist/index.mjs', require: './dist/index.cjs' } };
  const { imported, required } = await fakeSdk(name, JSON.stringify(manifest), name, {
    'dist/index.mjs': `export const Protocol = ${CLASS};`,
    'dist/index.cjs': `exports.Protocol = ${CLASS};`,
  });
  return [imported('dist/index.mjs'), required];
}

/** `protocol` is the file with the class. */
async function v1(version: string, protocol = 'shared/protocol.js') {
  const name = '@modelcontextprotocol/sdk';
  const manifest = { name, version, exports: { './*': { import: './dist/esm/*', require: './dist/cjs/*' } } };
  const { imported, required } = await fakeSdk(name, JSON.stringify(manifest), `${name}/server/index.js`, {
    'dist/esm/package.json': '{ "type": "module" }',
    [`dist/esm/${protocol}`]: `export const Protocol = ${CLASS};`,
    'dist/cjs/package.json': '{ "type": "commonjs" }',
    [`dist/cjs/${protocol}`]: `exports.Protocol = ${CLASS};`,
    'dist/cjs/server/index.js': `exports.Protocol = require('../${protocol}').Protocol;`,
  });
  return [imported(`dist/esm/${protocol}`), required];
}

const STATEMENTS = {
  /** Prints which classes were instrumented: stopping gives them their method back. */
  which: `const found = classes.map(({ prototype }) => prototype.connect);
    ours.disable();
    console.log(JSON.stringify(classes.map(({ prototype }, at) => prototype.connect !== found[at])));`,
  byHand: `const server = new classes[0]();
    instrumentServer(server);
    console.log(JSON.stringify(Object.hasOwn(server, 'connect')));`,
};

/** Loads classes in a new process that is instrumented. */
async function load(classes: readonly string[], statements = STATEMENTS.which) {
  const source = `import { createRequire } from 'node:module';
    import { instrumentServer, McpInstrumentation } from 'mcp-trail';
    const ours = new McpInstrumentation();
    const classes = [${classes.join(', ')}];
    ${statements}`;
  const args = ['--input-type=module', '--eval', source];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, timeout: 50_000 });
  return { printed: JSON.parse(stdout), stderr };
}

describe('a major of an SDK that nobody has tried', () => {
  it.each(['@modelcontextprotocol/client', '@modelcontextprotocol/server', '@modelcontextprotocol/server-legacy'])(
    'is left alone and named once: %s',
    async (name) => {
      const { printed, stderr } = await load([...(await v2(name, '3.0.1')), ...(await v2(name, '3.0.1'))]);
      expect(printed).toEqual([false, false, false, false]);
      expect(stderr).toBe(
        `mcp-trail: ${name} 3.0.1 is not instrumented: this version of mcp-trail knows versions before 3. Update ` +
          'mcp-trail, or use instrumentClient and instrumentServer\n',
      );
    },
  );

  it('is left alone and named once: @modelcontextprotocol/sdk', async () => {
    const { printed, stderr } = await load(await v1('2.0.0'));
    expect(printed).toEqual([false, false]);
    expect(stderr).toMatch(/^mcp-trail: @modelcontextprotocol\/sdk 2\.0\.0 is not instrumented: .* before 2\. .*\n$/);
  });

  it('loads as usual, wherever it keeps its files', async () => {
    const { printed } = await load(await v1('2.0.0', 'lib/protocol.js'));
    expect(printed).toEqual([false, false]);
  });

  it('can be instrumented manually', async () => {
    const { printed } = await load(await v2('@modelcontextprotocol/server', '3.0.1'), STATEMENTS.byHand);
    expect(printed).toBe(true);
  });

  it.each(['3.0.0-alpha.1', '12.1.0', '999999999.0.0'])('is %s', async (version) => {
    const { printed } = await load(await v2('@modelcontextprotocol/server', version));
    expect(printed).toEqual([false, false]);
  });

  it('is named without what would harm a terminal, and at a bounded length', async () => {
    const { stderr } = await load(await v2('@modelcontextprotocol/server', `3.0.0-\u001b[31m${'x'.repeat(100_000)}`));
    expect(stderr).not.toContain('\u001b');
    expect(stderr.length).toBeLessThan(1000);
  });
});

describe('a known version of an SDK', () => {
  it.each(['2.0.0', '2.99.0', '2.0.0-alpha.3', '3', '', 3, null])('is instrumented: %j', async (version) => {
    const { printed, stderr } = await load(await v2('@modelcontextprotocol/server', version));
    expect(printed).toEqual([true, true]);
    expect(stderr).toBe('');
  });

  it('may be beside an unknown one', async () => {
    const name = '@modelcontextprotocol/server';
    const { printed } = await load([...(await v2(name, '3.0.1')), ...(await v2(name, '2.4.0'))]);
    expect(printed).toEqual([false, false, true, true]);
  });

  it('is 1.x of the first SDK', async () => {
    const { printed } = await load(await v1('1.99.0'));
    expect(printed).toEqual([true, true]);
  });
});
