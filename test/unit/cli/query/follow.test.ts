/** The built command, as it waits for records that are written later. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, copyFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { call, type Fields, jsonLines, record } from '../records.js';

const MAIN = fileURLToPath(new URL('../../../../dist/cjs/cli.js', import.meta.url));

let folder = '';
let child: ChildProcess | undefined;
const file = (name: string) => join(folder, name);
const named = (actor: string) => record('session', 'weather', 0, { 'audit.actor.id': actor });
const append = (name: string, ...records: readonly Fields[]) => appendFileSync(file(name), jsonLines(records));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-follow-'));
});

afterEach(async () => {
  if (child?.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  rmSync(folder, { recursive: true });
});

/** The lines that the command prints, one after the other. */
function follow(...args: string[]): AsyncIterator<string> {
  child = spawn(process.execPath, [MAIN, 'query', '--follow', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  return createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
}

async function next(lines: AsyncIterator<string>): Promise<string> {
  const { value, done } = await lines.next();
  return done === true ? 'the end' : value;
}

async function nextActors(lines: AsyncIterator<string>, count: number): Promise<unknown[]> {
  const actors: unknown[] = [];
  while (actors.length < count) actors.push(JSON.parse(await next(lines))['audit.actor.id']);
  return actors;
}

it('prints the newest records first to last, and then each that is written', async () => {
  append(
    'a.jsonl',
    ...Array.from({ length: 10 }, (_, n) => record('session', 'weather', n, { 'audit.actor.id': String(n) })),
  );
  const lines = follow('-o', 'jsonl', '--limit', '3', file('a.jsonl'));
  expect(await nextActors(lines, 3)).toEqual(['7', '8', '9']);
  append('a.jsonl', named('alice'));
  append('b.jsonl', named('mallory'));
  append('a.jsonl', named('bob'));
  expect(await nextActors(lines, 2)).toEqual(['alice', 'bob']);
});

it('filters what is written later, too, and waits for the rest of a line', async () => {
  append('a.jsonl', named('alice'));
  const lines = follow('-o', 'jsonl', '--actor', '{alice,bob}', file('a.jsonl'));
  expect(await nextActors(lines, 1)).toEqual(['alice']);
  const text = jsonLines([named('bob')]);
  append('a.jsonl', named('mallory'));
  appendFileSync(file('a.jsonl'), text.slice(0, 50));
  append('b.jsonl', named('mallory'));
  appendFileSync(file('a.jsonl'), text.slice(50));
  expect(await nextActors(lines, 1)).toEqual(['bob']);
});

it('goes on in the next file when one is rotated, after the last lines of the old one', async () => {
  append('a.jsonl', named('one'));
  const lines = follow('-o', 'jsonl', file('a.jsonl'));
  expect(await nextActors(lines, 1)).toEqual(['one']);
  renameSync(file('a.jsonl'), file('elsewhere'));
  append('elsewhere', named('two'));
  append('a.jsonl', named('three'));
  expect(await nextActors(lines, 2)).toEqual(['two', 'three']);
  append('a.jsonl', named('four'));
  expect(await nextActors(lines, 1)).toEqual(['four']);
});

it('reads a folder with all that is rotated and made in it, and nothing twice', async () => {
  append('a.jsonl', named('one'));
  writeFileSync(file('a-2026-11-20T000000Z-1.jsonl.gz'), gzipSync(jsonLines([named('zero')])));
  const lines = follow('-o', 'jsonl', '--limit', 'none', folder);
  expect(await nextActors(lines, 2)).toEqual(['zero', 'one']);
  renameSync(file('a.jsonl'), file('a-2026-11-21T000000Z-1.jsonl'));
  append('a.jsonl', named('two'));
  append('b.jsonl', named('three'));
  expect(await nextActors(lines, 2)).toEqual(['two', 'three']);
  append('a-2026-11-21T000000Z-1.jsonl', named('late'));
  expect(await nextActors(lines, 1)).toEqual(['late']);
});

it('starts again when a file is copied and emptied', async () => {
  append('a.jsonl', named('one'), named('two'));
  const lines = follow('-o', 'jsonl', file('a.jsonl'));
  expect(await nextActors(lines, 2)).toEqual(['one', 'two']);
  copyFileSync(file('a.jsonl'), file('a.copy'));
  truncateSync(file('a.jsonl'));
  append('a.jsonl', named('three'));
  expect(await nextActors(lines, 1)).toEqual(['three']);
});

it('has one row for an operation in a table, when it ends', async () => {
  const [request, response] = call('weather', {
    side: 'server',
    from: 0,
    to: 5,
    fields: { 'audit.actor.id': 'alice' },
  });
  append('a.jsonl', named('one'));
  const lines = follow('--utc', file('a.jsonl'));
  expect(await next(lines)).toMatch(/^time +service/);
  expect(await next(lines)).toContain('one');
  append('a.jsonl', request as Fields);
  append('a.jsonl', named('two'));
  expect(await next(lines)).toContain('two');
  append('a.jsonl', response as Fields);
  expect(await next(lines)).toMatch(/alice +tools\/call search +ok/);
});

it('ends with 3 if there is no such file at the start', async () => {
  child = spawn(process.execPath, [MAIN, 'query', '-f', file('gone.jsonl')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaints = '';
  child.stderr?.on('data', (chunk) => {
    complaints += chunk;
  });
  const [code] = await once(child, 'close');
  expect(code).toBe(3);
  expect(complaints).toContain('gone.jsonl: ENOENT');
});
