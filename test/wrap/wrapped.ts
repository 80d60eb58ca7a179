/** A server under `mcp-trail wrap`, as a host sees it: real processes of the built package. */
import { Child } from '../safety/child.js';

const CLI = 'dist/cjs/cli.js';
export const SERVER = 'test/wrap/server.mjs';

/** The environment in which nothing is observed. */
export const UNOBSERVED: Readonly<Record<string, string>> = { MCP_TRAIL_ENABLED: 'false' };

export interface WrappedOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly options?: readonly string[];
  readonly command?: readonly string[];
}

/** The words after `node` that start the test's server under `wrap`. */
export function wrapWords(
  ways: string,
  { options = [], command = [process.execPath, SERVER, ways] }: Omit<WrappedOptions, 'env'> = {},
): string[] {
  return [CLI, 'wrap', ...options, '--', ...command];
}

/** A JSON-RPC message. */
export type Message = Readonly<Record<string, unknown>>;

export class Wrapped extends Child {
  /** @param ways of the test's own server */
  constructor(ways = '', { env = {}, ...words }: WrappedOptions = {}) {
    super(wrapWords(ways, words), env);
  }

  /** The process id of the test's server, once it has started. */
  async serverPid(): Promise<number> {
    await this.printed('started ', 'stderr');
    await this.printed('\n', 'stderr');
    return Number(/^started (\d+)$/m.exec(this.stderr)?.[1]);
  }

  say(message: Message): void {
    this.write(JSON.stringify({ jsonrpc: '2.0', ...message }));
  }

  /** Sends a request and waits for its answer. */
  async ask(id: number | string, method: string, params?: Message): Promise<Message> {
    this.say({ id, method, ...(params && { params }) });
    return this.answered(id);
  }

  async answered(id: number | string): Promise<Message> {
    let isOver = false;
    const over = this.ended.then(() => {
      isOver = true;
    });
    for (;;) {
      const found = this.messages.find((message) => message['id'] === id && !('method' in message));
      if (found !== undefined) return found;
      if (isOver) throw new Error(`ended without an answer to ${id}:\n${this.stdout}\n${this.stderr}`);
      await Promise.race([over, new Promise((resolve) => this.process.stdout.once('data', resolve))]);
    }
  }

  async initialize(): Promise<Message> {
    const answer = await this.ask(0, 'initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'agent', version: '1.0.0' },
    });
    this.say({ method: 'notifications/initialized' });
    return answer;
  }

  /** What has arrived in whole lines. */
  get messages(): Message[] {
    return this.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  }
}

/** Whether a process exists. */
export function isAlive(pid: number): boolean {
  if (pid === 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Waits until a process is gone. */
export async function gone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
}
