/** The program as a process: started, called, ended, and timed from its cue to its exit. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAM = fileURLToPath(new URL('program.mjs', import.meta.url));
/** A process that has not ended by then counts as stuck. */
const LIMIT_MS = 30_000;

/** @param {number} id */
const callOf = (id) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name: 'echo', arguments: { value: `${id}` } },
});
const INITIALIZE = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'ends', version: '1' } },
};

export class Program {
  #child;
  #kind;
  #stdout = '';
  #stderr = '';
  /** @type {Set<() => void>} */
  #watchers = new Set();
  #ended;

  /** @param {Record<string, string>} env @param {boolean} traced */
  constructor(env, traced) {
    const { PATH = '' } = process.env;
    const args = [...(traced ? ['--import', 'mcp-trail/register'] : []), PROGRAM];
    this.#kind = env['ENDS_KIND'];
    this.#child = spawn(process.execPath, args, { cwd: ROOT, env: { PATH, ...env }, stdio: 'pipe' });
    this.#child.stdout.setEncoding('utf8').on('data', (chunk) => {
      this.#stdout += chunk;
      for (const look of this.#watchers) look();
    });
    this.#child.stderr.setEncoding('utf8').on('data', (chunk) => {
      this.#stderr += chunk;
    });
    this.#child.stdin.on('error', () => {});
    this.#ended = once(this.#child, 'exit').then(() => {
      const at = performance.now();
      for (const look of this.#watchers) look();
      return at;
    });
  }

  /** Calls the tool several times in sequence. Returns the number of answers. @param {number} times */
  async call(times) {
    return this.#kind === 'stdio' ? this.#callOverStdio(times) : this.#callOverHttp(times);
  }

  /** @param {number} times */
  async #callOverStdio(times) {
    await this.#ask(INITIALIZE);
    this.#write({ jsonrpc: '2.0', method: 'notifications/initialized' });
    for (let id = 1; id <= times; id++) await this.#ask(callOf(id));
    return this.#stdout.split('"result":{"content"').length - 1;
  }

  /** @param {number} times */
  async #callOverHttp(times) {
    await this.#printed('http://');
    const url = /http:\S+/.exec(this.#stdout)?.[0] ?? '';
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    let answered = 0;
    for (let id = 1; id <= times; id++) {
      const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(callOf(id)) });
      if ((await response.text()).includes('"result":{"content"')) answered += 1;
    }
    return answered;
  }

  /** @param {{ id?: number }} message */
  async #ask(message) {
    this.#write(message);
    await this.#printed(`"id":${message.id}`);
  }

  /** @param {object} message */
  #write(message) {
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  /** @param {string} text */
  async #printed(text) {
    await new Promise((resolve, reject) => {
      const look = () => {
        if (this.#stdout.includes(text)) resolve(undefined);
        else if (this.#child.exitCode !== null || this.#child.signalCode !== null)
          reject(new Error(`it ended before it said ${text}: ${this.#stderr}`));
        else return;
        this.#watchers.delete(look);
      };
      this.#watchers.add(look);
      look();
    });
  }

  /** Gives the cue to end, and waits for the end. @param {string} how */
  async end(how) {
    const start = performance.now();
    const stuck = setTimeout(() => this.#child.kill('SIGKILL'), LIMIT_MS);
    if (how === 'SIGKILL') this.#child.kill('SIGKILL');
    else if (how.startsWith('SIGTERM')) this.#child.kill('SIGTERM');
    else if (how === 'exit at the end of input' || (how === 'natural' && this.#kind === 'stdio'))
      this.#child.stdin.end();
    else this.#child.kill('SIGUSR2');
    const at = await this.#ended;
    clearTimeout(stuck);
    return { ms: at - start, code: this.#child.exitCode, signal: this.#child.signalCode, stderr: this.#stderr };
  }
}
