/** Modules of Node.js that the application uses. Loading others would cost time for nothing. */

/** How much of the list of loaded modules has been searched for a module in vain. It only grows. */
const searched = new Map<string, number>();

/** A module of Node.js that the process has loaded already. */
export function loadedModule<T>(id: 'http' | 'http2'): T | undefined {
  const { moduleLoadList: list } = process as unknown as { moduleLoadList?: readonly string[] };
  // Other runtimes have no such list.
  if (list !== undefined && !isIn(list, `NativeModule ${id}`)) return undefined;
  return process.getBuiltinModule(`node:${id}`) as T;
}

function isIn(list: readonly string[], name: string): boolean {
  const { length } = list;
  const from = searched.get(name) ?? 0;
  if (from === length) return false;
  if (list.includes(name, from)) return true;
  searched.set(name, length);
  return false;
}
