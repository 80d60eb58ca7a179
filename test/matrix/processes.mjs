/**
 * Child processes with a time limit. Each has its own process group, so that ending it also ends its children.
 */
import { spawn } from 'node:child_process';

const running = new Set();

const endGroup = (pid) => {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The whole group has already ended.
  }
};

process.once('exit', () => running.forEach(endGroup));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/**
 * Runs a command to the end of its whole group: resolves when the last process, grandchildren included, has closed the output.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, env: Record<string, string | undefined>, limitMs: number, input?: string }} options `input` is all of stdin
 * @returns {Promise<{ code: number | null, signal: string | null, stdout: string, stderr: string, late: boolean }>}
 */
export function run(command, args, { cwd, env, limitMs, input }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env,
      detached: true,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    // One that ends without reading it says why in other ways.
    child.stdin?.on('error', () => {}).end(input);
    const output = { stdout: '', stderr: '' };
    let late = false;
    for (const stream of ['stdout', 'stderr']) {
      child[stream].setEncoding('utf8').on('data', (text) => {
        output[stream] += text;
      });
    }
    const limit = setTimeout(() => {
      late = true;
      endGroup(child.pid);
    }, limitMs);
    child.once('spawn', () => running.add(child.pid));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(limit);
      running.delete(child.pid);
      resolve({ code, signal, ...output, late });
    });
  });
}

/** {@link run}, which throws with the command's output on any exit code except 0. */
export async function runOrThrow(command, args, options) {
  const result = await run(command, args, options);
  if (result.code === 0) return result;
  throw new Error(
    `${describeEnd(result, options.limitMs)}: ${command} ${args.join(' ')}\n${result.stdout}${result.stderr}`,
  );
}

export const describeEnd = ({ code, signal, late }, limitMs) =>
  late ? `not done after ${limitMs / 1000} s` : `ended with ${signal ?? `code ${code}`}`;
