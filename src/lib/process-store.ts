/** An `AsyncLocalStorage` that all copies of this package in a process share. */
import { AsyncLocalStorage } from 'node:async_hooks';

export function processStore<T>(name: string): AsyncLocalStorage<T> {
  const key = Symbol.for(`mcp-trail.${name}`);
  const shared = globalThis as { [key: symbol]: AsyncLocalStorage<T> | undefined };
  shared[key] ??= new AsyncLocalStorage<T>();
  return shared[key];
}
