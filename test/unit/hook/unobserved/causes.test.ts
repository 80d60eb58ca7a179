/** The line on stderr for each cause. All tests share one process and its list of causes. */
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, vi } from 'vitest';
import {
  noteBundles,
  noteCause,
  noteLateStart,
  noteSdk,
  probableCause,
} from '../../../../src/hook/unobserved/causes.js';
import { settleUnobserved, watchUnobserved } from '../../../../src/hook/unobserved/watch.js';
import { registerUrl } from '../../../../src/lib/location.js';

const DISCOVER = '{"jsonrpc":"2.0","id":"causes","method":"server/discover"}';

/** What is written to stderr meanwhile. */
async function said(run: () => Promise<void>): Promise<string> {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const stop = watchUnobserved();
  try {
    await run();
    settleUnobserved();
    return write.mock.calls.map(([text]) => String(text)).join('');
  } finally {
    stop();
    write.mockRestore();
  }
}

it('Jest, which loads modules past every hook, is named where it runs', async () => {
  const before = process.env['JEST_WORKER_ID'];
  process.env['JEST_WORKER_ID'] = '1';
  try {
    expect(probableCause()).toMatchObject({
      reason: 'unknown_implementation',
      guesses: expect.arrayContaining(['jest']),
    });
  } finally {
    if (before === undefined) delete process.env['JEST_WORKER_ID'];
    else process.env['JEST_WORKER_ID'] = before;
  }
});

it.each([
  ['no preload', [], '', 'late'],
  ['a preload by --require, which has ended', ['-r', './dotenv.cjs'], '', 'late'],
  ['a preload by --import of something else', ['--import', './dotenv.mjs'], '', 'unknown_implementation'],
  ['its own preload', ['--import', 'mcp-trail/register'], '', 'unknown_implementation'],
  ['its own preload by its file', ['--import', registerUrl() ?? ''], '', 'unknown_implementation'],
  ['its own preload in NODE_OPTIONS', [], '--import=mcp-trail/register', 'unknown_implementation'],
])('how late a start was is told by what was preloaded: %s', (name, execArgv, NODE_OPTIONS, reason) => {
  noteLateStart({ execArgv, env: { NODE_OPTIONS }, argv: ['node', 'app.mjs'] } as never);
  const { guesses, ...cause } = probableCause();
  expect(cause).toEqual({ reason });
  expect(guesses.includes('late')).toBe(!name.startsWith('its own'));
});

it('a late start counts only as long as no SDK was hooked, and is not claimed where bundles are left alone', () => {
  noteLateStart({ execArgv: [], env: {}, argv: ['node', 'app.mjs'] } as never);
  expect(probableCause()).toEqual({ reason: 'late', guesses: ['late'] });
  noteBundles(false);
  expect(probableCause()).toEqual({ reason: 'unknown_implementation', guesses: ['late', 'bundles_off'] });
  noteBundles(true);
  noteBundles(false);
  expect(probableCause()).toEqual({ reason: 'late', guesses: ['late'] });
  noteSdk();
  expect(probableCause()).toEqual({ reason: 'unknown_implementation', guesses: ['bundle'] });
});

it('an SDK of an unknown version is named', async () => {
  noteCause({ reason: 'sdk_version', detail: '@modelcontextprotocol/sdk 9.0.0' });
  const text = await said(async () => {
    const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
    child.stdin.end(DISCOVER);
    await new Promise((resolve) => child.once('close', resolve));
  });
  expect(text).toMatch(/^mcp-trail: MCP sent by this process to a child process is not observed: [^\n]* 9\.0\.0\. /);
  expect(text).toContain('Update mcp-trail, or call instrumentClient or instrumentTransport');
});

it('a file that could not be hooked is named without its folder, before other causes', async () => {
  noteCause({ reason: 'bundle', file: 'file:///home/canary/app/server.mjs?v=canary', detail: 'it is mangled' });
  const text = await said(async () => {
    const server = createServer((request, response) =>
      request.resume().on('end', () => response.setHeader('content-type', 'application/json').end('{}')),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const headers = { 'content-type': 'application/json' };
    await (await fetch(url, { method: 'POST', headers, body: DISCOVER })).text();
    await new Promise((resolve) => server.close(resolve));
  });
  expect(text.match(/is not observed/g)).toHaveLength(2);
  expect(text).toContain('server.mjs contains an MCP SDK that cannot be instrumented: it is mangled. Keep the SDK out');
  expect(text).not.toContain('canary');
});
