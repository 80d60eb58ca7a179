/**
 * Watches the MCP SDKs being loaded, in ESM and CommonJS, in every copy that an application has. Other modules are not
 * touched.
 */
import { existsSync } from 'node:fs';
import { createRequire, isBuiltin, register } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { addHook, removeHook } from 'import-in-the-middle';
import { Hook as RequireHook } from 'require-in-the-middle';
import { HERE } from '../../lib/location.js';
import { RUNTIME } from '../../lib/runtime.js';
import { reportFailure } from '../../report/report.js';
import { isTried, type SdkPackage } from './tried-versions.js';
import { type WatchedModule, WRAP, watchWrapped } from './wrapped-modules.js';

/** Exports of a loaded module. */
export type ModuleExports = Readonly<Record<string, unknown>>;

/** A module of an SDK with classes to patch. */
export interface SdkModule extends WatchedModule {
  readonly sdk: SdkPackage;
  /** The file, as CommonJS: for modules that were loaded before. */
  readonly cjs: RegExp;
  /** The specifiers that load it in CommonJS. */
  readonly specifiers: readonly string[];
  /** The file with the classes, if it is not the one that the specifier resolves to: the first that exists. */
  readonly cjsFiles?: readonly string[];
}

const IMPORT_HOOKS = 'import-in-the-middle';

/** Set when the process has our loader hook. */
const LOADED = Symbol.for('mcp-trail.loader');
const ANY_SDK_MODULE =
  /\/@modelcontextprotocol\/(?:sdk|client|server|server-legacy|node)\/dist\/.*\.m?js$|\/node_modules\/(?:@tmcp\/transport-\w+|tmcp)\/src\/index\.js$/;

/** Takes a module that was loaded from a file. */
type See = (module: SdkModule, file: string, read: () => unknown) => void;

/**
 * Calls back with the exports of each module, now or when it is loaded, unless its version is unknown. Returns a function
 * that stops this.
 */
export function watchModules(modules: readonly SdkModule[], loaded: (exports: ModuleExports) => void): () => void {
  const see: See = ({ sdk }, file, read) => {
    try {
      if (!isTried(sdk, file)) return;
      const exports = read();
      if (typeof exports === 'object' && exports !== null) loaded(exports as ModuleExports);
    } catch (error) {
      reportFailure('instrumenting an SDK module', error);
    }
  };
  const stops = [watchImports(modules, see), watchRequires(modules, see)];
  seeRequired(modules, see);
  return () => {
    for (const stop of stops) stop();
  };
}

function watchImports(modules: readonly SdkModule[], see: See): () => void {
  const hook = (file: string, exports: unknown) => {
    const path = file.replaceAll('\\', '/');
    const module = modules.find(({ esm }) => esm.test(path));
    if (module !== undefined) see(module, file, () => exports);
  };
  if (RUNTIME !== 'node') return watchWrapped(modules, WRAP[RUNTIME], hook);
  startLoader();
  const apis = importHookApis();
  for (const api of apis) api.addHook(hook);
  return () => {
    for (const api of apis) api.removeHook(hook);
  };
}

/** `import-in-the-middle`, as each of its versions exports it. */
interface ImportHookApi {
  addHook(hook: (url: string, exports: unknown) => void): void;
  removeHook(hook: (url: string, exports: unknown) => void): void;
}

/**
 * Our copy, and those that OpenTelemetry's own loader hook may come from. The first loader hook wraps a module, and only the
 * copy that belongs to it reports the module.
 */
function importHookApis(): ReadonlySet<ImportHookApi> {
  const apis = new Set<ImportHookApi>([{ addHook, removeHook }]);
  const own = HERE === undefined ? undefined : createRequire(HERE).resolve(IMPORT_HOOKS);
  for (const from of [process.argv[1], join(process.cwd(), 'package.json')]) {
    for (const via of [undefined, '@opentelemetry/instrumentation']) {
      try {
        const require = createRequire(from as string);
        const file = (via === undefined ? require : createRequire(require.resolve(via))).resolve(IMPORT_HOOKS);
        if (file !== own) apis.add(createRequire(file)(file) as ImportHookApi);
      } catch {
        // Not installed there, or there is no entry file.
      }
    }
  }
  return apis;
}

