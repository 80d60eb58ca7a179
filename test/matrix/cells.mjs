/** Every cell of the matrix. A cell's name is its row; `--only` selects cells whose names contain all of its words. */
import {
  compilers,
  mcpSdks,
  moduleSystems,
  nextBuilds,
  nextVersions,
  nodes,
  otelLines,
  runtimes,
  starts,
  transports,
} from './axes.mjs';

/**
 * Applications: a client process and a server process. Rows with the same first three columns share a folder of installed
 * packages.
 */
const apps = [
  'node20 otel2 v1-1.0.1 esm stdio register',
  'node20 otel2 v1-1.0.1 cjs stdio manual',
  'node20 otel2 v1-1.10.0 esm stdio register',
  'node20 otel2 v1-1.10.0 cjs http register',
  'node20 otel2 v1-1.22.0 esm http register',
  'node20 otel2 v1-1.22.0 cjs stdio propagate',
  'node20 otel2 v1-1.32.2 esm stdio node-sdk',
  'node20 otel2 v1-1.32.2 cjs http register-instrumentations',
  'node20 otel2 v2-2.0.0 esm http register',
  'node20 otel2 v2-2.0.0 cjs stdio sdk-then-register',
  'node20 otel2 v2-2.4.0 esm stdio-modern register',
  'node20 otel2 v2-2.4.0 cjs http node-sdk',
  'node22 otel2 v1-1.32.2 esm stdio propagate',
  'node22 otel2 v1-1.32.2 cjs stdio register',
  'node22 otel2 v2-2.4.0 esm http-modern register-instrumentations',
  'node22 otel2 v2-2.4.0 cjs stdio manual',
  'node22 otel2 v2-2.4.0 esm stdio register-exit',
  'node22 otel3 v1-1.10.0 esm http register',
  'node22 otel3 v1-1.10.0 cjs stdio register',
  'node22 otel3 v2-2.0.0 esm stdio-modern register',
  'node22 otel3 v2-2.0.0 cjs http-modern register',
  'node24 otel3 v1-1.0.1 cjs stdio register',
  'node24 otel3 v1-1.22.0 esm stdio sdk-then-register',
  'node24 otel3 v1-1.22.0 cjs http register',
  'node24 otel3 v1-1.32.2 esm http register-instrumentations',
  'node24 otel3 v1-1.32.2 cjs stdio node-sdk',
  'node24 otel3 v2-2.4.0 esm stdio propagate',
  'node24 otel3 v2-2.4.0 cjs http register',
  'node24 otel3 v1-1.32.2 cjs stdio register-exit',
  'node26 otel3 v1-1.32.2 esm stdio manual',
  'node26 otel3 v1-1.32.2 cjs http register',
  'node26 otel3 v2-2.0.0 esm stdio register',
  'node26 otel3 v2-2.4.0 esm http-modern node-sdk',
  'node26 otel3 v2-2.4.0 cjs stdio register-instrumentations',
  'bun otel2 v1-1.32.2 esm http register',
  'bun otel2 v1-1.32.2 cjs stdio manual',
  'bun otel3 v2-2.4.0 esm stdio register',
  'bun otel3 v2-2.4.0 esm stdio manual',
  'bun otel3 v2-2.4.0 esm http-modern register',
  'bun otel3 v2-2.4.0 cjs http register',
  'deno otel2 v1-1.32.2 esm http register',
  'deno otel2 v1-1.32.2 cjs stdio manual',
  'deno otel3 v2-2.4.0 esm stdio register',
  'deno otel3 v2-2.4.0 esm stdio manual',
  'deno otel3 v2-2.4.0 esm http-modern register',
  'deno otel3 v2-2.4.0 cjs http register',
];

/**
 * Pairs of axes whose value combinations must all have a cell, so that no row is removed for convenience.
 */
const coveredPairs = [
  ['node', 'module'],
  ['node', 'sdk'],
  ['otel', 'mcp'],
  ['otel', 'module'],
  ['otel', 'start'],
  ['otel', 'transport'],
  ['mcp', 'module'],
  ['mcp', 'wire'],
  ['node', 'wire'],
  ['sdk', 'start'],
  ['module', 'start'],
];

/** The first releases of SDK v1 have no Streamable HTTP. */
const impossiblePairs = ['mcp v1-1.0.1, wire http'];

/**
 * Install orders: each step is one `npm install`, starting with an empty folder. `TRAIL` is the packed package; other packages
 * get the version of the line.
 */
export const installOrders = {
  'package-first': [['TRAIL'], ['@opentelemetry/sdk-node']],
  'sdk-first': [['@opentelemetry/sdk-node'], ['TRAIL']],
  together: [['TRAIL', '@opentelemetry/sdk-node']],
  'package-then-trace-sdk': [['TRAIL'], ['@opentelemetry/api', 'TRACE_SDK']],
  'trace-sdk-then-package': [['@opentelemetry/api', 'TRACE_SDK'], ['TRAIL']],
};

