/** `node build.mjs FOLDER`: bundles servers and clients, minified, as ESM and CommonJS. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

export const names = ['client-v1', 'server-v1', 'client-v2', 'server-v2'];

/** @type {Record<string, import('esbuild').BuildOptions>} */
const formats = {
  mjs: {
    format: 'esm',
    // Some bundled packages are CommonJS and call `require`, which ESM lacks.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  },
  cjs: { format: 'cjs' },
};

/** Writes `client-v1.mjs`, `client-v1.cjs` and so on into the folder. */
export async function bundle(folder) {
  await mkdir(folder, { recursive: true });
  for (const [extension, options] of Object.entries(formats)) {
    await build({
      entryPoints: names.map((name) => join(import.meta.dirname, `${name}.mjs`)),
      outdir: folder,
      outExtension: { '.js': `.${extension}` },
      bundle: true,
      minify: true,
      platform: 'node',
      target: 'node20',
      ...options,
    });
  }
}

if (process.argv[1] === import.meta.filename) await bundle(process.argv[2] ?? 'out');
