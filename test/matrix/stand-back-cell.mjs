/**
 * A cell with an application that zero code cannot observe on its runtime: it works as it would without, and one line says
 * that it is not observed.
 */
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import * as app from './app-cell.mjs';
import { runtimes } from './axes.mjs';
import { describeEnd, run } from './processes.mjs';
import { exportTo, startReceiver } from './receiver.mjs';

const limitMs = 60_000;

export const { folderOf, installsFirst, prepare } = app;

/** A server with its SDK in one file of ESM. */
const bundledServer = {
  source: `
    import { McpServer } from '@modelcontextprotocol/server';
    import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
    const server = new McpServer({ name: 'bundled', version: '1.0.0' });
    server.registerTool('add', {}, () => ({ content: [{ type: 'text', text: '5' }] }));
    await server.connect(new StdioServerTransport());`,
  banner: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
};

async function bundleServer(folder) {
  const entry = path.join(folder, 'bundled-source.mjs');
  await writeFile(entry, bundledServer.source);
  await build({
    entryPoints: [entry],
    outfile: path.join(folder, 'bundled.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: bundledServer.banner },
    logLevel: 'error',
  });
}

const MESSAGES = [
  {
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'matrix', version: '1.0.0' } },
  },
  { method: 'notifications/initialized' },
  { id: 2, method: 'tools/call', params: { name: 'add', arguments: {} } },
];

const INPUT = MESSAGES.map((message) => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`).join('');

function checkAnswers({ stdout }) {
  const answers = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    answers.map(({ id }) => id),
    [1, 2],
  );
  assert.equal(answers[1].result.content[0].text, '5');
}

const UNOBSERVED =
  /^mcp-trail: audit records are linked, but not signed: .*\nmcp-trail: MCP that arrives on stdin is not observed: .* cannot be instrumented in (?:Bun|Deno), .*\n$/;
const REFUSED = 'mcp-trail: could not start (NotCapable), nothing is observed. Deno needs --allow-env\n';

/** Deno's arguments with less than it needs; without `--no-prompt` it would ask. */
const REFUSING = ['run', '--no-prompt'];

const reasons = {
  bundle: {
    args: ({ args }) => args,
    check(result, records) {
      checkAnswers(result);
      assert.match(result.stderr, UNOBSERVED);
      assert.deepEqual(
        records
          .filter((each) => each.event_name === 'mcp_audit.unobserved')
          .map((each) => each['mcp_audit.unobserved.reason']),
        ['runtime'],
      );
    },
  },
  'no-permission': {
    args: () => REFUSING,
    check(result, records) {
      checkAnswers(result);
      assert.deepEqual(records, []);
      assert.equal(result.stderr, REFUSED);
    },
  },
};

/** The records of an audit file; none without the file. */
async function recordsIn(file) {
  const text = await readFile(file, 'utf8').catch((error) => {
    if (error.code !== 'ENOENT') throw error;
    return '';
  });
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

export async function runCell({ node, reason }, { on, folder }) {
  const receiver = await startReceiver();
  const auditFile = path.join(folder, 'stand-back.jsonl');
  await rm(auditFile, { force: true });
  const audit = { MCP_TRAIL_AUDIT: 'file', MCP_TRAIL_AUDIT_FILE: auditFile };
  const env = { ...on.env, ...exportTo(receiver.endpoint), ...audit };
  const { args, check } = reasons[reason];
  const runtime = runtimes[node];
  await bundleServer(folder);
  const command = [...args(runtime), ...runtime.preload('mcp-trail/register'), './bundled.mjs'];
  const result = await run(on.node, command, { cwd: folder, env, limitMs, input: INPUT });
  await receiver.close();
  assert.equal(result.code, 0, `${describeEnd(result, limitMs)}\n${result.stderr}`);
  check(result, await recordsIn(auditFile));
  assert.deepEqual(receiver.spans, []);
}
