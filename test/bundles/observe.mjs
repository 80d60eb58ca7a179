/** Runs the bundles of a row, with and without us, and keeps what they answered and what was seen. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { exportTo, startReceiver } from '../matrix/receiver.mjs';
import { bundleOf } from './build.mjs';
import { overHttp, overStdio } from './dialogue.mjs';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
/** The preload of each module system. */
export const preloads = {
  esm: ['--import', path.join(dist, 'esm/register.js')],
  cjs: ['--require', path.join(dist, 'cjs/register.js')],
};
const limitMs = 60_000;

/** The files of a row in a folder without packages: all that they need is in them. */
export async function place(row, scratch) {
  const folder = path.join(scratch, row.name.replaceAll(' ', '_'));
  await mkdir(folder, { recursive: true });
  const files = { folder };
  for (const role of row.side === 'client' ? ['server', 'client'] : ['server']) {
    const bundle = await bundleOf(role, row);
    files[role] = path.join(folder, path.basename(bundle));
    await copyFile(bundle, files[role]);
  }
  return files;
}

const endOf = async (child) => {
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
  const [code, signal] = await once(child, 'exit');
  clearTimeout(timer);
  return signal ?? code;
};

/** What each role starts, asks and reads. */
const roles = {
  async stdio({ start, files, row }) {
    const child = start('server', [files.server, 'stdio'], ['pipe', 'pipe', 'pipe']);
    const [dialogue, stderr, end] = await Promise.all([
      overStdio(child, row.dialogue),
      text(child.stderr),
      endOf(child),
    ]);
    return { ...dialogue, stderr, ends: [end] };
  },
  async http({ start, files, row }) {
    const { child, url, stderr, end } = await listening(start, files);
    const dialogue = await overHttp(url, row.dialogue);
    child.kill('SIGTERM');
    return { ...dialogue, stderr: await stderr, ends: [await end] };
  },
  async client({ start, files }) {
    const child = start('client', [files.client, files.server], ['ignore', 'pipe', 'pipe']);
    const [answers, stderr, end] = await Promise.all([text(child.stdout), text(child.stderr), endOf(child)]);
    return { answers, stderr, ends: [end] };
  },
  async 'client-http'({ start, files }) {
    const server = await listening(start, files);
    const child = start('client', [files.client, server.url], ['ignore', 'pipe', 'pipe']);
    const [answers, stderr, end] = await Promise.all([text(child.stdout), text(child.stderr), endOf(child)]);
    server.child.kill('SIGTERM');
    return { answers, stderr: stderr + (await server.stderr), ends: [end, await server.end] };
  },
};

async function listening(start, files) {
  const child = start('server', [files.server, 'http'], ['ignore', 'ignore', 'pipe', 'ipc']);
  const [stderr, end] = [text(child.stderr), endOf(child)];
  const [{ url }] = await Promise.race([
    once(child, 'message'),
    end.then(async (code) => Promise.reject(new Error(`the server ended with ${code}:\n${await stderr}`))),
  ]);
  return { child, url, stderr, end };
}

/** @returns the answers, stderr and ends of a run, with the spans and log records that arrived */
export async function observe(row, files, { node, env, withUs }) {
  const receiver = await startReceiver();
  const telemetry = { ...exportTo(receiver.endpoint), MCP_TRAIL_AUDIT: 'otel' };
  const ours = withUs ? preloads[row.ours ?? row.format] : [];
  const start = (service, words, stdio) =>
    spawn(node, [...(row.preloadOf?.(ours) ?? ours), ...words], {
      cwd: files.folder,
      env: { ...env, ...row.env, ...(withUs && telemetry), OTEL_SERVICE_NAME: service },
      stdio,
    });
  try {
    const seen = await roles[row.role]({ start, files, row });
    return { ...seen, spans: receiver.spans, logs: receiver.logs, errors: receiver.errors };
  } finally {
    await receiver.close();
  }
}
