/** The wrapped command as a process. It gets the environment as it is, and its stderr is ours. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import type { Readable, Writable } from 'node:stream';
import { HERE } from '../lib/location.js';

export interface Child extends ChildProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
}

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Exit codes of shells, for commands that cannot be started. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

/**
 * Starts a command. On Windows, `npx` is a script, which only a command interpreter can run.
 *
 * @param own its environment, where that is not ours; its stderr is a pipe then
 */
export function start(
  command: string,
  args: readonly string[],
  platform = process.platform,
  own?: NodeJS.ProcessEnv,
): Child {
  const run: typeof spawn = platform === 'win32' ? createRequire(HERE as string)('cross-spawn') : spawn;
  const stderr = own === undefined ? 'inherit' : 'pipe';
  return run(command, args, { stdio: ['pipe', 'pipe', stderr], windowsHide: true, ...(own && { env: own }) }) as Child;
}

/**
 * Passes a signal on. On Windows, where there are none, the command ends at once, and what it has started with it: a script runs its
 * program as a process of its own, which would be left alone.
 */
export function passOn(signal: NodeJS.Signals, child: Child, platform = process.platform): void {
  const kill = () => child.kill(signal);
  if (platform !== 'win32') {
    kill();
    return;
  }
  if (child.exitCode !== null || child.signalCode !== null) return;
  const words = ['/pid', String(child.pid), '/t', '/f'];
  const end = spawn('taskkill', words, { stdio: 'ignore', windowsHide: true });
  end.once('error', kill).once('exit', (code) => code !== 0 && kill());
}

/** The exit code for a command that could not be started. */
export function codeFor(error: NodeJS.ErrnoException): number {
  return error.code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE;
}
