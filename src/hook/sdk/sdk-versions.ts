/** Where each SDK version keeps the classes that are patched. */
import type { SdkModule } from './module-loading.js';

const V1_PACKAGE = '@modelcontextprotocol/sdk';

/**
 * CommonJS hooks resolve a package's root first, and give up on SDK v1, whose declared root does not exist. These are the
 * files that applications require to get a client or server.
 */
const V1_SPECIFIERS = ['client', 'server', 'client/index.js', 'server/index.js', 'server/mcp.js', 'shared/protocol.js'];

/** SDK v1: one module per file, the same in ESM and CommonJS. */
const SDK_V1: SdkModule = {
  esm: /\/@modelcontextprotocol\/sdk\/dist\/(?:esm\/)?shared\/protocol\.js$/,
  cjs: /\/@modelcontextprotocol\/sdk\/dist\/cjs\/shared\/protocol\.js$/,
  specifiers: V1_SPECIFIERS.map((each) => `${V1_PACKAGE}/${each}`),
  cjsFile: 'dist/cjs/shared/protocol.js',
};

/** SDK v2: bundled per package, in chunks with hashed names behind stable entries. */
function v2Entry(packageName: string, file: string, specifier: string): SdkModule {
  const path = `/@modelcontextprotocol\\/${packageName}\\/dist\\/${file}\\.`;
  return {
    esm: new RegExp(`\\${path}mjs$`),
    cjs: new RegExp(`\\${path}cjs$`),
    specifiers: [`@modelcontextprotocol/${packageName}${specifier}`],
  };
}

export const SDK_MODULES: readonly SdkModule[] = [
  SDK_V1,
  v2Entry('client', 'index', ''),
  v2Entry('server', 'index', ''),
  v2Entry('server', 'stdio', '/stdio'),
  v2Entry('server-legacy', 'index', ''),
];
