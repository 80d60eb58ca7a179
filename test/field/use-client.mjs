/** One run of a client row: its program, a real server, and a tap between them. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Group } from './channels.mjs';
import { spanOf } from './judge.mjs';
import { commandOf, writeLauncher } from './place.mjs';

const tap = fileURLToPath(new URL('tap.mjs', import.meta.url));
const LIMIT_MS = 180_000;

/** @param {any} run */
export async function useClient({ row, context, installed, place, base, tracing, upstream }) {
  const log = path.join(place.root, 'tap.jsonl');
  const config = path.join(place.root, 'tap.json');
  const [command, ...args] = upstream.stdio;
  await writeFile(config, JSON.stringify({ log, command, args, env: upstream.env }));
  const server = await writeLauncher(path.join(place.root, 'server'), base, [context.node, tap, config]);
  const own = async () => commandOf(installed, row.name, row.bin);
  const words =
    row.program === undefined
      ? [await own(), ...row.args.map((/** @type {string} */ text) => text.replaceAll('{server}', server))]
      : [path.join(place.app, row.program), server, ...(row.bin === undefined ? [] : [await own()])];
  const env = { ...base, ...row.env, ...tracing('field') };
  const client = new Group({ command: context.node, args: words, cwd: place.cwd, env });
  let stdout = '';
  client.onOutput((text) => {
    stdout += text;
  });
  const cpu = await client.finish(LIMIT_MS);
  const wholeRunMs = performance.now() - client.started;
  const { end } = client;
  const crossed = (await readFile(log, 'utf8').catch(() => ''))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const answers = crossed.filter(({ message }) => message.method === undefined);
  // One that came when the client was about to end was never read.
  const isAnswered = (/** @type {any} */ { from, message }) =>
    answers.some((answer) => answer.from !== from && answer.message.id === message.id);
  const requests = crossed
    .filter(({ message }) => message.method !== undefined && message.id !== undefined)
    .filter(isAnswered)
    .map(({ from, message: { id, method, params } }) => {
      const side = /** @type {'client' | 'server'} */ (from === 'client' ? 'client' : 'server');
      return { id, method, span: spanOf(params?._meta?.traceparent), side };
    });
  return {
    requests,
    trace: undefined,
    cpu,
    firstAnswerMs: wholeRunMs,
    stderr: client.stderr,
    answered: requests.length,
    worked: end === 'code 0' && requests.length > 0,
    results: {
      stdout,
      // The answer to a late question of the server can miss the end.
      sent: crossed
        .filter(({ from, message }) => from === 'client' && message.method !== undefined)
        .map(({ message }) => message),
      end,
    },
  };
}
