/** mcp-trail is preloaded by its path into an application with another version of the OpenTelemetry API. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child, type Ended, ROOT } from './child.js';
import { installedElsewhere } from './copies.js';
import { callEcho, HANDSHAKE } from './stdio-servers.js';

const NEWER = '1.99.0';
const OLDER = '1.8.0';

/** What the application's SDK consists of. Copied: a link would lead back to the API of this checkout. */
const COPIED = ['api', 'context-async-hooks', 'core', 'resources', 'sdk-trace', 'sdk-trace-base', 'sdk-trace-node'];
const LINKED = ['@opentelemetry/api-logs', '@opentelemetry/semantic-conventions', '@modelcontextprotocol', 'zod'];

/** An application that registers its own SDK, uses it, and serves MCP. */
const APPLICATION = `
import { trace } from '@opentelemetry/api';
import './safety-own-sdk.mjs';
const span = trace.getTracer('application').startSpan('own work');
process.stderr.write(\`recording: \${span.isRecording()}\\n\`);
span.end();
await import('./safety-server-v1.mjs');
`;

/** Uses the SDK that somebody else has registered. */
const WITHOUT_SDK = APPLICATION.replace("import './safety-own-sdk.mjs';", '');

/** Has what is used of `@opentelemetry/sdk-node`. */
const SDK_NODE = `
const { NodeTracerProvider, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-node');
const exporter = {
  export(spans, done) {
    for (const { name } of spans) process.stderr.write(\`own SDK: \${name}\\n\`);
    done({ code: 0 });
  },
  async shutdown() {},
};
exports.NodeSDK = class {
  _tracerProvider;
  _loggerProvider;
  start() {
    this._tracerProvider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    this._tracerProvider.register();
  }
};
`;

const folders: string[] = [];
let mcpTrail: ReturnType<typeof installedElsewhere>;
let preload: string;

beforeAll(() => {
  mcpTrail = installedElsewhere();
  preload = pathToFileURL(join(mcpTrail.folder, 'node_modules/mcp-trail/dist/esm/register.js')).href;
});
afterAll(() => {
  mcpTrail.remove();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function application(apiVersion: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-app-'));
  folders.push(folder);
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '@opentelemetry'), { recursive: true });
  for (const name of COPIED) {
    const path = `@opentelemetry/${name}`;
    cpSync(join(ROOT, 'node_modules', path), join(modules, path), { recursive: true });
  }
  for (const name of LINKED) symlinkSync(join(ROOT, 'node_modules', name), join(modules, name), 'junction');
  setApiVersion(join(modules, '@opentelemetry/api'), apiVersion);
  for (const file of ['safety-own-sdk.mjs', 'safety-server-v1.mjs', 'safety-behaviour.mjs'])
    cpSync(join(ROOT, 'test/fixtures', file), join(folder, file));
  writeFileSync(join(folder, 'own-sdk.mjs'), APPLICATION);
  writeFileSync(join(folder, 'no-sdk.mjs'), WITHOUT_SDK);
  return folder;
}

function setApiVersion(api: string, version: string): void {
  const { version: before } = JSON.parse(readFileSync(join(api, 'package.json'), 'utf8')) as { version: string };
  for (const file of ['package.json', 'build/src/version.js', 'build/esm/version.js', 'build/esnext/version.js']) {
    const text = readFileSync(join(api, file), 'utf8');
    expect(text, file).toContain(before);
    writeFileSync(join(api, file), text.replaceAll(before, version));
  }
}

/** Adds what `mcp-trail/register` finds and starts. */
function addSdkNode(folder: string): void {
  const at = join(folder, 'node_modules/@opentelemetry/sdk-node');
  mkdirSync(at);
  writeFileSync(join(at, 'package.json'), JSON.stringify({ name: '@opentelemetry/sdk-node', version: '0.223.0' }));
  writeFileSync(join(at, 'index.js'), SDK_NODE);
}

async function serve(folder: string, file: string, env: Record<string, string> = {}, entry = preload): Promise<Ended> {
  const child = new Child(['--import', entry, file], { OTEL_METRICS_EXPORTER: 'none', ...env }, folder);
  child.write(...HANDSHAKE, callEcho('only'));
  await child.printed('"id":"echo only"');
  child.endInput();
  const ended = await child.ended;
  expect(ended).toMatchObject({ code: 0, signal: null });
  return ended;
}

const lines = ({ stderr }: Ended) => stderr.split('\n').filter((line) => line !== '');
const aboutApi = (told: readonly string[]) => told.filter((line) => line.includes('@opentelemetry/api '));
const OWN_WORK = ['recording: true', 'own SDK: own work'];
const OBSERVED = 'own SDK: tools/call echo';

