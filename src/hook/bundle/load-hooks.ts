/**
 * Rewrites bundles while they are loaded: ESM in a loader hook, CommonJS where Node.js compiles it. Newer versions of Node.js
 * show a CommonJS file to both; the second sees that it is done.
 */
import { existsSync } from 'node:fs';
import Module, { register } from 'node:module';
import { MessageChannel } from 'node:worker_threads';
import { bundleLoaderUrl } from '../../lib/location.js';
import { RUNTIME } from '../../lib/runtime.js';
import { guarded } from '../../report/guarded.js';
import { reportFailure } from '../../report/report.js';
import { replaceMethod } from '../replace-methods.js';
import { type Loaded, type OnFailed, rewriteFile, rewriteLoaded } from './load.js';
import type { FailedFile, LoaderData } from './loader.js';

/** Set when the process has these hooks, from any copy of this package. */
const INSTALLED = Symbol.for('mcp-trail.bundle-loader');

const SITE = 'rewriting a bundle';

/** Installs the hooks, once per process. */
export function rewriteBundles(onFailed: OnFailed): void {
  const global = globalThis as { [INSTALLED]?: true };
  if (global[INSTALLED]) return;
  global[INSTALLED] = true;
  try {
    hookCompile(onFailed);
    // With a hook for files that it loads, Deno no longer reads JSON, WebAssembly and addons. Bun has none that may decline.
    if (RUNTIME !== 'node') return;
    if (!hookSyncLoad(onFailed)) hookLoaderThread(onFailed);
  } catch (error) {
    reportFailure('installing the hooks for bundled SDKs', error);
  }
}

/** The method is not documented, but every tool that compiles CommonJS on the fly replaces it. */
function hookCompile(onFailed: OnFailed): void {
  replaceMethod(
    Module.prototype,
    '_compile',
    (compile) =>
      function (this: unknown, content: unknown, file: unknown, ...rest: unknown[]) {
        const text =
          typeof content === 'string' && typeof file === 'string'
            ? guarded(SITE, () => rewriteFile(file, content, onFailed))
            : undefined;
        return compile.call(this, text ?? content, file, ...rest);
      },
  );
}

interface SyncHooks {
  registerHooks?(hooks: { load(url: string, context: unknown, nextLoad: NextLoad): Loaded }): void;
}

type NextLoad = (url: string, context: unknown) => Loaded;

/** @returns false where Node.js has no hooks in the application's thread */
function hookSyncLoad(onFailed: OnFailed): boolean {
  const { registerHooks } = Module as SyncHooks;
  if (registerHooks === undefined) return false;
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      return guarded(SITE, () => rewriteLoaded(url, loaded, onFailed)) ?? loaded;
    },
  });
  return true;
}

function hookLoaderThread(onFailed: OnFailed): void {
  const url = bundleLoaderUrl();
  if (url === undefined || !existsSync(new URL(url))) return;
  const { port1, port2 } = new MessageChannel();
  port1.on('message', ({ file, reason }: FailedFile) => onFailed(file, reason));
  port1.unref();
  register(url, { data: { port: port2 } satisfies LoaderData, transferList: [port2] });
}
