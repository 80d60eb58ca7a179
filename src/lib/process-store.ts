/** Something that follows the asynchronous course of a call: one for all copies of this package in a process. */
import { AsyncLocalStorage } from 'node:async_hooks';

export function processStore<T>(name: string): AsyncLocalStorage<T> {
  const key = Symbol.for(`mcp-trail.${name}`);
  const shared = globalThis as { [key: symbol]: AsyncLocalStorage<T> | undefined };
  shared[key] ??= new AsyncLocalStorage<T>();
  return shared[key];
}
