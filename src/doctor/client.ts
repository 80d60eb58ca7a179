/** A small client of MCP over stdio: asks, and takes what comes, whatever it is. */
import { asRecord } from '../protocol/jsonrpc.js';
import type { Child } from '../wrap/child.js';

type Members = Readonly<Record<string, unknown>>;

/** What a server has answered. */
export interface Answer {
  readonly result: Members | undefined;
  /** The code of an error. */
  readonly errorCode: unknown;
}

/** What is longer is no answer to what is asked here. */
const MAX_LINE_CHARS = 8 * 1024 * 1024;
const MAX_STRAY = 100;
const METHOD_NOT_FOUND = -32601;

export class Client {
  readonly #child: Child;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #rest = '';
  /** Lines on its output that are not messages. */
  readonly stray: string[] = [];

  constructor(child: Child) {
    this.#child = child;
    child.stdin.on('error', () => {});
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => this.#take(chunk));
  }

  /** Resolves with the answer; never where none comes. */
  ask(id: number, method: string, params: Members): Promise<Answer> {
    const answered = new Promise<Answer>((resolve) => void this.#waiting.set(id, resolve));
    this.#say({ id, method, params });
    return answered;
  }

  notify(method: string, params: Members): void {
    this.#say({ method, params });
  }

  #say(message: Members): void {
    this.#child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }

  #take(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') this.#read(line);
    if (this.#rest.length <= MAX_LINE_CHARS) return;
    this.#stray(this.#rest);
    this.#rest = '';
  }

  #read(line: string): void {
    const message = messageIn(line);
    if (message === undefined) this.#stray(line);
    else if (message['method'] === undefined) {
      this.#waiting.get(message['id'] as number)?.({
        result: asRecord(message['result']),
        errorCode: asRecord(message['error'])?.['code'],
      });
    } else if (message['id'] !== undefined) this.#reply(message);
  }

  /** This client can do nothing but live. */
  #reply({ id, method }: Members): void {
    const error = { code: METHOD_NOT_FOUND, message: 'mcp-trail doctor has no such method' };
    this.#say(method === 'ping' ? { id, result: {} } : { id, error });
  }

  #stray(line: string): void {
    if (this.stray.length < MAX_STRAY) this.stray.push(line.slice(0, 200));
  }
}

function messageIn(line: string): Members | undefined {
  try {
    const message = asRecord(JSON.parse(line));
    return message?.['jsonrpc'] === '2.0' ? message : undefined;
  } catch {
    return undefined;
  }
}
