/**
 * Ends the command if this process is killed. Most servers end when their input does, but not all: without us, the host would have
 * killed the command itself.
 */
import { spawn } from 'node:child_process';
import { attempt } from '../lib/attempt.js';

/** Waits for a second line, which says that all is well. Its input ends without one if this process dies. */
const SCRIPT = 'read -r pid && { read -r line || kill -9 "$pid"; }';

export interface Watchdog {
  /** The command has started. */
  guard(pid: number): void;
  /** It has ended. */
  release(): void;
}

/** Starts the guard, where there is a shell that can be started. It is there before the command: a host may kill at any moment. */
export function startWatchdog(): Watchdog {
  // Windows ends the command with this process: libuv puts both into a job.
  if (process.platform === 'win32') return { guard() {}, release() {} };
  // In a group of its own: a signal to ours must not reach it first.
  const input = attempt(() => {
    const shell = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    shell.on('error', () => {});
    shell.stdin.on('error', () => {});
    shell.unref();
    return shell.stdin;
  });
  return {
    guard: (pid) => void input?.write(`${pid}\n`),
    release: () => void input?.end('\n'),
  };
}
