/** `npm run screenshot`: runs the stack and the demo, and writes the picture of the demo's trace that the documentation shows. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { picture } from './chromium.mjs';
import { startStack } from './stack.mjs';

const DEMO = fileURLToPath(new URL('../../examples/demo/run.mjs', import.meta.url));
const PICTURE = fileURLToPath(new URL('../../docs/images/trace.png', import.meta.url));
const ATTEMPTS = 60;

const folder = await mkdtemp(join(tmpdir(), 'mcp-trail-screenshot-'));
const env = { MCP_TRACE_DECISION_WAIT: '1s' };
const stack = await startStack({ folder, backends: ['debug'], page: true, env, log: console.log });
try {
  await promisify(execFile)(process.execPath, [DEMO], {
    env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: stack.urls.otlp },
  });
  await picture(`${stack.urls.zipkin}traces/${await withoutMachine(await trace())}`, PICTURE, {
    width: 1280,
    height: 1160,
  });
  console.log(PICTURE);
} finally {
  await stack.stop();
  await rm(folder, { recursive: true, force: true });
}

/** @typedef {{ traceId: string, tags: Record<string, string> }} Span */

/** The demo's trace, once Zipkin has it. */
async function trace() {
  const query = new URL('/api/v2/traces?serviceName=agent', stack.urls.zipkin);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const [found] = /** @type {Span[][]} */ (await (await fetch(query)).json());
    if (found) return found;
    await setTimeout(1_000);
  }
  throw new Error(`no trace of the demo in Zipkin within ${ATTEMPTS} s`);
}

/** Sends the trace again, without paths and names of this machine, which belong in no picture. @param {Span[]} spans */
async function withoutMachine(spans) {
  const traceId = randomBytes(16).toString('hex');
  const copies = spans.map(({ tags, ...span }) => {
    const kept = Object.entries(tags).filter(([key]) => !/^(host|process)\./.test(key));
    return { ...span, traceId, tags: Object.fromEntries(kept) };
  });
  const headers = { 'content-type': 'application/json' };
  const { ok } = await fetch(new URL('/api/v2/spans', stack.urls.zipkin), {
    method: 'POST',
    headers,
    body: JSON.stringify(copies),
  });
  if (!ok) throw new Error('Zipkin refused the trace');
  return traceId;
}
