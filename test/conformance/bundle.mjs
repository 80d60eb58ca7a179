/** Bundles the example server and client with the SDKs inside. */
import { join } from 'node:path';
import { build } from 'esbuild';

/**
 * @param {string} folder to write to, from which no SDK can be loaded
 * @returns {Promise<Record<'server' | 'client', string>>}
 */
export async function bundle(folder) {
  await build({
    entryPoints: ['server.mjs', 'client.mjs'].map((name) => join(import.meta.dirname, name)),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // Some bundled packages are CommonJS and call `require`, which ESM lacks.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  return { server: join(folder, 'server.mjs'), client: join(folder, 'client.mjs') };
}
