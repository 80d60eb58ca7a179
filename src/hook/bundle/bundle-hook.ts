/** The function that rewritten bundles call with an SDK's objects, and its listeners. */
import { reportFailure } from '../../report/report.js';
import type { BundleSubject } from './marks.js';
import { BUNDLE_HOOK } from './rewrite.js';

/** Returns what the bundle goes on with: the subject, or a function in its place. */
export type BundleListener = (kind: BundleSubject, subject: object) => object;

interface BundleHook {
  (kind: BundleSubject, subject: unknown): unknown;
  readonly listeners: BundleListener[];
}

/** Global: files call it that import nothing, and copies of this package share it. */
const HOOK = Symbol.for(BUNDLE_HOOK);

/** Calls back with every object that a bundle hands over from now on. Returns a function that stops this. */
export function onBundled(listener: BundleListener): () => void {
  const global = globalThis as { [HOOK]?: BundleHook };
  global[HOOK] ??= createHook();
  const { listeners } = global[HOOK];
  listeners.push(listener);
  return () => {
    const index = listeners.indexOf(listener);
    if (index >= 0) listeners.splice(index, 1);
  };
}

/**
 * The instrumentation enabled last observes: its patch of a protocol instance's class has to be the outermost, so it comes
 * last; of all others, the first to come attaches.
 */
function createHook(): BundleHook {
  const listeners: BundleListener[] = [];
  /** For each function that took the place of another, the first of them: a bundle gives back what it was given. */
  const originals = new WeakMap<object, object>();
  const hook = (kind: BundleSubject, subject: unknown): unknown => {
    if (!isObject(subject)) return subject;
    const original = originals.get(subject) ?? subject;
    let result = original;
    for (const listener of kind === 'protocol' ? listeners : listeners.toReversed()) {
      try {
        result = listener(kind, result);
      } catch (error) {
        reportFailure('taking over an object of a bundled SDK', error);
      }
    }
    if (result !== original) originals.set(result, original);
    return result;
  };
  return Object.assign(hook, { listeners });
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
