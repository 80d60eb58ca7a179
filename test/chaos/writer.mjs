/** A server process that writes audit records, and the client that calls its tools and knows what was answered. */

import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ROOT } from './place.mjs';

const PROGRAM = fileURLToPath(new URL('programs/server.mjs', import.meta.url));
const AT_ONCE = 4;
/** Some requests are longer than what a pipe holds. */
const LENGTHS = [1, 100, 5_000, 100_000];

export class Writer {
  /** Its service name in the records. */
  name;
  /** Ids of calls whose results have arrived. @type {Set<string>} */
  answered = new Set();
  /** Called with the number of answers, for each. @type {(count: number) => void} */
  onAnswer = () => {};
  stderr = '';
  #client = new Client({ name: 'chaos', version: '1.0.0' });
  #transport;
  #closed;

  /** @param {Record<string, string>} env @param {string[]} [prefix] a command that starts another */
  constructor(env, prefix = []) {
    this.name = env['OTEL_SERVICE_NAME'] ?? '';
    const [command = '', ...args] = [...prefix, process.execPath, '--import', 'mcp-trail/register', PROGRAM];
    this.#transport = new StdioClientTransport({ command, args, env, cwd: ROOT, stderr: 'pipe' });
    this.#transport.stderr?.on('data', (chunk) => {
      this.stderr += chunk;
    });
    this.#closed = new Promise((resolve) => {
      this.#client.onclose = () => resolve(undefined);
    });
  }

  get pid() {
    return this.#transport.pid ?? 0;
  }

  async start() {
    await this.#client.connect(this.#transport);
    const pass = this.#transport.onmessage;
    this.#transport.onmessage = (message) => {
      if ('id' in message && 'result' in message) {
        this.answered.add(String(message.id));
        this.onAnswer(this.answered.size);
      }
      pass?.(message);
    };
    return this;
  }

  /** Makes calls, several at once, until there are as many answers or the process is gone. @param {number} answers */
  async call(answers) {
    let left = answers;
    const lane = async () => {
      while (left > 0) {
        left -= 1;
        const value = 'x'.repeat(LENGTHS[left % LENGTHS.length] ?? 1);
        await this.#client.callTool({ name: 'echo', arguments: { value } });
      }
    };
    await Promise.allSettled(Array.from({ length: AT_ONCE }, lane));
  }

  /** Makes calls, one after the other. Returns how many were refused because they could not be recorded. @param {number} calls */
  async attempt(calls) {
    let refused = 0;
    for (let call = 0; call < calls; call++) {
      try {
        await this.#client.callTool({ name: 'echo', arguments: { value: 'x' } });
      } catch (error) {
        if (/** @type {any} */ (error).data?.reason !== 'audit_unavailable') throw error;
        refused += 1;
      }
    }
    return refused;
  }

  /** Sets the clock of the process. @param {number} offsetMs */
  async setClock(offsetMs) {
    await this.#client.callTool({ name: 'set_clock', arguments: { offsetMs } });
  }

  kill() {
    process.kill(this.pid, 'SIGKILL');
  }

  /** Everything that it has written to its client has arrived. */
  async gone() {
    await this.#closed;
  }

  /** Ends it as clients do. */
  async end() {
    await this.#client.close();
  }
}

const BOTH = ['mcp_audit.request', 'mcp_audit.response'];

/** Answered calls without a record of these events. @param {Writer[]} writers @param {any[]} records @param {string[]} events */
export function withoutRecords(writers, records, events = BOTH) {
  const found = new Set(
    records
      .filter((record) => record['mcp.method.name'] === 'tools/call')
      .map((record) => `${record['service.name']} ${record['jsonrpc.request.id']} ${record['event_name']}`),
  );
  return writers.flatMap(({ name, answered }) =>
    [...answered].filter((id) => events.some((event) => !found.has(`${name} ${id} ${event}`))),
  ).length;
}
