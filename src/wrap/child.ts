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

/** Starts a command. On Windows, `npx` is a script, which only a command interpreter can run. */
export function start(command: string, args: readonly string[], platform = process.platform): Child {
  const run: typeof spawn = platform === 'win32' ? createRequire(HERE as string)('cross-spawn') : spawn;
  return run(command, args, { stdio: ['pipe', 'pipe', 'inherit'], windowsHide: true }) as Child;
}

/** The exit code for a command that could not be started. */
export function codeFor(error: NodeJS.ErrnoException): number {
  return error.code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE;
}
