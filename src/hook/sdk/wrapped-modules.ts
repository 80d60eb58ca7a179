/**
 * Watches ESM modules on Bun and Deno, where `import-in-the-middle` does not work: a wrapper takes the place of a module,
 * exports the same, and hands it over when it is loaded. All other modules are loaded as usual.
 */
import Module from 'node:module';
import { attempt } from '../../lib/attempt.js';
import { reportFailure } from '../../report/report.js';

/** A module to watch. */
export interface WatchedModule {
  /** Matches its file, with slashes. */
  readonly esm: RegExp;
  /** Exports that are replaced. */
  readonly replaced?: readonly string[];
}

type ModuleExports = Readonly<Record<string, unknown>>;

/** Called with the file of a module, as path or URL, and its exports. */
export type LoadedHook = (file: string, exports: ModuleExports) => void;

/** Reads and replaces one export. */
type Accessor = readonly [get: () => unknown, set: (value: unknown) => void];

interface Wrapped {
  (file: string, exports: ModuleExports, accessors: Readonly<Record<string, Accessor>>): void;
  readonly loaded: (readonly [file: string, exports: ModuleExports])[];
  readonly hooks: Set<LoadedHook>;
}

/** Global: wrappers call it, which import nothing of ours, and copies of this package share it. */
const WRAPPED = 'mcp-trail.wrapped-modules';
const KEY = Symbol.for(WRAPPED);
const MAX_LOADED = 100;

/** How each runtime is told to load a wrapper. */
export const WRAP = { bun: wrapOnBun, deno: wrapOnDeno } as const;

/**
 * Calls back with each module, now or when it is loaded. Returns a function that stops this.
 *
 * @param wrap the function of the runtime, called once per process
 */
export function watchWrapped(
  modules: readonly WatchedModule[],
  wrap: (modules: readonly WatchedModule[]) => void,
  hook: LoadedHook,
): () => void {
  const global = globalThis as { [KEY]?: Wrapped };
  if (global[KEY] === undefined) {
    global[KEY] = createWrapped();
    try {
      wrap(modules);
    } catch (error) {
      reportFailure('wrapping ESM modules', error);
    }
  }
  const { loaded, hooks } = global[KEY];
  hooks.add(hook);
  for (const [file, exports] of loaded) hook(file, exports);
  return () => hooks.delete(hook);
}

function createWrapped(): Wrapped {
  const loaded: Wrapped['loaded'] = [];
  const hooks: Wrapped['hooks'] = new Set();
  const take = (file: string, own: ModuleExports, accessors: Readonly<Record<string, Accessor>>) => {
    const exports = { ...own };
    for (const [name, [get, set]] of Object.entries(accessors))
      Object.defineProperty(exports, name, { get, set, enumerable: true });
    if (loaded.length < MAX_LOADED) loaded.push([file, exports]);
    for (const hook of hooks) attempt(() => hook(file, exports));
  };
  return Object.assign(take, { loaded, hooks });
}

/** The text of a wrapper. An SDK's modules have no default export, which `export *` would leave out. */
function wrapperOf({ replaced = [] }: WatchedModule, file: string, specifier: string): string {
  const from = JSON.stringify(specifier);
  const exports = replaced.map((name) => `export let ${name} = own.${name};`);
  const accessors = replaced.map((name) => `${name}: [() => ${name}, (value) => { ${name} = value; }]`);
  return `import * as own from ${from};
export * from ${from};
${exports.join('\n')}
globalThis[Symbol.for("${WRAPPED}")]?.(${JSON.stringify(file)}, own, { ${accessors.join(', ')} });
`;
}

interface ResolveContext {
  readonly conditions?: readonly string[];
  readonly parentURL?: string;
}

interface Resolved {
  readonly url: string;
}

interface DenoHooks {
  registerHooks(hooks: {
    resolve(
      specifier: string,
      context: ResolveContext,
      next: (specifier: string, context: ResolveContext) => Resolved,
    ): Resolved;
  }): void;
}

const WRAPPER_URL = 'data:text/javascript,';

/** Without a `load` hook: with one, Deno 2.9 can no longer require JSON. */
function wrapOnDeno(modules: readonly WatchedModule[]): void {
  (Module as unknown as DenoHooks).registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      const url = attempt(() => wrapperUrl(modules, resolved.url, context));
      return url === undefined ? resolved : { ...resolved, url };
    },
  });
}

function wrapperUrl(
  modules: readonly WatchedModule[],
  url: string,
  { conditions, parentURL }: ResolveContext,
): string | undefined {
  if (parentURL?.startsWith(WRAPPER_URL) || conditions?.includes('require')) return undefined;
  const module = modules.find(({ esm }) => esm.test(url));
  return module && `${WRAPPER_URL}${encodeURIComponent(wrapperOf(module, url, url))}`;
}

interface Bun {
  plugin(plugin: { name: string; setup(build: BunBuild): void }): void;
}

interface BunBuild {
  onLoad(constraints: { filter: RegExp }, load: (file: { path: string }) => { contents: string; loader: 'js' }): void;
}

/** Makes the path of a file another one, which is no longer wrapped. */
const OWN = '?mcp-trail';

/** One filter per module, because Bun no longer loads a file as usual that a filter has let through. */
function wrapOnBun(modules: readonly WatchedModule[]): void {
  const { Bun } = globalThis as unknown as { Bun: Bun };
  Bun.plugin({
    name: 'mcp-trail',
    setup(build) {
      for (const module of modules) {
        const filter = new RegExp(module.esm.source.replaceAll('\\/', '[\\\\/]'));
        build.onLoad({ filter }, ({ path }) => ({ contents: wrapperOf(module, path, `${path}${OWN}`), loader: 'js' }));
      }
    },
  });
}
