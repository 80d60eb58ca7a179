/** Where each SDK version keeps the classes that are patched. */
import { IMPLEMENTATION_MODULES } from '../implementations/implementations.js';
import type { SdkModule } from './module-loading.js';

/** Deno's cache has a folder for each version of a package. */
const VERSION = String.raw`(?:\/\d[^/]*)?`;

const V1 = { name: '@modelcontextprotocol/sdk', untriedMajor: 2 };

/**
 * CommonJS hooks resolve a package's root first, and give up on SDK v1, whose declared root does not exist. These are the
 * files that applications require to get a client or server.
 */
const V1_SPECIFIERS = ['client', 'server', 'client/index.js', 'server/index.js', 'server/mcp.js', 'shared/protocol.js'];

function fileOf(packageName: string, file: string): RegExp {
  return new RegExp(String.raw`\/@modelcontextprotocol\/${packageName}${VERSION}\/dist\/${file}$`);
}

/** SDK v1: one module per file, the same in ESM and CommonJS. Its first releases are ESM only, which Node.js can also require. */
const SDK_V1: SdkModule = {
  sdk: V1,
  esm: fileOf('sdk', String.raw`(?:esm\/)?shared\/protocol\.js`),
  cjs: fileOf('sdk', String.raw`(?:cjs\/)?shared\/protocol\.js`),
  specifiers: V1_SPECIFIERS.map((each) => `${V1.name}/${each}`),
  cjsFiles: ['dist/cjs/shared/protocol.js', 'dist/shared/protocol.js'],
};

/** A transport of SDK v1, or several of them. */
function v1Transport(file: string): SdkModule {
  return {
    sdk: V1,
    esm: fileOf('sdk', String.raw`(?:esm\/)?${file}\.js`),
    cjs: fileOf('sdk', String.raw`(?:cjs\/)?${file}\.js`),
    specifiers: [`${V1.name}/${file}`, `${V1.name}/${file}.js`],
    cjsFiles: [`dist/cjs/${file}.js`, `dist/${file}.js`],
  };
}

const V1_TRANSPORTS = [
  ...['client/stdio', 'client/sse', 'client/streamableHttp', 'client/websocket'],
  ...['server/stdio', 'server/sse', 'server/streamableHttp', 'server/webStandardStreamableHttp'],
];

/** SDK v2: bundled per package, in chunks with hashed names behind stable entries. */
function v2Entry(packageName: string, file: string, specifier: string): SdkModule {
  const name = `@modelcontextprotocol/${packageName}`;
  return {
    sdk: { name, untriedMajor: 3 },
    esm: fileOf(packageName, String.raw`${file}\.mjs`),
    cjs: fileOf(packageName, String.raw`${file}\.cjs`),
    specifiers: [`${name}${specifier}`],
  };
}

export const SDK_MODULES: readonly SdkModule[] = [
  SDK_V1,
  ...V1_TRANSPORTS.map(v1Transport),
  v2Entry('client', 'index', ''),
  v2Entry('client', 'stdio', '/stdio'),
  { ...v2Entry('server', 'index', ''), replaced: ['createMcpHandler'] },
  v2Entry('server', 'stdio', '/stdio'),
  v2Entry('server-legacy', 'index', ''),
  v2Entry('node', 'index', ''),
  ...IMPLEMENTATION_MODULES,
];
