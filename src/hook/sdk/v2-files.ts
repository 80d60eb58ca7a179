/** Where SDK v2 keeps its classes: bundled per package, in chunks with hashed names behind stable entries. */
import type { SdkModule } from './module-loading.js';

function entry(packageName: string, file: string, specifier: string): SdkModule {
  const path = `/@modelcontextprotocol\\/${packageName}\\/dist\\/${file}\\.`;
  return {
    esm: new RegExp(`\\${path}mjs$`),
    cjs: new RegExp(`\\${path}cjs$`),
    specifiers: [`@modelcontextprotocol/${packageName}${specifier}`],
  };
}

export const SDK_V2: readonly SdkModule[] = [
  entry('client', 'index', ''),
  entry('server', 'index', ''),
  entry('server', 'stdio', '/stdio'),
  entry('server-legacy', 'index', ''),
];
