/** Implementations of MCP other than the SDKs: where their classes are, and the patch of each. */
import type { Pipeline } from '../../emit/pipeline.js';
import type { Undo } from '../replace-methods.js';
import type { SdkModule } from '../sdk/module-loading.js';
import { patchHttp, patchServer, patchStdio } from './tmcp.js';

interface Implementation {
  readonly modules: readonly SdkModule[];
  /** By the name of the exported class. A patch leaves a class of the same name alone if its methods are others. */
  readonly patches: Readonly<Record<string, (prototype: object, pipeline: Pipeline) => Undo>>;
}

/** A package of tmcp: one ES module, which Node.js can also require. */
function tmcpModule(name: string, untriedMajor: number): SdkModule {
  const file = new RegExp(`/node_modules/${name}/src/index\\.js$`);
  return { sdk: { name, untriedMajor }, esm: file, cjs: file, specifiers: [name] };
}

const IMPLEMENTATIONS: readonly Implementation[] = [
  {
    modules: [
      tmcpModule('tmcp', 2),
      tmcpModule('@tmcp/transport-stdio', 1),
      tmcpModule('@tmcp/transport-http', 1),
      tmcpModule('@tmcp/transport-sse', 1),
    ],
    patches: {
      McpServer: patchServer,
      StdioTransport: patchStdio,
      HttpTransport: patchHttp('http'),
      SseTransport: patchHttp('sse'),
    },
  },
];

export const IMPLEMENTATION_MODULES: readonly SdkModule[] = IMPLEMENTATIONS.flatMap(({ modules }) => modules);

export const IMPLEMENTATION_PATCHES: Implementation['patches'] = Object.assign(
  {},
  ...IMPLEMENTATIONS.map(({ patches }) => patches),
);
