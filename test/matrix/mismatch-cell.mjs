/**
 * A cell that installs the API of one OpenTelemetry line and the SDK of the other, which npm allows if it ignores peer
 * dependencies. Audit records must arrive, or stderr must report their loss.
 */
import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { mcpSdks, otelLines } from './axes.mjs';
import { checkInstalled } from './installed.mjs';
import { prepareEmpty } from './order-cell.mjs';
import { describeEnd, run } from './processes.mjs';
import { exportTo, startReceiver } from './receiver.mjs';

const limitMs = 60_000;
const PREFIX = 'mcp-trail: ';

/** Expected result of each combination. */
const outcomes = {
  /** The SDK registers its logs API in a separate package, where we find it. */
  otel2: { audited: true, said: [] },
  /** The SDK requires exports that the older API lacks. */
  otel3: {
    audited: false,
    said: [
      /^@opentelemetry\/sdk-node could not be started, nothing is exported: /,
      /^audit records are lost: no OpenTelemetry LoggerProvider is registered\./,
    ],
  },
};

export const folderOf = ({ name }) => name;

/** Installation is part of these cells. */
export const installsFirst = false;

export const prepare = prepareEmpty;

export async function runCell({ api, sdk }, { on, packed, folder }) {
  const dependencies = {
    '@opentelemetry/api': otelLines[api]['@opentelemetry/api'],
    '@opentelemetry/sdk-node': otelLines[sdk]['@opentelemetry/sdk-node'],
    ...mcpSdks['v1-1.32.2'],
  };
  const specs = Object.entries(dependencies).map(([name, version]) => `${name}@${version}`);
  await on.npm(['install', '--legacy-peer-deps', '--save-exact', ...specs, packed.file], folder);
  await checkInstalled(folder, { ...dependencies, [packed.name]: packed.version });
  await copyFile(fileURLToPath(new URL('orders/one-call.mjs', import.meta.url)), path.join(folder, 'one-call.mjs'));

  const receiver = await startReceiver();
  const env = { ...on.env, ...exportTo(receiver.endpoint), MCP_TRAIL_AUDIT: 'otel' };
  const args = ['--import', 'mcp-trail/register', './one-call.mjs'];
  const result = await run(on.node, args, { cwd: folder, env, limitMs });
  await receiver.close();
  assert.equal(result.code, 0, `${describeEnd(result, limitMs)}\n${result.stderr}`);
  assert.equal(result.stdout, 'called\n');

  const { audited, said } = outcomes[sdk];
  const lines = result.stderr.split('\n').filter(Boolean);
  assert.equal(lines.length, said.length, `unexpected output on stderr:\n${result.stderr}`);
  for (const [index, line] of lines.entries()) {
    assert.ok(line.startsWith(PREFIX), line);
    assert.match(line.slice(PREFIX.length), said[index]);
  }
  const events = receiver.logs.map(({ eventName }) => eventName);
  for (const event of ['mcp_audit.started', 'mcp_audit.response', 'mcp_audit.stopped']) {
    assert.equal(events.includes(event), audited, `${event}: received ${events.join(', ')}`);
  }
}
