/** One state file, several processes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Inventory } from '../../../src/inventory/inventory.js';
import { compileProgram } from '../../support/compile.js';

const WRITER = await compileProgram('test/fixtures/inventory-writer.ts');
const ROUNDS = 200;

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-processes-'));
  file = join(folder, 'inventory.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, rounds: number) {
  const child = spawn(process.execPath, [WRITER, file, name, String(rounds)]);
  const said: string[] = [];
  child.stderr.on('data', (data) => said.push(String(data)));
  return { child, said, ended: once(child, 'exit') };
}

function open() {
  const problems: string[] = [];
  return { problems, inventory: new Inventory({ now: Date.now, file, onProblem: (text) => problems.push(text) }) };
}

it('processes that save at the same time lose nothing', async () => {
  const writers = ['one', 'two'].map((name) => write(name, ROUNDS));
  for (const { ended, said } of writers) {
    expect(await ended).toEqual([0, null]);
    expect(said).toEqual([]);
  }
  const { inventory, problems } = open();
  const { servers } = inventory.snapshot();
  const find = (name: string) => servers.find((each) => each.name === name);
  expect(problems).toEqual([]);
  expect(servers).toHaveLength(3);
  expect(find('shared')?.usage.calls?.count).toBe(2 * ROUNDS);
  expect(find('shared')?.tools[0]?.usage.calls?.count).toBe(2 * ROUNDS);
  for (const name of ['one', 'two']) {
    expect(find(name)?.usage.calls?.count).toBe(ROUNDS);
    expect(find(name)?.errorTypes).toMatchObject([{ type: 'E', count: ROUNDS }]);
    expect(find(name)?.tools.map((tool) => tool.name)).toEqual([`tool of ${name}`]);
  }
  expect(readdirSync(folder)).toEqual(['inventory.json']);
});

it('a process that is killed while saving leaves a readable file, and does not block others', async () => {
  const { child, ended } = write('killed', 0);
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await ended;
  const { inventory, problems } = open();
  expect(problems).toEqual([]);
  expect(inventory.snapshot().servers.map(({ name }) => name)).toContain('killed');
  const lock = `${file}.lock`;
  const old = new Date(Date.now() - 11_000);
  if (existsSync(lock)) utimesSync(lock, old, old);
  inventory.observeServer({ side: 'client', name: 'next' });
  inventory.close();
  expect(
    open()
      .inventory.snapshot()
      .servers.map(({ name }) => name),
  ).toEqual(expect.arrayContaining(['killed', 'next']));
  expect(problems).toEqual([]);
});
