/**
 * Seeing the MCP SDKs being loaded, in ESM and CommonJS, and in every copy of them that an application has. Only their
 * modules are looked at; all other loading goes its way.
 */
import { createRequire, register } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { addHook, removeHook } from 'import-in-the-middle';
import { Hook as RequireHook } from 'require-in-the-middle';
import { HERE } from '../../lib/location.js';
import { reportFailure } from '../../report/report.js';

/** Exports of a loaded module. */
export type ModuleExports = Readonly<Record<string, unknown>>;

/** One module of an SDK that is worth seeing. */
export interface SdkModule {
  /** The file, as ESM. */
  readonly esm: RegExp;
  /** The file, as CommonJS: for modules that were loaded before us. */
  readonly cjs: RegExp;
  /** What an application may `require` to get it loaded. */
  readonly specifiers: readonly string[];
  /** The file to take the exports from instead, where they are not those of what was required. */
  readonly cjsFile?: string;
}

const IMPORT_HOOKS = 'import-in-the-middle';

/** Set once the process has a loader hook of ours. */
const LOADED = Symbol.for('mcp-trail.loader');
const ANY_SDK_MODULE = /\/@modelcontextprotocol\/(?:sdk|client|server|server-legacy)\/dist\/.*\.m?js$/;

/** Calls back with the exports of each of the modules, now or when it is loaded; returns how to stop. */
export function watchModules(modules: readonly SdkModule[], loaded: (exports: ModuleExports) => void): () => void {
  const see = (exports: unknown) => {
    try {
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

function watchImports(modules: readonly SdkModule[], see: (exports: unknown) => void): () => void {
  startLoader();
  const hook = (url: string, exports: unknown) => {
    if (modules.some(({ esm }) => esm.test(url))) see(exports);
  };
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
 * Ours, and the copies that OpenTelemetry's own loader hook may come from. A module is wrapped once, by whichever
 * loader hook is first, and only the copy that belongs to that one tells of it.
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
        // Not installed there, or no entry file at all.
      }
    }
  }
  return apis;
}

/** One loader hook per process, whichever copy of this package comes first. */
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
 * The loader hook of `import-in-the-middle`, but an instance of our own: settings given to the shared one would apply
 * to everybody, such as OpenTelemetry's own loader hook, and whichever of the two came second would print a warning.
 */
function loaderUrl(here: string): string {
  const source = `import { createHook } from ${JSON.stringify(fileUrl(here, `${IMPORT_HOOKS}/create-hook.mjs`))};
    const { load, resolve, applyOptions } = createHook({ url: ${JSON.stringify(hookFileUrl(here))} });
    export { load, resolve, applyOptions as initialize };`;
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

/** What a hook takes for its own file, and finds the rest of its package by. */
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
  readonly resolveSync: unknown;
  readonly loadSync: unknown;
}

/** Newer Node versions run loader hooks in the application's thread, and deprecate the other kind. */
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
    registerHooks(hooks: { resolve: unknown; load: unknown }): void;
  };
  const hooks = createHook({ url: hookFileUrl(here) });
  hooks.applyOptions({ include: [ANY_SDK_MODULE] });
  registerHooks({ resolve: hooks.resolveSync, load: hooks.loadSync });
  return true;
}

function watchRequires(modules: readonly SdkModule[], see: (exports: unknown) => void): () => void {
  const bySpecifier = new Map(
    modules.flatMap((each) => each.specifiers.map((specifier) => [specifier, each] as const)),
  );
  const hook = new RequireHook([...bySpecifier.keys()], (exports: unknown, name: string, baseDir?: string) => {
    const module = bySpecifier.get(name.replaceAll('\\', '/'));
    see(module?.cjsFile === undefined || baseDir === undefined ? exports : requireFile(baseDir, module.cjsFile));
    return exports as never;
  });
  return () => hook.unhook();
}

function requireFile(baseDir: string, file: string): unknown {
  const path = join(baseDir, file);
  return createRequire(path)(path);
}

/** CommonJS modules that were loaded before us can still be found. */
function seeRequired(modules: readonly SdkModule[], see: (exports: unknown) => void): void {
  if (HERE === undefined) return;
  const { cache } = createRequire(HERE);
  for (const file of Object.keys(cache)) {
    if (!file.includes('@modelcontextprotocol')) continue;
    const path = file.replaceAll('\\', '/');
    if (modules.some(({ cjs }) => cjs.test(path))) see(cache[file]?.exports);
  }
}
