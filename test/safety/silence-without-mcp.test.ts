/** A preloaded process without MCP, such as npm, npx and node in a container with NODE_OPTIONS. */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startOtlpReceiver } from '../../examples/support/otlp-receiver.mjs';
import { ROOT } from './child.js';
import { installedElsewhere } from './copies.js';
import { callEcho, HANDSHAKE } from './stdio-servers.js';

let elsewhere: ReturnType<typeof installedElsewhere>;
/** A folder with the package installed, without an SDK. */
let folder: string;
let environment: Record<string, string>;

beforeAll(() => {
  elsewhere = installedElsewhere();
  folder = elsewhere.folder;
  writeFileSync(join(folder, 'package.json'), '{"name":"container","version":"1.0.0"}');
  for (const file of ['safety-server-v1.mjs', 'safety-behaviour.mjs']) {
    cpSync(join(ROOT, 'test/fixtures', file), join(folder, file));
  }
  environment = { NODE_OPTIONS: `--import=${register()}`, HOME: folder, npm_config_update_notifier: 'false' };
});
afterAll(() => elsewhere.remove());

const register = () => pathToFileURL(join(folder, 'node_modules/mcp-trail/dist/esm/register.js')).href;

/** Every setting that causes a warning or a file. */
function wrong(state: string): Record<string, string> {
  return {
    OTEL_TRACES_SAMPLER: 'nonsense',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:1',
    MCP_TRAIL_UNKNOWN: 'x',
    MCP_TRAIL_TRUST_PROXY: 'perhaps',
    MCP_TRAIL_AUDIT: 'file,otel',
    MCP_TRAIL_AUDIT_FILE: join(state, 'audit.jsonl'),
    MCP_TRAIL_AUDIT_STATE_DIRECTORY: join(state, 'state'),
    MCP_TRAIL_AUDIT_POLICY: join(state, 'no-policy.json'),
    MCP_TRAIL_AUDIT_DIGEST_KEY_ID: 'without a key',
    MCP_TRAIL_AUDIT_SIGNING_KEY_FILE: join(state, 'no-key.jwk'),
    MCP_TRAIL_AUDIT_CHECKPOINTS: join(state, 'checkpoints.jsonl'),
  };
}

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(command: string, args: readonly string[], env: Record<string, string>, input = ''): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: folder, env: { PATH: path(), ...env }, stdio: 'pipe' });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output.stdout += chunk;
      // A stdio server ends when its client does.
      if (output.stdout.includes('"id":"echo only"')) child.stdin.end();
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      output.stderr += chunk;
    });
    child.stdin.on('error', () => {});
    if (input === '') child.stdin.end();
    else child.stdin.write(input);
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...output }));
  });
}

/** The programs that came with this Node.js. */
const path = () => `${dirname(process.execPath)}:${process.env['PATH']}`;

