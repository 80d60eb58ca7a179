/** Starts `next start` and a client, ends the server, and prints what both did. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const zeroCode = { NODE_OPTIONS: '--import mcp-trail/register' };
const envOf = (service) => ({ ...process.env, ...zeroCode, OTEL_SERVICE_NAME: service });

const server = spawn(process.execPath, ['node_modules/next/dist/bin/next', 'start', '--port', '0'], {
  env: envOf('matrix-server'),
  stdio: ['ignore', 'pipe', 'inherit'],
});
const exited = once(server, 'exit');

async function addressOf() {
  for await (const line of createInterface({ input: server.stdout })) {
    const url = /Local:\s+(http:\/\/\S+)/.exec(line)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error('next start ended before it listened');
}

const address = await addressOf();
server.stdout.resume();
const { port } = new URL(address);
const { stdout } = await promisify(execFile)(process.execPath, ['client.mjs', `http://127.0.0.1:${port}/mcp`], {
  env: envOf('matrix-client'),
});
server.kill('SIGTERM');
const [code, signal] = await exited;
console.log(JSON.stringify({ results: JSON.parse(stdout), serverEnd: signal ?? code }));
