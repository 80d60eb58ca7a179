/** Runs programs as child processes: with a clean environment, a readiness check, and a watchdog that never leaves one behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const MAX_OUTPUT = 200_000;
const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
const POLL_MS = 100;

/** Inherited variables. Others, such as `OTEL_*` and `JAEGER_*`, would change the behaviour of the programs. */
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'SSL_CERT_FILE', 'SSL_CERT_DIR'];

/** @type {import('node:child_process').ChildProcess | undefined} */
let watchdog;

/** @type {Set<import('node:child_process').ChildProcess>} */
const watched = new Set();

/** The programs that this process has started, the newest last: for those who have to explain a failure. @type {{ name: string, output: string }[]} */
export const startedPrograms = [];

/** Ends a child process when this process ends, even if it is killed. @param {import('node:child_process').ChildProcess} child */
export function watch(child) {
  if (!child.pid) return;
  watched.add(child);
  tellWatchdog(`+${child.pid}`);
  child.once('close', () => {
    watched.delete(child);
    tellWatchdog(`-${child.pid}`);
  });
}

/** Sends SIGTERM to all watched processes, without waiting for them. */
export function endWatched() {
  for (const child of watched) child.kill('SIGTERM');
}

/** @param {string} line */
function tellWatchdog(line) {
  if (!watchdog) {
    const file = fileURLToPath(new URL('watchdog.mjs', import.meta.url));
    watchdog = spawn(process.execPath, [file], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    watchdog.unref();
    /** @type {any} */ (watchdog.stdin).unref();
  }
  watchdog.stdin?.write(`${line}\n`);
}

/** @typedef {Awaited<ReturnType<typeof startProgram>>} RunningProgram */

/**
 * Starts a program and waits until it is ready.
 *
 * @param {object} options
 * @param {string} options.name for messages
 * @param {string} options.file
 * @param {string[]} options.args
 * @param {Record<string, string>} [options.env] added to the inherited variables
 * @param {string} [options.cwd]
 * @param {string} [options.readyUrl] answers with 2xx when the program is ready
 * @param {Record<string, string>} [options.readyHeaders] of the request to it
 * @param {number} [options.readyTimeoutMs] default 60 s
 * @throws {Error} with the program's last output, if it ends or is not ready in time
 */
export async function startProgram({
  name,
  file,
  args,
  env = {},
  cwd,
  readyUrl,
  readyHeaders,
  readyTimeoutMs = READY_TIMEOUT_MS,
}) {
  const inherited = INHERITED.flatMap((key) => (process.env[key] === undefined ? [] : [[key, process.env[key]]]));
  const child = spawn(file, args, {
    cwd,
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl-C signals the whole process group: a separate group lets us stop programs in order.
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output = (output + text).slice(-MAX_OUTPUT);
    });
  }
  const closed = once(child, 'close').then(([code, signal]) => {
    return { code: /** @type {number | null} */ (code), signal: /** @type {NodeJS.Signals | null} */ (signal) };
  });
  closed.catch(() => {}); // Callers that await it handle the error.
  watch(child);

  const program = {
    name,
    pid: child.pid,
    closed,

    /** Its output so far, truncated at the start if long. */
    get output() {
      return output;
    },

    /** Sends a signal and resolves once the process has ended. @param {NodeJS.Signals} [signal] default SIGKILL */
    kill(signal = 'SIGKILL') {
      child.kill(signal);
      return closed;
    },

    /** Sends SIGTERM, after a timeout SIGKILL, and waits for the end. */
    async stop(timeoutMs = STOP_TIMEOUT_MS) {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
      const end = await closed;
      clearTimeout(timer);
      return end;
    },
  };

  startedPrograms.push(program);

  /** @type {{ code: number | null, signal: NodeJS.Signals | null } | undefined} */
  let end;
  closed.then(
    (how) => {
      end = how;
    },
    () => {},
  );
  const deadline = Date.now() + readyTimeoutMs;
  while (!(await isReady(readyUrl, readyHeaders))) {
    if (end)
      throw new Error(
        `${name} ended (${end.signal ?? `exit code ${end.code}`}) before it was ready:\n${lastLines(output)}`,
      );
    if (Date.now() > deadline) {
      await program.stop();
      throw new Error(`${name} was not ready within ${readyTimeoutMs / 1000} s (${readyUrl}):\n${lastLines(output)}`);
    }
    await Promise.race([wait(POLL_MS), closed]);
  }
  return program;
}

/** @param {string | undefined} url @param {Record<string, string>} [headers] */
async function isReady(url, headers = {}) {
  if (!url) return true;
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/** The last plain text lines; the last log lines if there are none. @param {string} output */
function lastLines(output) {
  const lines = output.trimEnd().split('\n');
  const words = lines.filter((line) => !line.startsWith('{'));
  return (words.length > 0 ? words : lines).slice(-15).join('\n');
}
