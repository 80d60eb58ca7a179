/**
 * A cell that installs in a certain order, and checks that the package works with the resulting tree.
 */
import assert from 'node:assert/strict';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { otelLines } from './axes.mjs';
import { installOrders } from './cells.mjs';
import { checkInstalled, checkLine } from './installed.mjs';
import { describeEnd, run } from './processes.mjs';
import { exportTo, startReceiver } from './receiver.mjs';

const limitMs = 60_000;

/** The tracing SDK of a line, for applications without `sdk-node`. */
const traceSdks = {
  otel2: '@opentelemetry/sdk-trace-node',
  otel3: '@opentelemetry/sdk-trace',
};

export const folderOf = ({ name }) => name;

/** These cells test installation. */
export const installsFirst = false;

/** A folder with an application without dependencies. */
export async function prepareEmpty(_cell, { folder }) {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'package.json'), '{ "name": "matrix-app", "version": "1.0.0", "private": true }\n');
}

export const prepare = prepareEmpty;

export async function runCell({ otel, order }, { on, packed, folder }) {
  const steps = installOrders[order].map((step) => step.map((name) => (name === 'TRACE_SDK' ? traceSdks[otel] : name)));
  for (const step of steps) {
    const specs = step.map((name) => (name === 'TRAIL' ? packed.file : `${name}@${otelLines[otel][name]}`));
    await on.npm(['install', '--engine-strict', '--save-exact', ...specs], folder);
  }
  const asked = steps.flat().filter((name) => name !== 'TRAIL');
  const versions = Object.fromEntries(asked.map((name) => [name, otelLines[otel][name]]));
  await checkInstalled(folder, { ...versions, [packed.name]: packed.version });
  await checkLine(folder, otel);
  await on.npm(['ls', '--all'], folder);
  const check = asked.includes('@opentelemetry/sdk-node') ? checkRegister : checkProvider;
  await check({ on, folder, sdk: traceSdks[otel] });
}

async function runScript(flags, [script, ...args], { folder, ...place }) {
  await copyFile(fileURLToPath(new URL(`orders/${script}`, import.meta.url)), path.join(folder, script));
  await runNode([...flags, `./${script}`, ...args], { folder, ...place });
}

async function runNode(args, { on, folder, env = {} }) {
  const options = { cwd: folder, env: { ...on.env, ...env }, limitMs };
  const result = await run(on.node, args, options);
  assert.equal(result.code, 0, `${describeEnd(result, limitMs)}\nstderr:\n${result.stderr}`);
  assert.equal(result.stderr, '', 'unexpected output on stderr');
}

/** `mcp-trail/register` must find and start the installed `sdk-node`. */
async function checkRegister({ on, folder }) {
  const receiver = await startReceiver();
  const env = exportTo(receiver.endpoint);
  for (const flag of ['--import', '--require'])
    await runNode([flag, 'mcp-trail/register', '--eval', 'require("node:module")'], { on, folder, env });
  try {
    await runScript(['--import', 'mcp-trail/register'], ['one-span.mjs'], { on, folder, env });
  } finally {
    await receiver.close();
  }
  const names = receiver.spans.map(({ name }) => name);
  assert.deepEqual(names, ['one span'], 'mcp-trail/register did not start the SDK');
}

/** Without `sdk-node`, the instrumentation must accept the application's own provider. */
const checkProvider = ({ on, folder, sdk }) => runScript([], ['own-provider.mjs', sdk], { on, folder });