/** One loader hook per process, from the first copy of this package. */
function startLoader(): void {
  const global = globalThis as { [LOADED]?: true };
  if (global[LOADED] || HERE === undefined) return;
  global[LOADED] = true;
  try {
    if (!startSyncLoader(HERE)) {
      register(loaderUrl(HERE), { data: { include: [ANY_SDK_MODULE] } });
    }
  } catch (error) {
    reportFailure('registering the ESM loader hook', error);
  }
}

/**
 * The loader hook of `import-in-the-middle`, but a separate instance: settings of the shared one would also apply to
 * OpenTelemetry's own loader hook, and the second of the two would print a warning.
 */
function loaderUrl(here: string): string {
  const source = `import { createHook } from ${JSON.stringify(fileUrl(here, `${IMPORT_HOOKS}/create-hook.mjs`))};
    const { load, resolve, applyOptions } = createHook({ url: ${JSON.stringify(hookFileUrl(here))} });
    export { load, resolve, applyOptions as initialize };`;
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

/** The file from which a hook resolves the rest of its package. */
function hookFileUrl(here: string): string {
  return fileUrl(here, `${IMPORT_HOOKS}/hook.mjs`);
}

function fileUrl(here: string, specifier: string): string {
  return pathToFileURL(createRequire(here).resolve(specifier)).href;
}

interface SyncLoader {
  supportsSyncHooks(): boolean;
}

interface LoaderHooks {
  applyOptions(options: { include: RegExp[] }): void;
  readonly resolveSync: Resolve;
  readonly loadSync: unknown;
}

type Resolve = (specifier: string, context: unknown, next: (specifier: string, context: unknown) => unknown) => unknown;

/** Newer versions of Node.js run loader hooks in the application's thread, and deprecate the other kind. */
function startSyncLoader(here: string): boolean {
  const require = createRequire(here);
  const [major = 0] = process.versions.node.split('.').map(Number);
  if (major < 22) return false;
  const { supportsSyncHooks } = require('import-in-the-middle/supports-sync-hooks.mjs') as SyncLoader;
  if (!supportsSyncHooks()) return false;
  const { createHook } = require('import-in-the-middle/create-hook.mjs') as {
    createHook(meta: { url: string }): LoaderHooks;
  };
  const { registerHooks } = require('node:module') as {
    registerHooks(hooks: { resolve: Resolve; load: unknown }): void;
  };
  const hooks = createHook({ url: hookFileUrl(here) });
  hooks.applyOptions({ include: [ANY_SDK_MODULE] });
  // `node --require … --eval` loads Node's own modules without a parent, which the hook takes for files.
  const resolve: Resolve = (specifier, context, next) =>
    isBuiltin(specifier) ? next(specifier, context) : hooks.resolveSync(specifier, context, next);
  registerHooks({ resolve, load: hooks.loadSync });
  return true;
}

function watchRequires(modules: readonly SdkModule[], see: See): () => void {
  const bySpecifier = new Map(
    modules.flatMap((each) => each.specifiers.map((specifier) => [specifier, each] as const)),
  );
  const hook = new RequireHook([...bySpecifier.keys()], (exports: unknown, name: string, baseDir?: string) => {
    const module = bySpecifier.get(name.replaceAll('\\', '/'));
    if (module !== undefined && baseDir !== undefined) {
      const { cjsFiles } = module;
      see(module, join(baseDir, 'package.json'), () =>
        cjsFiles === undefined ? exports : requireFirst(cjsFiles.map((file) => join(baseDir, file))),
      );
    }
    return exports as never;
  });
  return () => hook.unhook();
}

function requireFirst(files: readonly string[]): unknown {
  const file = files.find((each) => existsSync(each));
  return file === undefined ? undefined : createRequire(file)(file);
}

/** Finds CommonJS modules that were loaded before. */
function seeRequired(modules: readonly SdkModule[], see: See): void {
  if (HERE === undefined) return;
  const { cache } = createRequire(HERE);
  for (const file of Object.keys(cache)) {
    if (!file.includes('@modelcontextprotocol')) continue;
    const path = file.replaceAll('\\', '/');
    const module = modules.find(({ cjs }) => cjs.test(path));
    if (module !== undefined) see(module, file, () => cache[file]?.exports);
  }
}
