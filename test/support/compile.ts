/** Inner modules of `src/` for processes that a test starts: the built package has no more than its entries. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type BuildOptions, build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A file of the checkout as one program: its path. */
export function compileProgram(file: string): Promise<string> {
  return compile({ entryPoints: [join(ROOT, file)] });
}

/** A module that imports from `./src/…` as one file: its URL. */
export async function compileModule(code: string): Promise<string> {
  return pathToFileURL(await compile({ stdin: { contents: code, resolveDir: ROOT, loader: 'ts' } })).href;
}

async function compile(source: Pick<BuildOptions, 'entryPoints' | 'stdin'>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-compiled-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const outfile = join(folder, 'module.mjs');
  await build({ ...source, bundle: true, platform: 'node', format: 'esm', outfile });
  return outfile;
}