/** On Node 22 and newer with the 2.x line, a peer range that is too wide fails with ERESOLVE. */
const orderPlatforms = ['node20 otel2', 'node24 otel2', 'node22 otel3', 'node26 otel3'];

const split = (name) => name.split(' ');

const appCells = apps.map((name) => {
  const [node, otel, mcp, module, transport, start] = split(name);
  return {
    kind: 'app',
    name,
    node,
    otel,
    mcp,
    sdk: mcp.slice(0, 2),
    module,
    transport,
    wire: transport.split('-')[0],
    start,
  };
});

const orderCells = orderPlatforms.flatMap((platform) =>
  Object.keys(installOrders).map((order) => {
    const [node, otel] = split(platform);
    return {
      kind: 'order',
      name: `${platform} install ${order}`,
      node,
      otel,
      order,
    };
  }),
);

const nextCells = Object.keys(nextVersions).flatMap((next) =>
  Object.keys(nextBuilds).map((build) => ({
    kind: 'next',
    name: `node24 otel3 v2-2.4.0 ${next} ${build}`,
    ...{ node: 'node24', otel: 'otel3', mcp: 'v2-2.4.0', next, build },
    ...{ transport: 'http-modern', wire: 'http', start: 'register' },
  })),
);

/** `node22` is the Node of Miniflare, which starts the worker. */
const workerdCells = ['node22 otel3 v2-2.4.0 workerd manual'].map((name) => {
  const [node, otel, mcp] = split(name);
  return { kind: 'workerd', name, node, otel, mcp };
});

/** Applications that zero code cannot observe. They use the folder of other cells. */
const standBackCells = [
  'bun otel3 v2-2.4.0 bundle',
  'deno otel3 v2-2.4.0 bundle',
  'deno otel3 v2-2.4.0 no-permission',
].map((name) => {
  const [node, otel, mcp, reason] = split(name);
  return { kind: 'standBack', name, node, otel, mcp, reason };
});

/** The API of one line and the SDK of the other. */
const mismatchCells = [
  { api: 'otel3', sdk: 'otel2' },
  { api: 'otel2', sdk: 'otel3' },
].map(({ api, sdk }) => ({
  kind: 'mismatch',
  name: `node24 mismatch api-${api} sdk-${sdk}`,
  node: 'node24',
  api,
  sdk,
}));

/**
 * Every compiler checks the types of both OpenTelemetry lines; the slow types of the MCP SDKs only once.
 */
const typeConsumers = ['node24 otel3 types sdks', 'node20 otel2 types consumer', 'node24 otel3 types consumer'];

const typeCells = typeConsumers.flatMap((row) =>
  compilers.map((typescript) => {
    const [node, otel, , consumer] = split(row);
    return { kind: 'types', name: `${row} typescript-${typescript}`, node, otel, consumer, typescript };
  }),
);

/** Slowest first, so that they do not run alone at the end. */
export const cells = [
  ...nextCells,
  ...typeCells,
  ...appCells,
  ...standBackCells,
  ...workerdCells,
  ...orderCells,
  ...mismatchCells,
];

/** Throws if a row has an unknown value, or a promised pair has no cell. */
export function checkCoverage() {
  const values = {
    node: [...Object.keys(nodes), ...Object.keys(runtimes)],
    otel: Object.keys(otelLines),
    mcp: Object.keys(mcpSdks),
    sdk: ['v1', 'v2'],
    module: moduleSystems,
    transport: transports,
    wire: ['stdio', 'http'],
    start: Object.keys(starts),
  };
  const wrong = appCells.flatMap((cell) =>
    Object.entries(values)
      .filter(([axis, allowed]) => !allowed.includes(cell[axis]))
      .map(([axis]) => `"${cell.name}": unknown ${axis} "${cell[axis]}"`),
  );
  const missing = coveredPairs.flatMap(([a, b]) =>
    values[a].flatMap((x) =>
      values[b]
        .filter((y) => !appCells.some((cell) => cell[a] === x && cell[b] === y))
        .filter((y) => !impossiblePairs.includes(`${a} ${x}, ${b} ${y}`))
        .map((y) => `no cell with ${a} ${x} and ${b} ${y}`),
    ),
  );
  const names = cells.map((cell) => cell.name);
  const doubled = names
    .filter((name, index) => names.indexOf(name) !== index)
    .map((name) => `duplicate cell "${name}"`);
  const faults = [...wrong, ...missing, ...doubled];
  if (faults.length > 0) throw new Error(`the table of cells is not complete:\n  ${faults.join('\n  ')}`);
}
