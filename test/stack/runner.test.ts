import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { collectorEnvironment, freePorts } from '../../collector-config/stack/stack.mjs';
import { eventually } from './support/eventually.js';
import { deliver, logsRequest } from './support/otlp.js';
import { scratch } from './support/scratch.js';

const RUN = fileURLToPath(new URL('../../collector-config/stack/run.mjs', import.meta.url));
/** Four programs, or Elasticsearch and the Collector, on a machine that does other things, too. */
const START_MS = 180_000;
const place = await scratch();
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => place.remove());

let runs = 0;

/** `npm run stack` without npm, with a folder for temporary files that no other run has. */
function run(args: readonly string[], env: Record<string, string> = {}) {
  const tmpdir = join(place.folder, `run-${++runs}`);
  mkdirSync(tmpdir);
  const environment = { ...process.env, TMPDIR: tmpdir, ...env };
  const child = spawn(process.execPath, [RUN, ...args], { env: environment, detached: true });
  children.push(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    output.stderr += text;
  });
  const closed = once(child, 'close').then(([code]) => code as number | null);
  return { child, output, closed, tmpdir };
}

/**
 * Command lines of all processes of a run, also when their parent has ended: they inherit its `TMPDIR`, and one that has ended has
 * no environment any more. A fast machine starts and ends a program between two looks, so look after the end.
 */
async function processesWith(tmpdir: string): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = ids.map(async (id) => {
    // It may end meanwhile, or be another user's.
    const read = (file: string) => readFile(join('/proc', id, file), 'utf8').catch(() => '');
    const inherited = (await read('environ')).split('\0').includes(`TMPDIR=${tmpdir}`);
    return inherited ? [`${id} ${(await read('cmdline')).replaceAll('\0', ' ')}`] : [];
  });
  return (await Promise.all(found)).flat();
}

/** Waits until a run has no process. */
const endOfAll = (tmpdir: string) =>
  eventually('end of all programs', () => processesWith(tmpdir), { accept: (all) => all.length === 0 });

/** Child processes with their command lines. */
async function childrenOf(pid: number | undefined): Promise<{ pid: number; command: string }[]> {
  const ps = spawn('ps', ['-e', '-o', 'pid=,ppid=,args=']);
  let text = '';
  ps.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  await once(ps, 'close');
  const rows = text.split('\n').map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line));
  return rows.flatMap((row) =>
    row && Number(row[2]) === pid ? [{ pid: Number(row[1]), command: String(row[3]) }] : [],
  );
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function startedStack(env: Record<string, string> = {}, args: readonly string[] = ['--no-page']) {
  const stack = run(['--free-ports', ...args], env);
  await eventually(
    'line that says how to end it',
    () => stack.output.stdout.includes('Press Ctrl-C to stop everything'),
    { timeoutMs: START_MS },
  ).catch((error) => {
    throw new Error(`${error.message}\n${stack.output.stdout}\n${stack.output.stderr}`);
  });
  return { ...stack, programs: await childrenOf(stack.child.pid) };
}

it('a reused folder keeps its key', async () => {
  const folder = join(place.folder, 'data');
  const keyOf = async () => readFile((await collectorEnvironment({}, folder)).MCP_REDACTION_HMAC_KEY_FILE, 'utf8');
  const first = await keyOf();
  expect(first).toMatch(/^[0-9a-f]{64}$/);
  expect(await keyOf()).toBe(first);
});

