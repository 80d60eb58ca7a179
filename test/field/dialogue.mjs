/** The host: what it asks every server, with a trace context on each request, and what it hears. */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { HttpChannel, StdioChannel } from './channels.mjs';

/** @typedef {import('./channels.mjs').Message} Message */
/** @typedef {{ id: number, method: string, span: string, answer?: Message | undefined }} Asked */

const LIMIT_MS = 60_000;
/** How long a server has to be quiet before the host lets it go. */
const QUIET_MS = 1000;

const INITIALIZE = {
  protocolVersion: '2025-06-18',
  capabilities: { roots: { listChanged: true }, sampling: {}, elicitation: {} },
  clientInfo: { name: 'field', version: '1.0.0' },
};

/** What a client of revision 2026-07-28 puts on each request in place of a session. */
const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': INITIALIZE.clientInfo,
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** Lists, by the capability that promises them. */
const LISTS = [
  ['tools', 'tools/list'],
  ['resources', 'resources/list'],
  ['resources', 'resources/templates/list'],
  ['prompts', 'prompts/list'],
];

export class Dialogue {
  trace = randomBytes(16).toString('hex');
  /** @type {Asked[]} */
  asked = [];
  /** What the server sent by itself. @type {Message[]} */
  heard = [];
  /** Answers that it did not wait for. @type {Message[]} */
  strays = [];
  firstAnswerMs = 0;
  cpu = 0;
  /** @type {string | undefined} */
  end;
  #ended = false;
  #lastHeard = 0;
  /** @type {Map<unknown, (answer: Message | undefined) => void>} */
  #waiting = new Map();
  #channel;
  #cwd;
  #modern;

  /**
   * @param {import('./channels.mjs').Launch} launch
   * @param {{ url?: string | undefined, modern?: boolean | undefined }} options `url` of a server that listens on HTTP
   */
  constructor(launch, { url, modern = false }) {
    this.#modern = modern;
    this.#cwd = launch.cwd;
    const take = (/** @type {Message} */ message) => this.#take(message);
    const gone = () => this.#gone();
    this.#channel = url === undefined ? new StdioChannel(launch, take, gone) : new HttpChannel(launch, take, gone, url);
  }

  get stderr() {
    return this.#channel.server.stderr;
  }

  get noise() {
    return this.#channel.noise;
  }

  /** @param {(tools: Message[]) => readonly (readonly [string, object])[]} requestsFor requests of the row */
  async hold(requestsFor) {
    try {
      await within(this.#channel.open(), LIMIT_MS);
      const hello = await (this.#modern ? this.#ask('server/discover', {}) : this.#ask('initialize', INITIALIZE));
      this.firstAnswerMs = performance.now() - this.#channel.server.started;
      if (hello?.['result'] !== undefined) await this.#talk(hello['result'].capabilities ?? {}, requestsFor);
      this.cpu = this.#channel.server.cpu();
    } finally {
      this.end = await this.#channel.close();
    }
  }

  /** @param {Message} capabilities @param {(tools: Message[]) => readonly (readonly [string, object])[]} requestsFor */
  async #talk(capabilities, requestsFor) {
    if (!this.#modern) await this.#channel.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    /** @type {Message[]} */
    let tools = [];
    for (const [capability, method] of LISTS) {
      if (capabilities[capability] === undefined) continue;
      const answer = await this.#ask(method, {});
      if (method === 'tools/list') tools = answer?.['result']?.tools ?? [];
    }
    for (const [method, params] of requestsFor(tools)) await this.#ask(method, params);
    while (!this.#ended && performance.now() - this.#lastHeard < QUIET_MS) await pause(QUIET_MS / 20);
  }

  /** @param {string} method @param {object} params */
  async #ask(method, params) {
    // One that does not answer is not asked again.
    if (this.#ended || this.asked.some(({ answer }) => answer === undefined)) return undefined;
    const id = this.asked.length + 1;
    const span = randomBytes(8).toString('hex');
    /** @type {Asked} */
    const asked = { id, method, span };
    this.asked.push(asked);
    const answered = new Promise((resolve) => this.#waiting.set(id, resolve));
    const _meta = { ...(this.#modern && ENVELOPE), traceparent: `00-${this.trace}-${span}-01` };
    await this.#channel.send({ jsonrpc: '2.0', id, method, params: { ...params, _meta } });
    asked.answer = await within(answered, LIMIT_MS);
    this.#waiting.delete(id);
    return asked.answer;
  }

  /** @param {Message} message */
  #take(message) {
    this.#lastHeard = performance.now();
    const { id, method } = message;
    const answered = this.#waiting.get(id);
    if (method === undefined && answered !== undefined) return answered(message);
    if (method === undefined) return this.strays.push(message);
    this.heard.push(message);
    if (id !== undefined) this.#channel.send({ jsonrpc: '2.0', id, ...this.#reply(method) });
  }

  /** @param {string} method */
  #reply(method) {
    /** @type {Record<string, object>} */
    const results = {
      ping: {},
      'roots/list': { roots: [{ uri: `file://${this.#cwd}`, name: 'field' }] },
      'sampling/createMessage': { role: 'assistant', model: 'field', content: { type: 'text', text: 'sampled' } },
      'elicitation/create': { action: 'decline' },
    };
    const result = results[method];
    return result === undefined ? { error: { code: -32601, message: 'Method not found' } } : { result };
  }

  #gone() {
    this.#ended = true;
    for (const resolve of this.#waiting.values()) resolve(undefined);
  }
}

/** `undefined` when the time is over. @template T @param {Promise<T>} promise @param {number} limitMs */
function within(promise, limitMs) {
  return Promise.race([promise, pause(limitMs, undefined, { ref: false })]);
}
