/** Finding a module of Node.js once the application has loaded it, which is asked for each connection. */
import { afterEach, expect, it, vi } from 'vitest';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** A process with a list of loaded modules that counts how many of its elements are read. */
async function withList(initial: readonly string[]) {
  const names = [...initial];
  const counted = { reads: 0 };
  const moduleLoadList = new Proxy(names, {
    get(target, key, receiver) {
      if (typeof key === 'string' && /^\d+$/.test(key)) counted.reads += 1;
      return Reflect.get(target, key, receiver);
    },
  });
  vi.stubGlobal('process', { moduleLoadList, getBuiltinModule: (id: string) => ({ id }) });
  const { loadedModule } = await import('../../../../src/hook/unobserved/loaded-module.js');
  return { names, counted, loadedModule };
}

it('a module is found as soon as it is loaded', async () => {
  const { names, loadedModule } = await withList(['NativeModule events', 'NativeModule net']);
  expect(loadedModule('http2')).toBeUndefined();
  names.push('NativeModule http2');
  expect(loadedModule('http2')).toEqual({ id: 'node:http2' });
  expect(loadedModule('http2')).toEqual({ id: 'node:http2' });
});

it('the list is read only as far as it has grown', async () => {
  const { names, counted, loadedModule } = await withList(Array.from({ length: 200 }, (_, at) => `NativeModule ${at}`));
  loadedModule('http2');
  expect(counted.reads).toBe(200);
  loadedModule('http2');
  expect(counted.reads).toBe(200);
  names.push('NativeModule dns', 'NativeModule zlib');
  loadedModule('http2');
  expect(counted.reads).toBe(202);
});

it('each module is looked for in the whole list', async () => {
  const { loadedModule } = await withList(['NativeModule http']);
  expect(loadedModule('http2')).toBeUndefined();
  expect(loadedModule('http')).toEqual({ id: 'node:http' });
});
