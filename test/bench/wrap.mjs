/**
 * `npm run bench:wrap`: what `mcp-trail wrap` costs. A server with and without it, in turns: how long a call takes, how long until
 * the server has answered for the first time, and how much memory the wrapping process has at most.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startOtlpReceiver } from '../../examples/support/otlp-receiver.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CLI = join(ROOT, 'dist/cjs/cli.js');
const SERVER = join(ROOT, 'test/wrap/server.mjs');
const SIZES = [20, 1000, 10_000, 100_000, 1_000_000];
const CALLS = 300;
const STARTS = 10;
const BIG_BYTES = 7_500_000;
const BIG_CALLS = 12;

const folder = mkdtempSync(join(tmpdir(), 'bench-wrap-'));
const receiver = await startOtlpReceiver({ maxRecords: 1 });
const { PATH = '' } = process.env;
const env = {
  PATH,
  OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  OTEL_LOG_LEVEL: 'none',
  MCP_TRAIL_AUDIT: 'file',
  MCP_TRAIL_AUDIT_FILE: join(folder, 'audit.jsonl'),
};

/** A server, as a host sees it. */
class Server {
  #rest = '';
  /** @type {Map<number, (line: string) => void>} */
  #waiting = new Map();
  #next = 0;

  /** @param {boolean} isWrapped */
  constructor(isWrapped) {
    const command = [process.execPath, SERVER, ''];
    const [file, ...args] = isWrapped ? [process.execPath, CLI, 'wrap', '--', ...command] : command;
    this.process = spawn(/** @type {string} */ (file), args, { env, stdio: ['pipe', 'pipe', 'ignore'] });
    this.process.stdout.setEncoding('utf8').on('data', (chunk) => {
      this.#rest += chunk;
      if (!chunk.includes('\n')) return;
      const lines = this.#rest.split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) this.#waiting.get(Number(/"id":(\d+)/.exec(line.slice(0, 60))?.[1]))?.(line);
    });
  }

  /** @param {string} method @param {object} params @returns {Promise<number>} milliseconds */
  async ask(method, params) {
    const id = this.#next++;
    const line = `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`;
    const answered = new Promise((resolve) => this.#waiting.set(id, resolve));
    const start = performance.now();
    this.process.stdin.write(line);
    await answered;
    const took = performance.now() - start;
    this.#waiting.delete(id);
    return took;
  }

  initialize() {
    const clientInfo = { name: 'bench', version: '1' };
    return this.ask('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
  }

  /** Bytes of memory, now and at most. */
  memory() {
    const status = readFileSync(`/proc/${this.process.pid}/status`, 'utf8');
    const of = (/** @type {string} */ name) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024;
    return { now: of('VmRSS'), most: of('VmHWM') };
  }

  async end() {
    const closed = new Promise((resolve) => this.process.once('close', resolve));
    this.process.stdin.end();
    await closed;
  }
}

const median = (/** @type {number[]} */ values) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const ms = (/** @type {number} */ value) => `${value.toFixed(2)} ms`;
const mb = (/** @type {number} */ value) => `${(value / 1e6).toFixed(0)} MB`;

const starts = { wrapped: /** @type {number[]} */ ([]), bare: /** @type {number[]} */ ([]) };
for (let n = 0; n < STARTS; n += 1) {
  for (const [name, isWrapped] of /** @type {const} */ ([
    ['bare', false],
    ['wrapped', true],
  ])) {
    const start = performance.now();
    const server = new Server(isWrapped);
    await server.initialize();
    starts[name].push(performance.now() - start);
    await server.end();
  }
}
console.log(`first answer after the start: ${ms(median(starts.bare))} without, ${ms(median(starts.wrapped))} with\n`);

const [bare, wrapped] = [new Server(false), new Server(true)];
await Promise.all([bare.initialize(), wrapped.initialize()]);
console.log('bytes of a call   without      with        more');
for (const size of SIZES) {
  const took = { bare: /** @type {number[]} */ ([]), wrapped: /** @type {number[]} */ ([]) };
  const params = { name: 'big', arguments: { bytes: size, text: 'x'.repeat(size) } };
  for (let n = 0; n < (size > 100_000 ? 30 : CALLS); n += 1) {
    took.bare.push(await bare.ask('tools/call', params));
    took.wrapped.push(await wrapped.ask('tools/call', params));
  }
  const [without, with_] = [median(took.bare), median(took.wrapped)];
  console.log(
    `${String(size).padStart(15)}   ${ms(without).padEnd(10)}   ${ms(with_).padEnd(10)}  ${ms(with_ - without)}`,
  );
}
await bare.end();
console.log(`\nresident after ${CALLS * 4} calls: ${mb(wrapped.memory().now)}, at most ${mb(wrapped.memory().most)}`);
for (let n = 0; n < BIG_CALLS; n += 1) {
  await wrapped.ask('tools/call', { name: 'big', arguments: { bytes: BIG_BYTES, text: 'é'.repeat(BIG_BYTES / 2) } });
}
console.log(
  `after ${BIG_CALLS} calls of ${mb(BIG_BYTES)} each way: ${mb(wrapped.memory().now)}, at most ${mb(wrapped.memory().most)}`,
);
for (let n = 0; n < BIG_CALLS; n += 1) {
  await wrapped.ask('tools/call', { name: 'big', arguments: { bytes: 4 * BIG_BYTES } });
}
console.log(
  `after ${BIG_CALLS} answers of ${mb(4 * BIG_BYTES)}: ${mb(wrapped.memory().now)}, at most ${mb(wrapped.memory().most)}`,
);
await wrapped.end();
await receiver.close();
rmSync(folder, { recursive: true });