describe('a process without MCP', () => {
  it.each([
    ['npm', ['--version']],
    ['npm', ['ls', '--depth=0', '--no-color']],
    ['npx', ['--version']],
    ['node', ['-e', 'setTimeout(() => console.log("done"), 50)']],
    ['node', ['-e', 'process.exit(3)']],
    ['node', ['-e', 'process.on("exit", () => console.log("bye"))']],
  ])('%s %j works as without mcp-trail, prints nothing, and leaves nothing behind', async (command, args) => {
    const state = join(folder, `kept by nobody ${Math.random()}`);
    const without = await run(command, args, { ...environment, NODE_OPTIONS: '' });
    const ended = await run(command, args, { ...environment, ...wrong(state) });
    expect(ended).toEqual(without);
    expect(existsSync(state)).toBe(false);
  });

  it('prints nothing when another kind of HTTP server refuses a request', async () => {
    const program = `
      const { createServer, get } = require('node:http');
      const server = createServer((_, response) => response.writeHead(401).end()).listen(0, '127.0.0.1', () =>
        get({ port: server.address().port, path: '/other' }, (r) => r.resume().on('end', () => server.close())));`;
    const state = join(folder, 'kept by no server');
    expect(await run('node', ['-e', program], { ...environment, ...wrong(state) })).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    expect(existsSync(state)).toBe(false);
  });

  it('counts as MCP when a request on an MCP path is refused, and then prints and records everything', async () => {
    const program = `
      const { createServer, get } = require('node:http');
      const server = createServer((_, response) => response.writeHead(401).end()).listen(0, '127.0.0.1', () =>
        get({ port: server.address().port, path: '/mcp' }, (r) => r.resume().on('end', () => server.close())));`;
    const state = join(folder, 'kept by a server');
    mkdirSync(state);
    const ended = await run('node', ['-e', program], {
      ...environment,
      ...wrong(state),
      MCP_TRAIL_AUDIT_PATHS: '/mcp',
    });
    expect(ended.stderr).toContain('mcp-trail: no OpenTelemetry SDK found');
    expect(ended.stderr).toContain('mcp-trail: MCP_TRAIL_UNKNOWN is not a setting');
    expect(events(join(state, 'audit.jsonl'))).toEqual([
      ...['started', 'checkpoint', 'authorization', 'stopped', 'checkpoint'],
    ]);
    expect(ended.stderr).toContain('mcp-trail: MCP_TRAIL_AUDIT_SIGNING_KEY_FILE is ');
    expect(events(join(state, 'checkpoints.jsonl'))).toEqual(['checkpoint', 'checkpoint']);
  });
});

function events(file: string): string[] {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line).event_name.replace('mcp_audit.', ''));
}

describe('a server that is started by npx', () => {
  beforeAll(() => {
    const bin = join(folder, 'node_modules/.bin');
    mkdirSync(bin, { recursive: true });
    const server = join(folder, 'safety-server-v1.mjs');
    writeFileSync(server, `#!/usr/bin/env node\n${readFileSync(server, 'utf8')}`);
    chmodSync(server, 0o755);
    symlinkSync(server, join(bin, 'weather'));
  });

  const messages = () => `${[...HANDSHAKE, callEcho('only')].join('\n')}\n`;

  it('prints and records; npx itself does neither', async () => {
    const state = join(folder, 'kept by weather');
    const ended = await run(
      'npx',
      ['--no', 'weather'],
      { ...environment, MCP_TRAIL_AUDIT: 'file', MCP_TRAIL_AUDIT_FILE: join(state, '{pid}.jsonl') },
      messages(),
    );
    expect(ended.stdout).toContain('"id":"echo only"');
    expect(ended.stderr).toMatch(
      /^mcp-trail: audit records are linked, but not signed: .*\nmcp-trail: no OpenTelemetry SDK found.*\n$/,
    );
    const files = readdirSync(state);
    expect(files).toHaveLength(1);
    const [first, ...rest] = events(join(state, files[0] as string));
    expect([first, rest.at(-1)]).toEqual(['started', 'stopped']);
  });

  it('exports with the SDK that is installed beside mcp-trail', async () => {
    const apart = installedElsewhere();
    const receiver = await startOtlpReceiver();
    try {
      const beside = join(apart.folder, 'node_modules/@opentelemetry/sdk-node');
      symlinkSync(join(ROOT, 'node_modules/@opentelemetry/sdk-node'), beside, 'junction');
      const preload = pathToFileURL(join(apart.folder, 'node_modules/mcp-trail/dist/esm/register.js')).href;
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
      const ended = await run(
        'npx',
        ['--no', 'weather'],
        { ...environment, ...env, NODE_OPTIONS: `--import=${preload}` },
        messages(),
      );
      expect(ended.stderr).toBe('');
      expect(receiver.spans.map(({ name }) => name)).toContain('tools/call echo');
    } finally {
      await receiver.close();
      apart.remove();
    }
  });
});
