/** Every cell of the matrix. A cell's name is its row; `--only` selects cells whose names contain all of its words. */
import { compilers, mcpSdks, moduleSystems, nodes, otelLines, starts, transports } from './axes.mjs';

/**
 * Applications: a client process and a server process. Rows with the same first three columns share a folder of installed
 * packages.
 */
const apps = [
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
  'node22 otel2 v2-2.4.0 cjs stdio by-hand',
  'node22 otel2 v2-2.4.0 esm stdio register-exit',
  'node22 otel3 v1-1.10.0 esm http register',
  'node22 otel3 v1-1.10.0 cjs stdio register',
  'node22 otel3 v2-2.0.0 esm stdio-modern register',
  'node22 otel3 v2-2.0.0 cjs http-modern register',
  'node24 otel3 v1-1.22.0 esm stdio sdk-then-register',
  'node24 otel3 v1-1.22.0 cjs http register',
  'node24 otel3 v1-1.32.2 esm http register-instrumentations',
  'node24 otel3 v1-1.32.2 cjs stdio node-sdk',
  'node24 otel3 v2-2.4.0 esm stdio propagate',
  'node24 otel3 v2-2.4.0 cjs http register',
  'node24 otel3 v1-1.32.2 cjs stdio register-exit',
  'node26 otel3 v1-1.32.2 esm stdio by-hand',
  'node26 otel3 v1-1.32.2 cjs http register',
  'node26 otel3 v2-2.0.0 esm stdio register',
  'node26 otel3 v2-2.4.0 esm http-modern node-sdk',
  'node26 otel3 v2-2.4.0 cjs stdio register-instrumentations',
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
export const cells = [...typeCells, ...appCells, ...orderCells, ...mismatchCells];

/** Throws if a row has an unknown value, or a promised pair has no cell. */
export function checkCoverage() {
  const values = {
    node: Object.keys(nodes),
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
