/** mcp-trail is preloaded by its path into an application with another version of the OpenTelemetry API. */
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addSdkNode, application, NEWER, OLDER, removeApplications } from './applications.js';
import { Child, type Ended, ROOT } from './child.js';
import { installedElsewhere } from './copies.js';
import { callEcho, HANDSHAKE } from './stdio-servers.js';

let mcpTrail: ReturnType<typeof installedElsewhere>;
let preload: string;
/** Another place, where an SDK is beside mcp-trail. */
let beside: typeof mcpTrail | undefined;

beforeAll(() => {
  mcpTrail = installedElsewhere();
  preload = pathToFileURL(join(mcpTrail.folder, 'node_modules/mcp-trail/dist/esm/register.js')).href;
});
afterAll(() => {
  mcpTrail.remove();
  beside?.remove();
  removeApplications();
});

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
    beside = installedElsewhere();
    besideMcpTrail = pathToFileURL(join(beside.folder, 'node_modules/mcp-trail/dist/esm/register.js')).href;
    const modules = join(beside.folder, 'node_modules/@opentelemetry');
    for (const name of ['core', 'resources', 'sdk-trace-node'])
      symlinkSync(join(ROOT, 'node_modules/@opentelemetry', name), join(modules, name), 'junction');
    addSdkNode(beside.folder);
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
