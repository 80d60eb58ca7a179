/** Runs Node.js child processes with captured output, and stops them by their own pid. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const MAX_OUTPUT = 100_000;
const KILL_AFTER_MS = 15_000;

/**
 * @param {string} name for messages
 * @param {string[]} args of `node`
 * @param {NodeJS.ProcessEnv} env
 * @param {string} [cwd]
 */
export function startNode(name, args, env, cwd) {
  const child = spawn(process.execPath, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const stream of /** @type {const} */ (['stdout', 'stderr'])) {
    child[stream].setEncoding('utf8').on('data', (text) => {
      output[stream] = (output[stream] + text).slice(-MAX_OUTPUT);
    });
  }
  const closed = once(child, 'close').then(([code, signal]) => ({ code, signal }));

  return {
    name,
    output,
    closed,

    /** Resolves with the first line of stdout. */
    async firstLine() {
      while (!output.stdout.includes('\n')) {
        const ended = await Promise.race([once(child.stdout, 'data').then(() => undefined), closed]);
        if (ended) throw new Error(`${name} ended (${ended.signal ?? ended.code}) before it was ready`);
      }
      return output.stdout.split('\n', 1)[0];
    },

    /** Stops it without waiting; harmless if it has ended. */
    kill: () => child.kill('SIGKILL'),

    /** Sends SIGTERM, after a timeout SIGKILL, and waits for the end. */
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
      const end = await closed;
      clearTimeout(timer);
      return end;
    },
  };
}
