/** Child processes for tests: started, written to, waited for, and ended by their id. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A child that has not ended by then is stuck, even on a busy machine. */
const LIMIT_MS = 50_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Child {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #watchers = new Set<() => void>();
  #stdout = '';
  #stderr = '';
  readonly ended: Promise<Ended>;

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get process(): ChildProcessWithoutNullStreams {
    return this.#process;
  }

  /** @param args of `node`, relative to the project's root */
  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = ROOT) {
    // Without the test's own environment, which may contain settings of an SDK.
    const { PATH = '' } = process.env;
    this.#process = spawn(process.execPath, args, { cwd, env: { PATH, ...env }, stdio: 'pipe' });
    this.#process.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      this.#stdout += chunk;
      this.#look();
    });
    this.#process.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      this.#stderr += chunk;
      this.#look();
    });
    // A child that has ended no longer reads.
    this.#process.stdin.on('error', () => {});
    this.ended = new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#process.kill('SIGKILL');
        reject(new Error(`still running after ${LIMIT_MS} ms: ${args.join(' ')}\n${this.#stderr}`));
      }, LIMIT_MS);
      this.#process.once('error', reject);
      this.#process.once('close', (code, signal) => {
        clearTimeout(timer);
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
        this.#look();
      });
    });
    // Wakes those who wait for output, so that they notice the end.
    this.ended.catch(() => this.#look());
  }

  /** The first line of the output so far. */
  get firstLine(): string {
    return this.#stdout.split('\n', 1).join();
  }

  write(...lines: readonly string[]): void {
    for (const line of lines) this.#process.stdin.write(`${line}\n`);
  }

  /** In pieces, which the child reads one by one. */
  async writeInPieces(text: string, pieces: number): Promise<void> {
    const length = Math.ceil(text.length / pieces);
    for (let at = 0; at < text.length; at += length) {
      this.#process.stdin.write(text.slice(at, at + length));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  endInput(): void {
    this.#process.stdin.end();
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Waits until the output contains the text this many times. */
  async printed(text: string, where: 'stdout' | 'stderr' = 'stdout', times = 1): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        const output = where === 'stdout' ? this.#stdout : this.#stderr;
        if (output.split(text).length > times) resolve();
        else if (this.#process.exitCode !== null || this.#process.signalCode !== null)
          reject(new Error(`ended without "${text}" on ${where}:\n${this.#stdout}\n${this.#stderr}`));
        else return;
        this.#watchers.delete(look);
      };
      this.#watchers.add(look);
      look();
    });
  }

  #look(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

/** Runs a child to its end, with all input written at once. */
export async function run(
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly input?: string; readonly cwd?: string } = {},
): Promise<Ended> {
  const child = new Child(args, options.env, options.cwd);
  if (options.input !== undefined) child.write(options.input);
  child.endInput();
  return child.ended;
}
