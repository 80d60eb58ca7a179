/** Observes SDKs in bundles: their objects get the same patches as the classes of SDKs that module hooks see. */
import type { Pipeline } from '../../emit/pipeline.js';
import { hookHandler } from '../http/listen-handler.js';
import { attachAiClient } from '../implementations/ai-sdk.js';
import type { Undo } from '../replace-methods.js';
import { patchPrototypes } from '../sdk/class-patches.js';
import { attachAtStart } from '../transport/attach-at-start.js';
import { noteCause, noteCopy } from '../unobserved/causes.js';
import { onBundled } from './bundle-hook.js';
import { rewriteBundles } from './load-hooks.js';
import { WeakUndos } from './weak-undos.js';

const BUNDLED = { name: 'an MCP SDK in a bundle', hooked: true };

/** Starts to watch. Returns a function that stops this and takes the patches back. */
export function watchBundles(pipeline: Pipeline, patched: WeakSet<object>): Undo {
  rewriteBundles((file, detail) => noteCause({ reason: 'bundle', file, detail }));
  const undos = new WeakUndos();
  const handlers = new WeakMap<object, object>();
  const stop = onBundled((kind, subject) => {
    if (!pipeline.enabled) return subject;
    noteCopy(BUNDLED);
    if (kind === 'protocol') patchClasses(subject, pipeline, patched, undos);
    else if (kind === 'handler') return hookedHandler(subject, pipeline, handlers);
    else if (kind === 'ai-client') attachAiClient(subject, pipeline);
    else attachAtStart(subject, pipeline, kind);
    return subject;
  });
  return () => {
    stop();
    undos.undo();
  };
}

/** Patches the classes of an instance, the parents first: a class may go away before them, and its undo function with it. */
function patchClasses(instance: object, pipeline: Pipeline, patched: WeakSet<object>, undos: WeakUndos): void {
  const prototype: object | null = Object.getPrototypeOf(instance);
  if (prototype === null) return;
  patchClasses(prototype, pipeline, patched, undos);
  undos.add(prototype, patchPrototypes(instance, pipeline, patched));
}

/**
 * The function behind an HTTP entry, hooked as the entry's own `fetch` would be. Runs on every request, so each handler is
 * wrapped only once.
 */
function hookedHandler(handle: object, pipeline: Pipeline, known: WeakMap<object, object>): object {
  const entry = { fetch: known.get(handle) ?? handle };
  if (!known.has(handle)) hookHandler(entry, pipeline);
  known.set(handle, entry.fetch);
  return entry.fetch;
}