describe('npm run stack', { timeout: START_MS + 60_000 }, () => {
  it('starts four programs, prints their addresses, and leaves no process and no file on Ctrl-C', async () => {
    const { output, closed, child, programs, tmpdir } = await startedStack({
      // As in a shell with other settings.
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=wrong',
      JAEGER_ENDPOINT: 'http://127.0.0.1:1',
    });
    const names = programs.map(({ command }) => /\/(otelcol|loki|prometheus|jaeger)(?= |$)/.exec(command)?.[1]);
    expect(names.filter(Boolean).sort()).toEqual(['jaeger', 'loki', 'otelcol', 'prometheus']);
    expect(output.stdout).toMatch(/^ready in \d+\.\d s$/m);
    expect(output.stdout).toMatch(/OTEL_EXPORTER_OTLP_ENDPOINT=http:\/\/127\.0\.0\.1:\d+ npm run demo/);
    const commands = output.stdout.split('\n').filter((line) => line.includes('curl '));
    expect(commands).toHaveLength(3);
    for (const command of commands) {
      const { stdout } = await promisify(execFile)('sh', ['-c', command.slice(command.indexOf('curl '))]);
      expect(JSON.parse(stdout)).toHaveProperty('data');
    }
    // Ctrl-C in a terminal signals the whole group: backends in it would end before the Collector has flushed.
    const { stdout: groups } = await promisify(execFile)('ps', [
      '-o',
      'pgid=',
      '-p',
      programs.map(({ pid }) => pid).join(),
    ]);
    expect(groups.trim().split(/\s+/)).not.toContain(String(child.pid));
    process.kill(-(child.pid as number), 'SIGINT');
    expect(await closed).toBe(0);
    expect(output.stderr).toBe('');
    // Only the watchdog may see the end.
    expect((await processesWith(tmpdir)).filter((command) => !command.includes('watchdog.mjs'))).toEqual([]);
    await endOfAll(tmpdir);
    expect(await readdir(tmpdir)).toEqual([]);
  });

  it('starts Elasticsearch with --elastic, as a user without rights, where audit records arrive', async () => {
    const { output, closed, child, programs } = await startedStack({}, [
      '--backends',
      'elastic',
      '--elastic',
      '--no-page',
    ]);
    const elasticsearch = programs.find(({ command }) => command.startsWith('java '));
    const { stdout: user } = await promisify(execFile)('ps', ['-o', 'uid=', '-p', String(elasticsearch?.pid)]);
    expect(Number(user)).toBeGreaterThan(0);
    const otlp = /OTEL_EXPORTER_OTLP_ENDPOINT=(\S+)/.exec(output.stdout)?.[1] as string;
    await deliver(otlp, logsRequest([{ eventName: 'mcp_audit.response', body: '{}' }]));
    const command = output.stdout.split('\n').find((line) => line.includes('curl ')) as string;
    const answer = () => promisify(execFile)('sh', ['-c', command.slice(command.indexOf('curl '))]);
    await eventually('the record', async () => JSON.parse((await answer()).stdout).hits.total.value === 1);
    const [, home] = /cat (\S+)\/password/.exec(command) as unknown as [string, string];
    process.kill(-(child.pid as number), 'SIGINT');
    expect(await closed).toBe(0);
    expect(output.stderr).toBe('');
    expect(isAlive(elasticsearch?.pid as number)).toBe(false);
    expect(existsSync(home)).toBe(false);
  });

  it('leaves no process behind when it is killed', async () => {
    const { child, closed, programs, tmpdir } = await startedStack();
    const watchdog = 1;
    expect(programs).toHaveLength(4 + watchdog);
    expect(await processesWith(tmpdir)).toHaveLength(1 + programs.length);
    child.kill('SIGKILL');
    await closed;
    await endOfAll(tmpdir);
  });

  it('names a port in use, and its variable', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const ports = Object.entries({ ...(await freePorts()), MCP_LOKI_HTTP_PORT: port });
    const { output, closed } = run([], Object.fromEntries(ports.map(([name, value]) => [name, String(value)])));
    expect(await closed).toBe(1);
    expect(output.stderr.trim()).toBe(
      `port ${port} is in use: set MCP_LOKI_HTTP_PORT to a free port, or use --free-ports`,
    );
    server.close();
  });

  it.each([
    [['--backends', 'loki,papyrus'], 1, /unknown name in backends: "papyrus"; accepted: .*loki/],
    [['--free-ports', '--sources', 'files'], 1, /unknown name in sources: "files"; accepted: audit-files/],
    [['--free-ports', '--overlays', 'tsl'], 1, /unknown name in overlays: "tsl"; accepted: .*tls/],
    [['--backend', 'loki'], 2, /--backend/],
  ])('refuses %j', async (args, code, message) => {
    const { output, closed } = run(args.includes('--free-ports') ? args : ['--free-ports', ...args]);
    expect(await closed).toBe(code);
    expect(output.stderr).toMatch(message);
  });

  it('names a signal without a backend, and leaves no process behind', async () => {
    const { output, closed, tmpdir } = run(['--free-ports', '--no-page', '--backends', 'jaeger']);
    expect(await closed).toBe(1);
    expect(output.stderr).toMatch(
      /^the Collector ended \(exit code 1\) before it was ready:\nError: .*connector "forward/,
    );
    expect(output.stderr).toMatch(/^No backend reads (audit|logs|metrics): add one that does, or discard-rest/m);
    await endOfAll(tmpdir);
  });

  it('names an unset variable of a backend', async () => {
    const { output, closed } = run(['--free-ports', '--no-page', '--backends', 'debug,elastic']);
    expect(await closed).toBe(1);
    expect(output.stderr).toContain('/MCP_ELASTIC_API_KEY_FILE-is-not-set');
  });

  it.each(['0', '65536', '3100.5', 'http'])('rejects %j as a port, with the name of its variable', async (value) => {
    const { output, closed } = run([], { MCP_OTLP_GRPC_PORT: value });
    expect(await closed).toBe(1);
    expect(output.stderr.trim()).toBe(`MCP_OTLP_GRPC_PORT is "${value}", which is not a port (1 to 65535)`);
  });

  it('reports in one line that Go is missing', async () => {
    const { output, closed } = run(['--free-ports'], { PATH: '/nowhere', XDG_CACHE_HOME: place.folder });
    expect(await closed).toBe(1);
    expect(output.stderr.trim().split('\n')).toHaveLength(1);
    expect(output.stderr).toMatch(/needs Go 1\.26\.\d+ or newer.*`go` was not found/);
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)('ends a running build on %s', async (signal) => {
    const bin = join(place.folder, `bin-${signal}`);
    await mkdir(bin, { recursive: true });
    await writeFile(join(bin, 'go'), '#!/bin/sh\n[ "$1" = env ] && exec echo go1.26.9\nexec sleep 600\n', {
      mode: 0o755,
    });
    const { child, output, closed, tmpdir } = run(['--free-ports'], {
      PATH: `${bin}:/bin:/usr/bin`,
      XDG_CACHE_HOME: join(place.folder, signal),
    });
    const building = async () => (await processesWith(tmpdir)).some((command) => command.includes('sleep 600'));
    await eventually('build', building);
    child.kill(signal);
    expect(await closed).toBe(signal === 'SIGTERM' ? 1 : null);
    expect(output.stderr).toBe('');
    await endOfAll(tmpdir);
  });

  it('reports in one line that Go is too old', async () => {
    const bin = join(place.folder, 'bin');
    await mkdir(bin, { recursive: true });
    await writeFile(join(bin, 'go'), '#!/bin/sh\necho go1.22.4\n', { mode: 0o755 });
    const { output, closed } = run(['--free-ports'], { PATH: `${bin}:/bin:/usr/bin`, XDG_CACHE_HOME: place.folder });
    expect(await closed).toBe(1);
    expect(output.stderr.trim().split('\n')).toHaveLength(1);
    expect(output.stderr).toMatch(/needs Go 1\.26\.\d+ or newer.*found: go1\.22\.4/);
  });
});
