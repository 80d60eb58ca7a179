/**
 * The values of every axis, with exact versions. No ranges: npm selects versions of a range by engine, so that "3.x" on Node 20
 * would silently test 2.x.
 */

/** A Node release with its bundled npm, because npm majors resolve differently. */
export const nodes = {
  node20: { node: '20.20.2', npm: '10.8.2' },
  node22: { node: '22.23.3', npm: '10.9.9' },
  node24: { node: '24.21.0', npm: '11.19.0' },
  node26: { node: '26.10.0', npm: '12.2.0' },
};

/**
 * Runtimes that imitate Node, as packages of npm: their program, its arguments before those of the application, and how
 * they preload a file or package. The npm of a Node installs the application.
 */
export const runtimes = {
  bun: {
    version: '1.4.5',
    program: 'bin/bun.exe',
    args: [],
    seesRequests: false,
    preload: (name) => ['--preload', name],
    npmOf: 'node24',
  },
  deno: {
    version: '2.9.6',
    program: 'deno',
    args: ['run', '--allow-all'],
    seesRequests: true,
    preload: (name) => ['--preload', name.startsWith('.') ? name : `npm:${name}`],
    npmOf: 'node24',
  },
};

/** The runtime of Cloudflare Workers, as Miniflare brings it. */
export const workerd = { miniflare: '4.20260730.0' };

/** OpenTelemetry lines, with all packages for every way to start the SDK. */
export const otelLines = {
  otel2: {
    '@opentelemetry/api': '1.9.1',
    '@opentelemetry/api-logs': '0.223.0',
    '@opentelemetry/exporter-logs-otlp-http': '0.223.0',
    '@opentelemetry/exporter-metrics-otlp-http': '0.223.0',
    '@opentelemetry/exporter-trace-otlp-http': '0.223.0',
    '@opentelemetry/instrumentation': '0.223.0',
    '@opentelemetry/resources': '2.12.0',
    '@opentelemetry/sdk-logs': '0.223.0',
    '@opentelemetry/sdk-metrics': '2.12.0',
    '@opentelemetry/sdk-node': '0.223.0',
    '@opentelemetry/sdk-trace-node': '2.12.0',
  },
  otel3: {
    '@opentelemetry/api': '1.10.0',
    '@opentelemetry/context-async-hooks': '3.1.1',
    '@opentelemetry/core': '3.1.1',
    '@opentelemetry/exporter-logs-otlp-http': '0.301.0',
    '@opentelemetry/exporter-metrics-otlp-http': '0.301.0',
    '@opentelemetry/exporter-trace-otlp-http': '0.301.0',
    '@opentelemetry/instrumentation': '0.301.1',
    '@opentelemetry/resources': '3.1.1',
    '@opentelemetry/sdk-logs': '3.1.1',
    '@opentelemetry/sdk-metrics': '3.1.1',
    '@opentelemetry/sdk-node': '0.301.0',
    '@opentelemetry/sdk-trace': '3.1.1',
  },
};

/**
 * Packages that identify a line: if a version of the other line is anywhere in the tree, the cell tests something else.
 */
export const otelMarkers = {
  otel2: {
    '@opentelemetry/api': /^1\.9\./,
    '@opentelemetry/core': /^2\./,
    '@opentelemetry/instrumentation': /^0\.2\d\d\./,
  },
  otel3: {
    '@opentelemetry/api': /^1\.10\./,
    '@opentelemetry/core': /^3\./,
    '@opentelemetry/instrumentation': /^0\.3\d\d\./,
  },
};

/** MCP SDKs, with a compatible `zod` and Node adapter. */
export const mcpSdks = {
  'v1-1.0.1': { '@modelcontextprotocol/sdk': '1.0.1', zod: '3.25.76' },
  'v1-1.10.0': { '@modelcontextprotocol/sdk': '1.10.0', zod: '3.25.76' },
  'v1-1.22.0': { '@modelcontextprotocol/sdk': '1.22.0', zod: '3.25.76' },
  'v1-1.32.2': { '@modelcontextprotocol/sdk': '1.32.2', zod: '4.6.7' },
  'v2-2.0.0': {
    '@modelcontextprotocol/client': '2.0.0',
    '@modelcontextprotocol/server': '2.0.0',
    '@modelcontextprotocol/node': '2.0.0',
    hono: '4.13.19',
    zod: '4.6.7',
  },
  'v2-2.4.0': {
    '@modelcontextprotocol/client': '2.4.0',
    '@modelcontextprotocol/server': '2.4.0',
    '@modelcontextprotocol/node': '2.1.2',
    zod: '4.6.7',
  },
};

const react = { react: '19.3.1', 'react-dom': '19.3.1' };

/** Next.js: the packages, its span of a request to `/mcp`, and how `next start` ends on SIGTERM. */
export const nextVersions = {
  next15: { packages: { next: '15.5.29', ...react }, span: 'POST /mcp/route', end: 0 },
  next16: { packages: { next: '16.4.6', ...react }, span: 'POST /mcp', end: 143 },
};

/** Packages that a build leaves out; the rest is compiled into its chunks. */
export const nextBuilds = {
  default: [],
  external: ['@modelcontextprotocol/server', '@modelcontextprotocol/core', 'mcp-trail'],
};

export const moduleSystems = ['esm', 'cjs'];

/**
 * `stdio` and `http` use the session protocol; the `modern` ones pin protocol 2026-07-28, which only SDK v2 has.
 */
export const transports = ['stdio', 'http', 'stdio-modern', 'http-modern'];

/**
 * How the application gets its telemetry. `preload` lists files (of `app/setup`) and packages to preload.
 *
 * - `register`: zero code.
 * - `propagate`: zero code; the stdio server gets it from the client only by `propagateToChildProcesses`.
 * - `register-exit`: zero code, in processes that end with `process.exit()`.
 * - `node-sdk`: the app's own `NodeSDK({ instrumentations: [new McpInstrumentation()] })`.
 * - `register-instrumentations`: the app's own providers and `registerInstrumentations`.
 * - `sdk-then-register`: the app's own SDK without the instrumentation, which `mcp-trail/register` then adds.
 * - `manual`: the app's own SDK, and `instrumentClient` and `instrumentServer` in its code.
 */
export const starts = {
  register: { preload: ['mcp-trail/register'], env: {} },
  propagate: {
    preload: ['mcp-trail/register'],
    env: { MCP_TRAIL_PROPAGATE_TO_CHILD_PROCESSES: 'true' },
  },
  'register-exit': { preload: ['mcp-trail/register'], env: { MATRIX_EXIT: 'true' } },
  'node-sdk': { preload: ['./setup/node-sdk'], env: {} },
  'register-instrumentations': {
    preload: ['./setup/register-instrumentations'],
    env: {},
  },
  'sdk-then-register': {
    preload: ['./setup/sdk-only', 'mcp-trail/register'],
    env: {},
  },
  manual: { preload: ['./setup/sdk-only'], env: { MATRIX_MANUAL: 'true' } },
};

/** The compilers that must accept the published types. */
export const compilers = ['5.4.5', '5.9.3', '6.0.3', '7.0.2'];