describe('an application with a newer OpenTelemetry API than mcp-trail', () => {
  let folder: string;
  beforeAll(() => {
    folder = application(NEWER);
  });

  it('registers its own SDK, which gets the spans of both, where mcp-trail is told to start none', async () => {
    const told = lines(await serve(folder, 'own-sdk.mjs', { MCP_TRAIL_SDK: 'off' }));
    expect(told).toEqual(expect.arrayContaining([...OWN_WORK, OBSERVED]));
    expect(told.filter((line) => line.startsWith('mcp-trail: '))).toEqual([]);
  });

  it('registers its own SDK where mcp-trail finds none', async () => {
    const told = lines(await serve(folder, 'own-sdk.mjs'));
    expect(told).toEqual(expect.arrayContaining([...OWN_WORK, OBSERVED]));
    expect(told.filter((line) => line.startsWith('mcp-trail: '))).toEqual([
      expect.stringContaining('no OpenTelemetry SDK found'),
    ]);
  });

  it.each(['', 'warn'])('shares the SDK that mcp-trail starts (OTEL_LOG_LEVEL=%s)', async (level) => {
    const withSdk = application(NEWER);
    addSdkNode(withSdk);
    const told = lines(await serve(withSdk, 'no-sdk.mjs', { OTEL_LOG_LEVEL: level }));
    expect(told).toEqual(expect.arrayContaining([...OWN_WORK, OBSERVED]));
    expect(aboutApi(told)).toEqual([]);
  });
});

describe('an application with an older OpenTelemetry API than mcp-trail', () => {
  it('keeps its own spans, and is told why there are none of MCP', async () => {
    const told = lines(await serve(application(OLDER), 'own-sdk.mjs', { MCP_TRAIL_SDK: 'off' }));
    expect(told).toEqual(expect.arrayContaining(OWN_WORK));
    expect(told).not.toContain(OBSERVED);
    expect(told.filter((line) => line.startsWith('mcp-trail: '))).toEqual([
      expect.stringMatching(/are lost or incomplete: .*@opentelemetry\/api 1\.8\.0/),
    ]);
  });

  it('is told so about the SDK that mcp-trail starts', async () => {
    const folder = application(OLDER);
    addSdkNode(folder);
    const told = lines(await serve(folder, 'no-sdk.mjs'));
    expect(told).toEqual(expect.arrayContaining(OWN_WORK));
    expect(aboutApi(told)).toEqual([expect.stringMatching(/@opentelemetry\/api 1\.8\.0/)]);
  });
});

describe('an application with another copy of the OpenTelemetry API than the SDK beside mcp-trail', () => {
  const { version: SAME } = JSON.parse(
    readFileSync(join(ROOT, 'node_modules/@opentelemetry/api/package.json'), 'utf8'),
  ) as { version: string };
  let besideMcpTrail: string;
  beforeAll(() => {
    const other = installedElsewhere();
    folders.push(other.folder);
    besideMcpTrail = pathToFileURL(join(other.folder, 'node_modules/mcp-trail/dist/esm/register.js')).href;
    const modules = join(other.folder, 'node_modules/@opentelemetry');
    for (const name of ['core', 'resources', 'sdk-trace-node'])
      symlinkSync(join(ROOT, 'node_modules/@opentelemetry', name), join(modules, name), 'junction');
    addSdkNode(other.folder);
  });

  it('registers its own SDK later, if the copies have one version, and is told where MCP telemetry goes', async () => {
    const told = lines(await serve(application(SAME), 'own-sdk.mjs', {}, besideMcpTrail));
    expect(told).toEqual(expect.arrayContaining([...OWN_WORK, OBSERVED]));
    expect(told.filter((line) => line.startsWith('mcp-trail: '))).toEqual([
      expect.stringContaining('MCP telemetry still goes where OTEL_* says'),
    ]);
  });

  it('is told if its own SDK is refused because its copy is older', async () => {
    const told = lines(await serve(application(OLDER), 'own-sdk.mjs', {}, besideMcpTrail));
    expect(told).toContain(OBSERVED);
    expect(told.filter((line) => line.startsWith('mcp-trail: '))).toEqual([
      expect.stringMatching(/registers an OpenTelemetry SDK of its own, which is ignored .* MCP_TRAIL_SDK=off/),
    ]);
  });

  it('is told if its own SDK is refused because its copy is newer', async () => {
    const told = lines(await serve(application(NEWER), 'own-sdk.mjs', {}, besideMcpTrail));
    expect(told).toEqual(expect.arrayContaining(['recording: false', OBSERVED]));
    expect(aboutApi(told)).toEqual([
      expect.stringMatching(/@opentelemetry\/api 1\.99\.0, .*newer.* \(1\.\d+\.\d+\).* MCP_TRAIL_SDK=off/),
    ]);
  });

  it('is told nothing if it does not use its copy', async () => {
    const folder = application(NEWER);
    cpSync(join(ROOT, 'test/fixtures/safety-server-v1.mjs'), join(folder, 'plain.mjs'));
    const told = lines(await serve(folder, 'plain.mjs', {}, besideMcpTrail));
    expect(told).toContain(OBSERVED);
    expect(aboutApi(told)).toEqual([]);
  });
});

describe('an SDK that cannot be registered', () => {
  it('gets the spans of MCP, and is reported with the two versions of the API', async () => {
    const folder = application(NEWER);
    addSdkNode(folder);
    // Another preload was first, with its own API.
    writeFileSync(
      join(folder, 'first.cjs'),
      "globalThis[Symbol.for('opentelemetry.js.api.1')] = { version: '1.9.0' };",
    );
    const told = lines(await serve(folder, 'no-sdk.mjs', { NODE_OPTIONS: '--require=./first.cjs' }));
    expect(told).toEqual(expect.arrayContaining(['recording: false', OBSERVED]));
    expect(aboutApi(told)).toEqual([
      expect.stringMatching(/application's spans are lost: @opentelemetry\/api 1\.9\.0.*1\.99\.0/),
    ]);
  });
});
