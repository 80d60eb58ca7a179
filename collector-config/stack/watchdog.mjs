/**
 * Ends programs when the process that started them has ended, for whatever reason. Reads `+PID` and `-PID` lines from stdin;
 * when stdin closes with that process, sends SIGTERM to the remaining programs, then SIGKILL.
 */
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';

const KILL_AFTER_MS = 5_000;
const POLL_MS = 100;

/** @type {Set<number>} */
const pids = new Set();
// Ctrl-C signals the whole process group; the watchdog must outlive it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

for await (const line of createInterface({ input: process.stdin })) {
  const pid = Number(line.slice(1));
  if (line.startsWith('+')) pids.add(pid);
  else pids.delete(pid);
}

for (const pid of pids) signal(pid, 'SIGTERM');
for (let waited = 0; waited < KILL_AFTER_MS && [...pids].some((pid) => signal(pid, 0)); waited += POLL_MS)
  await setTimeout(POLL_MS);
for (const pid of pids) signal(pid, 'SIGKILL');

/** @param {number} pid @param {NodeJS.Signals | 0} name */
function signal(pid, name) {
  try {
    return process.kill(pid, name);
  } catch {
    return false; // already ended
  }
}
