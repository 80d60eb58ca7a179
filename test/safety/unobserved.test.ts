/** MCP that no hook sees: an SDK within a bundle, or another implementation. It is reported, with the lines that waited for MCP. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child, type Ended, ROOT, run } from './child.js';
import { callEcho, HANDSHAKE } from './stdio-servers.js';

const REGISTER = ['--import', 'mcp-trail/register'];
const QUIET = { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' };
const WARNING = { MCP_TRAIL_UNKNOWN: 'x' };

let folder: string;
let bundle: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-unobserved-'));
  bundle = join(folder, 'server.mjs');
  await build({
    entryPoints: [join(ROOT, 'test/fixtures/safety-server-v1.mjs')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: bundle,
    logLevel: 'silent',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function serve(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const child = new Child(args, { ...QUIET, ...env });
  child.write(...HANDSHAKE, callEcho('only'));
  await child.printed('"id":"echo only"');
  child.endInput();
  return child.ended;
}

const lines = ({ stderr }: Ended) => stderr.split('\n').filter((line) => line !== '');

describe('a stdio server with the SDK in its bundle', () => {
  it('is reported once, after the lines that waited for MCP, and answers as without mcp-trail', async () => {
    const plain = await serve([bundle]);
    const ended = await serve([...REGISTER, bundle], WARNING);
    expect(ended.stdout).toBe(plain.stdout);
    expect(ended.code).toBe(plain.code);
    expect(lines(ended)[0]).toMatch(/^mcp-trail: MCP_TRAIL_UNKNOWN is not a setting/);
    expect(lines(ended).filter((line) => line.includes('MCP traffic over stdin'))).toHaveLength(1);
  });

  it('is reported even if its first message comes in pieces', async () => {
    const child = new Child([...REGISTER, bundle], QUIET);
    const [first = '', ...rest] = HANDSHAKE;
    await child.writeInPieces(`${first}\n`, 20);
    child.write(...rest, callEcho('only'));
    await child.printed('"id":"echo only"');
    child.endInput();
    expect((await child.ended).stderr).toContain('MCP traffic over stdin');
  });
});

it('an observed server is not reported', async () => {
  const ended = await serve([...REGISTER, 'test/fixtures/safety-server-v1.mjs']);
  expect(ended.stderr).toBe('');
});

describe('an HTTP server with its own implementation of MCP', () => {
  const program = (headers: object) => `
    const { createServer, request } = require('node:http');
    const server = createServer((q, r) => q.resume().on('end', () => r.end('{}'))).listen(0, '127.0.0.1', () =>
      request({ port: server.address().port, method: 'POST', headers: ${JSON.stringify(headers)} }, (r) =>
        r.resume().on('end', () => server.close())).end('{}'));`;

  it('is reported by the headers of its requests', async () => {
    const ended = await run([...REGISTER, '-e', program({ 'mcp-protocol-version': '2025-11-25' })], {
      env: { ...QUIET, ...WARNING },
    });
    expect(lines(ended)).toHaveLength(2);
    expect(lines(ended)[1]).toContain('MCP traffic over HTTP');
  });

  it('is not reported without them', async () => {
    const ended = await run([...REGISTER, '-e', program({ 'content-type': 'application/json' })], {
      env: { ...QUIET, ...WARNING },
    });
    expect(ended.stderr).toBe('');
  });
});

describe('a program that reads its input', () => {
  const READS = "process.stdin.setEncoding('utf8').on('data', (text) => process.stdout.write(text))";

  it.each([
    ['text', 'one line\nand another\n'],
    ['JSON', '{"name":"x","version":"1"}\n'],
    ['another JSON-RPC', '{"jsonrpc":"2.0","id":1,"method":"textDocument/hover"}\n'],
    ['much', 'x'.repeat(100_000)],
  ])('is not reported, and gets its input completely: %s', async (_, input) => {
    const ended = await run([...REGISTER, '-e', READS], { env: { ...QUIET, ...WARNING }, input });
    expect(ended).toEqual({ code: 0, signal: null, stdout: `${input}\n`, stderr: '' });
  });

  it('that never reads its input is not kept alive by it', async () => {
    const file = join(folder, 'no-input.cjs');
    writeFileSync(file, 'console.log("done")');
    const child = new Child([...REGISTER, file], { ...QUIET, ...WARNING });
    expect(await child.ended).toEqual({ code: 0, signal: null, stdout: 'done\n', stderr: '' });
  });
});
