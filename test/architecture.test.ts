/** The map in src/README.md, enforced: who imports whom, who uses OpenTelemetry, who writes to the terminal. */
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const SRC = join(ROOT, 'src');

interface Layer {
  /** Layers it imports values from. */
  readonly imports: readonly string[];
  /** Layers it imports nothing but types from: these may point upwards, as long as no files form a cycle. */
  readonly types?: readonly string[];
  /** What it uses of `@opentelemetry/api` at run time; `*` is the module as a whole. */
  readonly api?: readonly string[] | 'anything';
}

/**
 * The folders and top-level files of src/, from the lowest to the highest: values are imported from above in this table
 * only. It says neither more nor less than the code does.
 */
const LAYERS: Readonly<Record<string, Layer>> = {
  semconv: { imports: [] },
  lib: { imports: [] },
  chain: { imports: ['lib'] },
  pseudonyms: { imports: ['lib'] },
  redact: { imports: ['lib'] },
  report: { imports: ['lib', 'redact'] },
  inventory: { imports: ['lib'], types: ['semconv'] },
  policy: { imports: ['lib', 'report'], types: ['redact', 'semconv'] },
  mapping: { imports: [], types: ['semconv'] },
  'audit-types.ts': { imports: [], types: ['policy', 'semconv'] },
  'types.ts': { imports: [], types: ['audit-types.ts', 'session'] },
  protocol: { imports: ['semconv'] },
  options: {
    imports: ['inventory', 'lib', 'policy', 'protocol', 'redact', 'report'],
    types: ['audit-types.ts', 'types.ts'],
  },
  export: { imports: ['lib', 'options', 'report'] },
  retain: { imports: ['chain', 'export', 'lib', 'policy'] },
  session: { imports: ['protocol', 'lib'] },
  describe: { imports: ['protocol', 'semconv', 'session'], api: ['SpanKind'] },
  emit: {
    imports: ['describe', 'protocol', 'redact', 'semconv', 'session', 'lib', 'report'],
    types: ['options', 'types.ts'],
    api: 'anything',
  },
  lifecycle: {
    imports: ['emit', 'lib', 'redact', 'report'],
    api: ['TraceFlags', 'metrics', 'trace'],
  },
  audit: {
    imports: [
      'chain',
      'describe',
      'emit',
      'export',
      'inventory',
      'lifecycle',
      'options',
      'policy',
      'protocol',
      'pseudonyms',
      'redact',
      'semconv',
      'session',
      'lib',
      'report',
    ],
    types: ['audit-types.ts'],
    api: ['ROOT_CONTEXT', 'isSpanContextValid', 'trace'],
  },
  hook: {
    imports: ['audit', 'options', 'describe', 'emit', 'lifecycle', 'protocol', 'session', 'lib', 'report'],
    types: ['types.ts'],
    api: ['context'],
  },
  'instrumentation.ts': { imports: ['options', 'emit', 'hook', 'lib', 'lifecycle'], types: ['types.ts'] },
  'own-sdk.ts': { imports: ['emit', 'lib', 'lifecycle', 'options', 'redact', 'report'] },
  wrap: {
    imports: [
      'audit',
      'describe',
      'emit',
      'hook',
      'lib',
      'lifecycle',
      'options',
      'own-sdk.ts',
      'protocol',
      'redact',
      'report',
      'semconv',
    ],
    types: ['audit-types.ts', 'session'],
    api: ['context'],
  },
  doctor: {
    imports: [
      'audit',
      'emit',
      'export',
      'lib',
      'lifecycle',
      'options',
      'own-sdk.ts',
      'protocol',
      'redact',
      'report',
      'wrap',
    ],
    api: ['ROOT_CONTEXT', 'TraceFlags', 'trace'],
  },
  cli: {
    imports: [
      'audit',
      'chain',
      'doctor',
      'export',
      'inventory',
      'lib',
      'mapping',
      'options',
      'policy',
      'pseudonyms',
      'redact',
      'retain',
      'semconv',
      'wrap',
    ],
  },
  'zero-code.ts': {
    imports: [
      'options',
      'emit',
      'export',
      'hook',
      'instrumentation.ts',
      'own-sdk.ts',
      'redact',
      'lifecycle',
      'lib',
      'report',
    ],
  },
  'register.ts': { imports: ['lifecycle', 'options', 'zero-code.ts'] },
  'record.ts': {
    imports: ['audit', 'emit', 'options', 'semconv', 'lib', 'report'],
    types: ['audit-types.ts', 'inventory'],
    api: ['context'],
  },
  'index.ts': {
    imports: ['export', 'hook', 'instrumentation.ts', 'record.ts'],
    types: ['audit-types.ts', 'inventory', 'policy', 'redact', 'semconv', 'types.ts'],
  },
};

