/** Where SDK v1 keeps its base class: one module per file, the same in ESM and CommonJS. */
import type { SdkModule } from './module-loading.js';

const PACKAGE = '@modelcontextprotocol/sdk';

/**
 * The package's declared root does not exist, and hooks that resolve it first give up on the whole package: the
 * CommonJS side goes by what applications require to get at a client or server.
 */
const SPECIFIERS = ['client', 'server', 'client/index.js', 'server/index.js', 'server/mcp.js', 'shared/protocol.js'];

export const SDK_V1: readonly SdkModule[] = [
  {
    esm: /\/@modelcontextprotocol\/sdk\/dist\/(?:esm\/)?shared\/protocol\.js$/,
    cjs: /\/@modelcontextprotocol\/sdk\/dist\/cjs\/shared\/protocol\.js$/,
    specifiers: SPECIFIERS.map((each) => `${PACKAGE}/${each}`),
    cjsFile: 'dist/cjs/shared/protocol.js',
  },
];
