/** Who is meant in records with pseudonyms and digests: `--state`. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { query } from '../../../../src/cli/query.js';
import { eraseFrom } from '../../../../src/pseudonyms/erase.js';
import { PseudonymMap } from '../../../../src/pseudonyms/map.js';
import { tracesOf } from '../../../../src/pseudonyms/traces.js';
import { Digester, parseDigestKey } from '../../../../src/redact/digest.js';
import { call } from '../records.js';
import { runCommand } from '../world.js';

let folder = '';
const state = (name: string) => join(folder, name);
const KEY = 'c0ffee'.repeat(8);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-query-'));
  for (const name of ['one', 'two']) {
    mkdirSync(state(name));
    const map = new PseudonymMap({ directory: state(name), problem: (text) => expect.fail(text) });
    const fields = (id: string, second: number) =>
      call('weather', {
        side: 'server',
        from: second * 1000,
        to: second * 1000 + 40,
        tool: `${name}-${id}`,
        fields: { 'audit.actor.id': map.of('actor', id), 'client.address': map.of('detail', `of ${id}`) },
      });
    const records = ['alice', 'alan', 'bob'].flatMap((id, index) => fields(id, index));
    writeFileSync(join(folder, `${name}.jsonl`), records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    map.close();
  }
});
afterEach(() => rmSync(folder, { recursive: true }));

async function toolsOf(...args: string[]): Promise<string[]> {
  const files = ['one', 'two'].map((name) => join(folder, `${name}.jsonl`));
  const { out } = await runCommand(query, [...files, '--event', 'response', '-o', 'jsonl', ...args]);
  return out
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line)['gen_ai.tool.name']]))
    .sort();
}

it.each([
  [['--actor', 'alice'], []],
  [['--actor', 'alice', '--state', 'one'], ['one-alice']],
  [
    ['--actor', 'alice', '--state', 'one', '--state', 'two'],
    ['one-alice', 'two-alice'],
  ],
  [
    ['--actor', 'al*', '--state', 'one'],
    ['one-alan', 'one-alice'],
  ],
  [
    ['--actor', 'alice', '--actor', 'bob', '--state', 'two'],
    ['two-alice', 'two-bob'],
  ],
  [['--actor', 'alice', '--tool', '*-bob', '--state', 'one'], []],
  [['--address', 'of bob', '--state', 'one'], ['one-bob']],
  [['--actor', 'carol', '--state', 'one'], []],
])('%j finds %j', async (args, expected) => {
  expect(await toolsOf(...args.map((each) => (each === 'one' || each === 'two' ? state(each) : each)))).toEqual(
    expected,
  );
});

it('somebody who was erased is found no more, and others are', async () => {
  eraseFrom(state('one'), new Set(['alice']), tracesOf(['alice']));
  expect(await toolsOf('--actor', 'al*', '--state', state('one'))).toEqual(['one-alan']);
});

it('more people than can be looked for one by one are found', async () => {
  const map = new PseudonymMap({ directory: state('one'), problem: (text) => expect.fail(text) });
  for (let id = 0; id < 150; id++) map.of('actor', `user ${id}`);
  map.close();
  expect(await toolsOf('--actor', '*', '--actor', 'x', '--state', state('one'))).toHaveLength(6);
  expect(await toolsOf('--actor', '{user*,bob}', '--state', state('one'))).toEqual(['one-bob']);
});

it('digests are found by the key of a state directory', async () => {
  const { key } = parseDigestKey(undefined, KEY);
  const digest = key && new Digester(key).digest('dora');
  const fields = { 'audit.actor.id': digest };
  const records = call('weather', { side: 'server', from: 0, to: 40, tool: 'digested', fields });
  writeFileSync(join(folder, 'one.jsonl'), records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  expect(await toolsOf('--actor', 'dora', '--state', state('one'))).toEqual([]);
  writeFileSync(join(state('one'), 'digest.key'), KEY);
  expect(await toolsOf('--actor', 'dora', '--state', state('one'))).toEqual(['digested']);
});

it.each([
  [['--tool', 'x'], /^--state needs somebody to look up: --actor, --delegate, --approver, --address or --session/],
  [['--actor', 'x', '--state', '/nowhere'], /^\/nowhere is not a folder/],
])('%j with a state directory is refused', async (args, problem) => {
  const { code, err } = await runCommand(query, [join(folder, 'one.jsonl'), ...args, '--state', state('one')]);
  expect(code).toBe(3);
  expect(err).toMatch(problem);
});

it('a map of a newer version is refused', async () => {
  writeFileSync(join(state('one'), 'pseudonyms.jsonl'), '{"v":2}\n');
  const { code, err } = await runCommand(query, [folder, '--actor', 'x', '--state', state('one')]);
  expect(code).toBe(3);
  expect(err).toMatch(/map of pseudonyms in .* cannot be read: it was written by a newer version of mcp-trail/);
});
