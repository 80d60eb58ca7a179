/** Every row: a bundler, an SDK, the module system of the bundle, what is run, and on which Node.js. */
import { nodes } from '../matrix/axes.mjs';
import { bundlers, unseen } from './bundlers.mjs';

/** What is run: the role of the bundle and, for a server, what it is asked. */
const kinds = {
  'stdio-session': { role: 'stdio', dialogue: 'session' },
  'http-session': { role: 'http', dialogue: 'session' },
  'stdio-modern': { role: 'stdio', dialogue: 'modern' },
  'http-stateless': { role: 'http', dialogue: 'stateless' },
  'http-modern': { role: 'http', dialogue: 'modern' },
  client: { role: 'client' },
  'client-http': { role: 'client-http' },
};

const v1 = ['stdio-session', 'http-session', 'client', 'client-http'];
const v2 = ['stdio-session', 'http-modern', 'client', 'stdio-modern', 'http-stateless', 'client-http'];
/** The first release of SDK v1 has no Streamable HTTP. */
const kindsOf = {
  'v1-1.0.1': ['client', 'stdio-session'],
  'v1-1.22.0': v1,
  'v1-1.32.2': v1,
  'v2-2.0.0': v2,
  'v2-2.4.0': v2,
};
const mcps = Object.keys(kindsOf);
const formats = ['esm', 'cjs'];

/**
 * swc's minifier moves the function behind the HTTP entry of SDK v2 to its only call, where nothing can take its place:
 * listen streams over HTTP are not seen.
 */
const inlining = ['swc-minify', 'swc-es5-minify', 'rspack-production'];

/** @param {string} name a row as it is printed, and selected */
function row(name) {
  const [bundler, mcp, format, kind, node] = name.split(' ');
  const isSeen = bundler in bundlers;
  const hidden = inlining.includes(bundler) ? ['subscriptions/listen'] : [];
  return {
    name,
    bundler,
    mcp,
    format,
    kind,
    node,
    side: kind.split('-')[0],
    listens: kind === 'http-modern',
    isSeen,
    hidden,
    ...kinds[kind],
  };
}

/** One of each bundler: what `npm run test:bundles` runs without `--all`. */
const short = [
  'esbuild-minify v2-2.4.0 esm http-modern node24',
  'esbuild-es2020 v1-1.32.2 cjs client node20',
  'rollup-terser v1-1.32.2 esm stdio-session node22',
  'rolldown-minify v2-2.4.0 cjs stdio-modern node20',
  'webpack-production v2-2.4.0 esm client-http node22',
  'webpack-development v1-1.32.2 cjs http-session node24',
  'rspack-production v1-1.32.2 esm stdio-session node20',
  'bun-minify v2-2.4.0 cjs stdio-session node24',
  'ncc v1-1.32.2 cjs client node22',
  'swc-es5-minify v2-2.4.0 esm http-modern node20',
  'babel-es5 v1-1.22.0 cjs stdio-session node24',
  'typescript-es2020-define v2-2.0.0 esm client node26',
  'webpack-eval v1-1.32.2 cjs stdio-session node24',
].map(row);

/** Pairs of axes whose values must all meet. */
const coveredPairs = [
  ['bundler', 'mcp'],
  ['bundler', 'format'],
  ['bundler', 'side'],
  ['mcp', 'format'],
  ['mcp', 'kind'],
  ['node', 'format'],
  ['node', 'mcp'],
  ['node', 'side'],
  ['format', 'kind'],
  // Where SDK v2 answers without a protocol instance.
  ['bundler', 'listens'],
];

const met = (each) => coveredPairs.map(([a, b]) => `${a} ${each[a]}, ${b} ${each[b]}`);

/** Every bundler with every SDK; of the other axes, the values that have met the fewest. */
function chosen() {
  const times = new Map();
  const add = (each) => {
    for (const pair of met(each)) times.set(pair, (times.get(pair) ?? 0) + 1);
    return each;
  };
  /** Low for pairs that have not met, or seldom. */
  const weight = (each) => met(each).reduce((sum, pair) => sum - 1 / (1 + (times.get(pair) ?? 0)) ** 2, 0);
  short.forEach(add);
  return Object.keys({ ...bundlers, ...unseen }).flatMap((bundler) =>
    mcps.map((mcp) => {
      const candidates = formats.flatMap((format) =>
        kindsOf[mcp].flatMap((kind) =>
          Object.keys(nodes).map((node) => row([bundler, mcp, format, kind, node].join(' '))),
        ),
      );
      return add(candidates.reduce((best, each) => (weight(each) < weight(best) ? each : best)));
    }),
  );
}

const names = new Set(short.map(({ name }) => name));
export const rows = { short, all: [...short, ...chosen().filter(({ name }) => !names.has(name))] };

/** Throws if a pair has no row. */
export function checkCoverage() {
  const values = {
    bundler: Object.keys(bundlers),
    mcp: mcps,
    format: formats,
    side: ['stdio', 'http', 'client'],
    kind: Object.keys(kinds),
    listens: [true, false],
    node: Object.keys(nodes),
  };
  const isPossible = (a, x, y) => a !== 'mcp' || !(y in kinds) || kindsOf[x].includes(y);
  const missing = coveredPairs.flatMap(([a, b]) =>
    values[a].flatMap((x) =>
      values[b]
        .filter((y) => isPossible(a, x, y) && !rows.all.some((each) => each[a] === x && each[b] === y))
        .map((y) => `no row with ${a} ${x} and ${b} ${y}`),
    ),
  );
  if (missing.length > 0) throw new Error(`the table of rows is not complete:\n  ${missing.join('\n  ')}`);
}