/** Layers that use Node.js and packages other than the OpenTelemetry API. */
const WITH_OUTSIDE: readonly string[] = [
  'audit',
  'chain',
  'cli',
  'doctor',
  'export',
  'hook',
  'inventory',
  'lib',
  'lifecycle',
  'mapping',
  'pseudonyms',
  'redact',
  'retain',
  'wrap',
];

interface Import {
  readonly from: string;
  readonly typeOnly: boolean;
  /** Names of values; `*` stands for the whole module. */
  readonly names: readonly string[];
}

// The formatter puts every statement at the start of a line and every specifier into single quotes.
const STATEMENT = /^(?:import|export)\s+(?:(type\s+)?([^'";]*?)\s+from\s+)?'([^']+)';/gm;
const DYNAMIC = /\b(?:import|require)\(\s*'([^']+)'/g;

function importsOf(source: string): Import[] {
  const code = withoutComments(source);
  const statements = [...code.matchAll(STATEMENT)].map(([, type, clause = '', from = '']) => ({
    from,
    typeOnly: type !== undefined,
    names: type === undefined ? valueNames(clause) : [],
  }));
  const dynamic = [...code.matchAll(DYNAMIC)].map(([, from = '']) => ({ from, typeOnly: false, names: ['*'] }));
  return [...statements, ...dynamic];
}

function valueNames(clause: string): string[] {
  const braces = /\{([^}]*)\}/.exec(clause);
  if (braces === null) return ['*'];
  return (braces[1] as string)
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && !name.startsWith('type '))
    .map((name) => name.replace(/ as .*/, ''));
}

function withoutComments(source: string): string {
  return source.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
}

interface File {
  /** Path in src/. */
  readonly path: string;
  readonly layer: string;
  readonly code: string;
  readonly imports: readonly Import[];
}

const FILES: readonly File[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts'))
  .sort()
  .map((path) => {
    const source = readFileSync(join(SRC, path), 'utf8');
    return {
      path,
      layer: layerOf(path),
      code: withoutComments(source),
      imports: importsOf(source),
    };
  });

function layerOf(path: string): string {
  return path.split('/', 1)[0] as string;
}

/** The file in src/ that a relative specifier means. */
function target(file: File, { from }: Import): string {
  return posix.join(posix.dirname(file.path), from).replace(/\.js$/, '.ts');
}

function isRelative({ from }: Import): boolean {
  return from.startsWith('.');
}

/** The row that a layer's files would have in the table. */
function measured(layer: string): Layer {
  const inward = FILES.filter((file) => file.layer === layer).flatMap((file) =>
    file.imports
      .filter(isRelative)
      .map((each) => ({ layer: layerOf(target(file, each)), typeOnly: each.typeOnly }))
      .filter((each) => each.layer !== layer),
  );
  const imports = new Set(inward.filter(({ typeOnly }) => !typeOnly).map((each) => each.layer));
  const types = new Set(inward.map((each) => each.layer).filter((each) => !imports.has(each)));
  const api = new Set(apiValues(layer));
  return {
    imports: [...imports].sort(),
    ...(types.size > 0 && { types: [...types].sort() }),
    ...(api.size > 0 && { api: LAYERS[layer]?.api === 'anything' ? 'anything' : [...api].sort() }),
  };
}

function apiValues(layer: string): string[] {
  return FILES.filter((file) => file.layer === layer)
    .flatMap((file) => file.imports)
    .filter(({ from, typeOnly }) => from === '@opentelemetry/api' && !typeOnly)
    .flatMap(({ names }) => names);
}

/** Files that hold a word, comments aside. */
function filesWith(word: RegExp): string[] {
  return FILES.filter(({ code }) => word.test(code)).map(({ path }) => path);
}

describe('the imports of src/', () => {
  it('are all seen by this test, whatever their form', () => {
    const source = [
      "import './side-effect.js';",
      "import type { A } from './types.js';",
      "import { type B, c, d as e } from './values.js';",
      "import * as all from './all.js';",
      'export {',
      '  f,',
      '  type G,',
      "} from './again.js';",
      "export * from './star.js';",
      "/** import { no } from './documentation.js'; */",
      "// import { no } from './comment.js';",
      "const late = await import('./late.js');",
      "const old = require('./old.cjs');",
    ].join('\n');
    expect(importsOf(source)).toEqual([
      { from: './side-effect.js', typeOnly: false, names: ['*'] },
      { from: './types.js', typeOnly: true, names: [] },
      { from: './values.js', typeOnly: false, names: ['c', 'd'] },
      { from: './all.js', typeOnly: false, names: ['*'] },
      { from: './again.js', typeOnly: false, names: ['f'] },
      { from: './star.js', typeOnly: false, names: ['*'] },
      { from: './late.js', typeOnly: false, names: ['*'] },
      { from: './old.cjs', typeOnly: false, names: ['*'] },
    ]);
  });

  it('lead to files that exist', () => {
    const known = new Set(FILES.map(({ path }) => path));
    const lost = FILES.flatMap((file) => file.imports.filter(isRelative).map((each) => target(file, each))).filter(
      (path) => !known.has(path),
    );
    expect(lost).toEqual([]);
  });

  it.each([...new Set(FILES.map(({ layer }) => layer))])('of %s are those of its row in the table', (layer) => {
    const row = LAYERS[layer];
    if (row === undefined) expect.fail(`src/${layer} is new: give it a row in LAYERS and in the map`);
    expect(measured(layer)).toEqual({ ...row, imports: [...row.imports].sort() });
  });

  it('point one way: every layer takes values from the layers above its row only', () => {
    const order = Object.keys(LAYERS);
    const upward = order.flatMap((layer, place) =>
      (LAYERS[layer] as Layer).imports.filter((each) => order.indexOf(each) >= place).map((each) => [layer, each]),
    );
    expect(upward).toEqual([]);
  });

  it('form no cycle of files, types included', () => {
    const edges = new Map(
      FILES.map((file) => [file.path, file.imports.filter(isRelative).map((each) => target(file, each))]),
    );
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (path: string, trail: readonly string[]) => {
      if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      if (done.has(path)) return;
      done.add(path);
      for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    };
    for (const path of edges.keys()) visit(path, []);
    expect(cycles).toEqual([]);
  });

  it('name no MCP SDK, not even for its types: a published declaration may not need one', () => {
    const named = FILES.filter(({ imports }) => imports.some(({ from }) => from.startsWith('@modelcontextprotocol')));
    expect(named.map(({ path }) => path)).toEqual([]);
  });

  it(`name Node.js and packages in ${WITH_OUTSIDE.join(', ')} only`, () => {
    const outside = (each: Import) => !isRelative(each) && each.from !== '@opentelemetry/api';
    const found = FILES.filter(({ imports }) => imports.some(outside)).map(({ layer }) => layer);
    expect([...new Set(found)].sort()).toEqual(WITH_OUTSIDE);
  });

  it('write node: before the name of a module of Node.js', () => {
    const bare = FILES.flatMap(({ imports }) => imports).filter(({ from }) => builtinModules.includes(from));
    expect(bare).toEqual([]);
  });

  it('are made at run time, by name, in three files only', () => {
    expect(filesWith(/\bcreateRequire\(/)).toEqual([
      'hook/sdk/module-loading.ts',
      'lifecycle/start-sdk.ts',
      'wrap/child.ts',
    ]);
    // The optional peer, which only encrypted archives need.
    expect(filesWith(/(?<!typeof )\bimport\(/)).toEqual(['cli/archives.ts', 'retain/encrypt.ts']);
  });
});

describe('the map in src/README.md', () => {
  const map = readFileSync(join(SRC, 'README.md'), 'utf8');

  it('names every folder', () => {
    const folders = Object.keys(LAYERS).filter((layer) => !layer.endsWith('.ts'));
    expect(folders.filter((folder) => !map.includes(`${folder}/`))).toEqual([]);
  });

  it('names no file that is not there', () => {
    const named = [...map.matchAll(/`((?:[a-z-]+\/)*[a-z0-9-]+\.ts)`/g)].map(([, path]) => path as string);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((path) => !FILES.some((file) => file.path === path))).toEqual([]);
  });
});

describe('the code of src/', () => {
  it('writes nothing to stdout, which belongs to the protocol', () => {
    // An option refuses the word, a command is run for what it prints, a stand-in names the streams of its server, a thread is
    // kept from printing, and `wrap` and `doctor` read what their server writes.
    expect(filesWith(/\bstdout\b(?!')/)).toEqual([
      'audit/unobserved-record.ts',
      'cli/main.ts',
      'doctor/client.ts',
      'doctor/run-server.ts',
      'hook/implementations/tmcp-sessions.ts',
      'lifecycle/exit-delivery.ts',
      'options/table.ts',
      'wrap/child.ts',
      'wrap/run.ts',
    ]);
  });

  it('writes to stderr where operators are spoken to, and nowhere else', () => {
    expect(filesWith(/\bprocess\.stderr\b/)).toEqual([
      'cli/main.ts',
      'export/stderr.ts',
      'lifecycle/console-to-stderr.ts',
      'register.ts',
      'report/report.ts',
      'wrap/run.ts',
    ]);
  });

  it('starts timers where they cannot keep the process alive, but for the one that delays its end and commands that wait', () => {
    expect(filesWith(/\bset(?:Timeout|Interval)\(|'node:timers/)).toEqual([
      'cli/query/follow.ts',
      'doctor/limit.ts',
      // Unreferenced, in a file for processes that do not have this package.
      'doctor/probe.ts',
      'lib/timers.ts',
      'lifecycle/time-limit.ts',
      'retain/lock.ts',
    ]);
  });

  it('touches the console only to keep it away from exporters', () => {
    expect(filesWith(/\bconsole[.[]|\bConsole\b/)).toEqual(['lifecycle/console-to-stderr.ts']);
  });
});
