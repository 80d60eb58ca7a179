/** Real processes to test with: started, spoken to, waited for, and ended by their own id. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A child that has not ended by then is stuck, however busy the machine is. */
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

  /** @param args of `node`, relative to the project's root */
  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = ROOT) {
    // Nothing of the test's own environment: it may hold settings of an SDK.
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
    // A child that has ended does not read any more.
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
    // Whoever waits for an output and not for the end hears of a failure there.
    this.ended.catch(() => this.#look());
  }

  /** Of what was printed so far. */
  get firstLine(): string {
    return this.#stdout.split('\n', 1).join();
  }

  write(...lines: readonly string[]): void {
    for (const line of lines) this.#process.stdin.write(`${line}\n`);
  }

  /** In so many pieces, each of which the child gets by itself. */
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

  /** Waits until the output holds as many lines with this text. */
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

/** Runs a child to its end, on an input that is there at once. */
export async function run(
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly input?: string; readonly cwd?: string } = {},
): Promise<Ended> {
  const child = new Child(args, options.env, options.cwd);
  if (options.input !== undefined) child.write(options.input);
  child.endInput();
  return child.ended;
}
