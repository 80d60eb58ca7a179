/**
 * A server without an SDK, for the tests of `wrap`: answers with the bytes that it got. Its first argument is its ways, separated by
 * commas:
 *
 * | word | what it does |
 * | --- | --- |
 * | deaf | never reads its input |
 * | stubborn | ignores SIGTERM, and the end of its input |
 * | lingers | ignores the end of its input |
 * | flood | writes without end |
 * | mute | closes its output at the start |
 * | closed | closes its input at the start |
 * | exit=N | ends with this code after the first message |
 * | kill=S | ends by this signal after the first message |
 * | offspring | leaves a process behind that holds its output open |
 * | hello | writes a message at the start |
 * | heir | leaves a process behind that floods its output |
 */
import { spawn } from 'node:child_process';
import { closeSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ways = new Map(
  (process.argv[2] ?? '').split(',').map((way) => /** @type {[string, string]} */ (way.split('=', 2))),
);

/** @param {object} message */
const say = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);

/** @type {Record<string, (params: any, id: number) => void>} */
const METHODS = {
  initialize: (_, id) =>
    say({
      id,
      result: {
        protocolVersion: '2025-11-25',
        capabilities: { tools: {} },
        serverInfo: { name: process.env['SERVER_NAME'] ?? 'plain', version: '1.2.3' },
      },
    }),
  'tools/list': (_, id) => say({ id, result: { tools: [{ name: 'echo', inputSchema: { type: 'object' } }] } }),
  'tools/call': ({ name, arguments: given, _meta }, id) => {
    if (name === 'fail') say({ id, result: { isError: true, content: [] } });
    else if (name === 'task') {
      say({ id, result: { task: { taskId: 't1', status: 'working' } } });
      const related = { 'io.modelcontextprotocol/related-task': { taskId: 't1' } };
      say({ id: 'q1', method: 'sampling/createMessage', params: { messages: [], maxTokens: 1, _meta: related } });
    } else if (name === 'missing') say({ id, error: { code: -32602, message: 'no such tool' } });
    else if (name === 'ask') {
      const meta = given?.traced ? { _meta } : {};
      asked.set('q1', id);
      say({ id: 'q1', method: 'sampling/createMessage', params: { messages: [], maxTokens: 1, ...meta } });
    } else if (name === 'big') say({ id, result: { content: [{ type: 'text', text: 'x'.repeat(given.bytes) }] } });
    else if (name !== 'wait') say({ id, result: { content: [{ type: 'text', text: JSON.stringify(_meta ?? null) }] } });
  },
  environment: (_, id) => say({ id, result: { environment: process.env, pid: process.pid } }),
};

/** Calls that wait for the answer to a question. @type {Map<string, number>} */
const asked = new Map();

/** @param {string} line */
function hear(line) {
  if (ways.has('exit')) process.exit(Number(ways.get('exit')));
  if (ways.has('kill')) process.kill(process.pid, ways.get('kill'));
  const { method, id, params, result } = JSON.parse(line);
  if (method === undefined) {
    const call = asked.get(id);
    if (call !== undefined) say({ id: call, result: { content: [{ type: 'text', text: JSON.stringify(result) }] } });
  } else if (id !== undefined) {
    const handle = METHODS[method];
    if (handle === undefined) say({ id, error: { code: -32601, message: 'unknown' } });
    else handle(params ?? {}, id);
  }
}

const lingers = ways.has('stubborn') || ways.has('lingers') || ways.has('deaf');
if (ways.has('stubborn')) process.on('SIGTERM', () => process.stderr.write('no\n'));
if (lingers) setInterval(() => {}, 60_000);
if (ways.has('closed')) closeSync(0);
if (ways.has('mute')) closeSync(1);
if (ways.has('offspring')) {
  spawn(process.execPath, ['-e', 'setTimeout(() => {}, 20_000)'], {
    stdio: ['ignore', 'inherit', 'ignore'],
    detached: true,
  }).unref();
}
if (ways.has('heir')) {
  const args = [fileURLToPath(import.meta.url), 'flood'];
  spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'ignore'], detached: true }).unref();
}
process.stderr.write(`started ${process.pid}\n`);
if (ways.has('hello')) say({ method: 'notifications/message', params: { level: 'info', data: 'hello' } });
if (ways.has('flood')) {
  const line = Buffer.from(
    `${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params: { data: 'x'.repeat(1000) } })}\n`,
  );
  for (;;) {
    try {
      writeSync(1, line);
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EAGAIN') process.exit(9);
    }
  }
}
if (!ways.has('deaf') && !ways.has('closed')) createInterface({ input: process.stdin }).on('line', hear);
