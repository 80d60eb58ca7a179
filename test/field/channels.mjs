/** How a host reaches a server: a process on stdio, or one that listens on HTTP. Both carry plain JSON-RPC. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** What an SDK's client waits for an end before it sends the next signal, with a margin for a busy machine. */
const GRACE_MS = 6000;
const TICKS_PER_SECOND = 100;
const SAMPLE_MS = 100;

/** Processor seconds of a process group so far. @param {number} group */
function cpuSeconds(group) {
  let ticks = 0;
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      if (Number(fields[2]) !== group) continue;
      ticks += fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    } catch {
      // It has ended.
    }
  }
  return ticks / TICKS_PER_SECOND;
}

/** @type {Set<number>} */
const groups = new Set();
const endGroup = (/** @type {number} */ group, /** @type {NodeJS.Signals} */ signal) => {
  try {
    process.kill(-group, signal);
  } catch {
    // It has ended.
  }
};
process.once('exit', () => {
  for (const group of groups) endGroup(group, 'SIGKILL');
});

/** @typedef {{ command: string, args: string[], cwd: string, env: Record<string, string> }} Launch */

/** A process and its children. */
export class Group {
  stdout = '';
  stderr = '';
  /** @type {string | undefined} */
  end;
  #child;
  #ended;

  /** @param {Launch} launch */
  constructor({ command, args, cwd, env }) {
    this.started = performance.now();
    this.#child = spawn(command, args, { cwd, env, detached: true, stdio: 'pipe' });
    const { pid } = this.#child;
    if (pid !== undefined) groups.add(pid);
    this.stdin = this.#child.stdin.on('error', () => {});
    this.#child.stderr.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
    });
    this.#child.once('error', (error) => {
      this.stderr += error.message;
    });
    this.#ended = once(this.#child, 'close').then(() => {
      this.end = this.#child.signalCode ?? `code ${this.#child.exitCode}`;
    });
  }

  /** @param {(text: string) => void} take */
  onOutput(take) {
    this.#child.stdout.setEncoding('utf8').on('data', take);
  }

  /** @param {() => void} act */
  onEnd(act) {
    this.#ended.then(act);
  }

  cpu() {
    return cpuSeconds(this.#child.pid ?? -1);
  }

  /** Waits for its own end; resolves with the processor seconds until just before. @param {number} limitMs */
  async finish(limitMs) {
    const group = this.#child.pid ?? 0;
    let cpu = 0;
    const sampling = setInterval(() => {
      cpu = Math.max(cpu, this.cpu());
    }, SAMPLE_MS);
    const limit = setTimeout(() => endGroup(group, 'SIGKILL'), limitMs);
    this.stdin.end();
    await this.#ended;
    clearInterval(sampling);
    clearTimeout(limit);
    endGroup(group, 'SIGKILL');
    groups.delete(group);
    return cpu;
  }

  /** Ends it as a host does, and waits until nothing of it is left. @param {(NodeJS.Signals | undefined)[]} signals `undefined` only ends its input */
  async stop(signals) {
    const group = this.#child.pid ?? 0;
    this.stdin.end();
    for (const signal of [...signals, /** @type {const} */ ('SIGKILL')]) {
      if (signal !== undefined) endGroup(group, signal);
      if (await Promise.race([this.#ended.then(() => true), pause(GRACE_MS, false, { ref: false })])) break;
    }
    await this.#ended;
    endGroup(group, 'SIGKILL');
    groups.delete(group);
    return this.end;
  }
}

/** @typedef {Record<string, any>} Message */

export class StdioChannel {
  /** Text on stdout that is no message. @type {string[]} */
  noise = [];
  #rest = '';

  /** @param {Launch} launch @param {(message: Message) => void} take @param {() => void} gone */
  constructor(launch, take, gone) {
    this.server = new Group(launch);
    this.server.onEnd(gone);
    this.server.onOutput((text) => {
      const lines = (this.#rest + text).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines.filter((each) => each.trim() !== '')) {
        const message = parse(line);
        if (message === undefined) this.noise.push(line);
        else for (const each of [message].flat()) take(each);
      }
    });
  }

  async open() {}

  /** @param {Message} message */
  async send(message) {
    this.server.stdin.write(`${JSON.stringify(message)}\n`);
  }

  async close() {
    return this.server.stop([undefined, 'SIGTERM']);
  }
}

/** @param {string} text */
function parse(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

export class HttpChannel {
  /** @type {string[]} */
  noise = [];
  /** @type {Record<string, string>} */
  #headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

  /** @param {Launch} launch @param {(message: Message) => void} take @param {() => void} gone @param {string} url */
  constructor(launch, take, gone, url) {
    this.url = url;
    this.take = take;
    this.server = new Group(launch);
    this.server.onEnd(gone);
    this.server.onOutput(() => {});
  }

  /** Waits until the port is open. */
  async open() {
    const { hostname, port } = new URL(this.url);
    while (this.server.end === undefined && !(await accepts(hostname, Number(port)))) await pause(25);
    if (this.server.end !== undefined) throw new Error(`it ended with ${this.server.end}: ${this.server.stderr}`);
  }

  /** @param {Message} message */
  async send(message) {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { ...this.#headers, connection: 'close' },
      body: JSON.stringify(message),
    });
    const session = response.headers.get('mcp-session-id');
    if (session !== null) this.#headers['mcp-session-id'] = session;
    if (message['method'] === 'notifications/initialized') await response.text();
    else if (response.headers.get('content-type')?.includes('text/event-stream')) this.#readEvents(response);
    else {
      const text = await response.text();
      const answer = parse(text);
      const about = { id: message['id'], http: response.status };
      if (answer !== undefined) for (const each of [answer].flat()) this.take({ ...about, ...each });
      else if (message['id'] !== undefined && message['method'] !== undefined) this.take({ ...about, error: text });
    }
  }

  /** @param {Response} response */
  async #readEvents(response) {
    let rest = '';
    const decoder = new TextDecoder();
    try {
      for await (const chunk of /** @type {any} */ (response.body)) {
        const events = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n\r?\n/);
        rest = events.pop() ?? '';
        for (const event of events) {
          const data = event.split(/\r?\n/).filter((line) => line.startsWith('data:'));
          const message = parse(data.map((line) => line.slice(5).trimStart()).join('\n'));
          if (message !== undefined) this.take(message);
        }
      }
    } catch {
      // The server has ended; an answer that is missing is reported.
    }
  }

  async close() {
    return this.server.stop(['SIGTERM']);
  }
}

/** @param {string} host @param {number} port */
function accepts(host, port) {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
