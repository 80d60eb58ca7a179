/** The map of pseudonyms in a running process: shared, bounded, and never in doubt about what it has kept. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eraseFrom, markTold } from '../../../src/pseudonyms/erase.js';
import { entryLine, tombstone } from '../../../src/pseudonyms/lines.js';
import { PseudonymMap, type PseudonymMapOptions } from '../../../src/pseudonyms/map.js';
import { pseudonymsOf } from '../../../src/pseudonyms/maps.js';
import { tracesOf } from '../../../src/pseudonyms/traces.js';
import { compileProgram } from '../../support/compile.js';

const WRITER = await compileProgram('test/fixtures/pseudonym-writer.ts');

let folder = '';
let path = '';
let now = 0;
const opened: PseudonymMap[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-pseudonyms-'));
  path = join(folder, 'pseudonyms.jsonl');
});
afterEach(() => {
  for (const map of opened.splice(0)) map.close();
  rmSync(folder, { recursive: true });
});

function open(options: Partial<PseudonymMapOptions> = {}) {
  const said: string[] = [];
  const map = new PseudonymMap({ directory: folder, problem: (text) => said.push(text), now: () => now, ...options });
  opened.push(map);
  return { map, said };
}

const erase = (id: string) => eraseFrom(folder, new Set([id]), tracesOf([id]));
const later = () => {
  now += 501;
};
const entry = (id: string, digit = '0') => `{"v":1,"pseudonym":"actor-${digit.repeat(24)}","id":${JSON.stringify(id)}}`;

const ODD = [
  '__proto__',
  'constructor',
  '\ud800 alone',
  'two\nlines\r\n',
  '',
  '"quoted" \\',
  'ü 日本 🦊',
  '\u2028\u0000',
  '\ufffd',
];

describe('a pseudonym', () => {
  it('is random, the same for one id in every process and after a restart, and on file for its owner alone', () => {
    const { map, said } = open();
    const alice = map.of('actor', 'alice') as string;
    expect(alice).toMatch(/^actor-[0-9a-f]{24}$/);
    expect(map.of('actor', 'alice')).toBe(alice);
    expect(map.of('actor', 'bob')).not.toBe(alice);
    expect(map.of('detail', 'alice')).toMatch(/^detail-[0-9a-f]{24}$/);
    for (let restart = 0; restart < 2; restart++) expect(open().map.of('actor', 'alice')).toBe(alice);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(said).toEqual([]);
    const elsewhere = mkdtempSync(join(tmpdir(), 'mcp-trail-pseudonyms-'));
    expect(open({ directory: elsewhere }).map.of('actor', 'alice')).not.toBe(alice);
    rmSync(elsewhere, { recursive: true });
  });

  it.each(ODD)('is kept for the id %j', (id) => {
    const { map, said } = open();
    const pseudonym = map.of('actor', id);
    expect(pseudonym).toMatch(/^actor-/);
    expect(open().map.of('actor', id)).toBe(pseudonym);
    expect([...pseudonymsOf(folder, (each) => each === id)]).toEqual([pseudonym]);
    expect(erase(id)).toBe(true);
    expect([...pseudonymsOf(folder, () => true)]).toEqual([]);
    later();
    expect(map.of('actor', id)).not.toBe(pseudonym);
    expect(said).toEqual([]);
  });

  it('is shared with a process that meets the same id at the same time: the first line counts, and lookups find both', () => {
    const late = entry('alice', '2');
    const { map } = open({
      random: () => {
        // Another process is quicker, after the map has been read.
        appendFileSync(path, `${entry('alice', '1')}\n`);
        return '2'.repeat(24);
      },
    });
    expect(map.of('actor', 'alice')).toBe(`actor-${'1'.repeat(24)}`);
    expect(readFileSync(path, 'utf8')).toContain(late);
    expect(pseudonymsOf(folder, (id) => id === 'alice').size).toBe(2);
  });
});

describe('an erased id', () => {
  it('has a new pseudonym in every process after half a second, and its old one never comes back', () => {
    const maps = [open().map, open().map];
    const old = maps.map((map) => map.of('actor', 'alice'));
    const bob = maps.map((map) => map.of('actor', 'bob'));
    const before = statSync(path);
    expect(erase('alice')).toBe(true);
    expect(erase('alice')).toBe(false);
    expect(statSync(path).ino).toBe(before.ino);
    expect(readFileSync(path, 'utf8')).not.toContain('alice');
    expect(statSync(path).size).toBe(before.size + Buffer.byteLength(`\n{"v":1,"erased":"${old[0]}"}\n`));
    later();
    const renewed = maps.map((map) => map.of('actor', 'alice'));
    expect(renewed[0]).toBe(renewed[1]);
    expect(renewed[0]).not.toBe(old[0]);
    expect(maps.map((map) => map.of('actor', 'bob'))).toEqual(bob);
    expect(open().map.of('actor', 'alice')).toBe(renewed[0]);
    expect(readFileSync(path, 'utf8').match(/alice/g)).toHaveLength(1);
  });

  it('is forgotten where the notice could not be appended: the map is read again', () => {
    const { map } = open();
    const old = map.of('actor', 'alice') as string;
    const length = entry('alice').length;
    const text = readFileSync(path, 'utf8');
    const tombstone = `{"v":1,"erased":"${old}","told":0`.padEnd(length - 1);
    writeFileSync(path, text.replace(/\{.*\}/, `${tombstone}}`));
    utimesSync(path, new Date(), new Date(1_000_000));
    later();
    expect(map.of('actor', 'alice')).not.toBe(old);
  });

  it('is forgotten after a second run where the first was killed before it told processes, and the map grew', () => {
    const { map } = open();
    const old = map.of('actor', 'alice') as string;
    const whole = `${entryLine(old, 'alice')}\n`;
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace(whole, `${tombstone(old, whole.length - 1)}\n`), { flag: 'r+' });
    open().map.of('actor', 'bob');
    later();
    // It reads what was appended, and nothing before it.
    expect(map.of('actor', 'alice')).toBe(old);
    expect(erase('alice')).toBe(false);
    const { size } = statSync(path);
    expect(erase('alice')).toBe(false);
    expect(statSync(path).size).toBe(size);
    markTold(folder, new Set([old]));
    later();
    expect(map.of('actor', 'alice')).not.toBe(old);
  });

  it('is forgotten by a process that does nothing', async () => {
    // For its calls, no time passes: only the timer can look.
    const { map } = open();
    const old = map.of('actor', 'alice');
    erase('alice');
    expect(map.of('actor', 'alice')).toBe(old);
    await expect.poll(() => map.of('actor', 'alice')).not.toBe(old);
  });
});

describe('processes that write at the same time', () => {
  it('agree on shared ids, and lose nothing', async () => {
    const rounds = 150;
    const outputs = await Promise.all(['one', 'two', 'three'].map((name) => output(name, rounds)));
    const told = outputs.map((lines) => new Map(lines));
    for (let round = 0; round < rounds; round++) {
      const shared = told.map((each) => each.get(`shared ${round}`));
      expect(new Set(shared).size).toBe(1);
      expect(shared[0]).toMatch(/^actor-/);
    }
    const { map, said } = open();
    for (const [id, pseudonym] of told.flatMap((each) => [...each])) expect(map.of('actor', id)).toBe(pseudonym);
    expect(said).toEqual([]);
  });

  it('have every pseudonym on file that they told, when one is killed in the middle', async () => {
    const child = spawn(process.execPath, [WRITER, folder, 'killed', '0']);
    const other = output('other', 100);
    let text = '';
    child.stdout.on('data', (data) => {
      text += data;
      if (text.length > 5_000) child.kill('SIGKILL');
    });
    await once(child, 'close');
    const told = new Map([...(await other), ...linesOf(text.slice(0, text.lastIndexOf('\n') + 1))]);
    const { map } = open();
    for (const [id, pseudonym] of told) expect(map.of('actor', id)).toBe(pseudonym);
  });

  it('lose nothing of others while somebody is erased again and again', async () => {
    const writing = Promise.all(['one', 'two'].map((name) => output(name, 150)));
    let isDone = false;
    const lines = writing.finally(() => {
      isDone = true;
    });
    let erasures = 0;
    while (!isDone) {
      if (existsSync(path) && erase('shared 0')) erasures += 1;
      open().map.of('actor', 'shared 0');
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(erasures).toBeGreaterThan(1);
    const { map, said } = open();
    for (const [id, pseudonym] of (await lines).flat())
      if (id !== 'shared 0') expect(map.of('actor', id)).toBe(pseudonym);
    expect(said).toEqual([]);
  });

  it('go on where the file may not grow: ids have no pseudonym then, which is said, and nothing is damaged', async () => {
    const { map } = open();
    const known = map.of('actor', 'known');
    const child = spawn('bash', ['-c', 'ulimit -f 2; exec "$0" "$@"', process.execPath, WRITER, folder, 'full', '30']);
    let [out, err] = ['', ''];
    child.stdout.on('data', (data) => {
      out += data;
    });
    child.stderr.on('data', (data) => {
      err += data;
    });
    expect(await once(child, 'close')).toEqual([0, null]);
    const told = linesOf(out);
    expect(told.at(-1)?.[1]).toBeNull();
    expect(err).toMatch(
      /pseudonyms\.jsonl cannot be written \((?:EFBIG|ENOSPC)\)\. Records have digests of ids instead/,
    );
    const after = open();
    expect(after.map.of('actor', 'known')).toBe(known);
    for (const [id, pseudonym] of told) if (pseudonym !== null) expect(after.map.of('actor', id)).toBe(pseudonym);
    expect(after.said).toEqual([]);
    expect(readdirSync(folder)).toEqual(['pseudonyms.jsonl']);
  });
});

async function output(name: string, rounds: number): Promise<[string, string | null][]> {
  const child = spawn(process.execPath, [WRITER, folder, name, String(rounds)]);
  let text = '';
  child.stdout.on('data', (data) => {
    text += data;
  });
  child.stderr.on('data', (data) => {
    text += data;
  });
  expect(await once(child, 'close')).toEqual([0, null]);
  return linesOf(text);
}

function linesOf(text: string): [string, string | null][] {
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
}

describe('a map that is damaged', () => {
  it('is kept aside for its owner alone, once, and its whole lines are used', () => {
    writeFileSync(path, `${entry('alice', '1')}\n{"v":1,"pseud\n${entry('bob', '2')}\n\u0000\u0001\n`, { mode: 0o600 });
    const damaged = readFileSync(path);
    const { map, said } = open();
    expect(map.of('actor', 'alice')).toBe(`actor-${'1'.repeat(24)}`);
    expect(map.of('actor', 'bob')).toBe(`actor-${'2'.repeat(24)}`);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(
      /pseudonyms\.jsonl is damaged: 2 lines cannot be read\. A copy is kept as .*\.damaged-\d+, and the whole lines are used$/,
    );
    const [aside] = readdirSync(folder).filter((name) => name.includes('damaged'));
    expect(readFileSync(join(folder, aside as string))).toEqual(damaged);
    expect(statSync(join(folder, aside as string)).mode & 0o777).toBe(0o600);
    expect(statSync(path).size).toBe(damaged.length);
    const next = open();
    expect(next.map.of('actor', 'bob')).toBe(`actor-${'2'.repeat(24)}`);
    expect(next.said).toEqual([]);
  });

  it('goes on after what a killed process wrote of a line', () => {
    writeFileSync(path, `${entry('alice', '1')}\n${entry('torn').slice(0, -9)}`, { mode: 0o600 });
    const { map } = open();
    const bob = map.of('actor', 'bob');
    expect(bob).toMatch(/^actor-/);
    const next = open();
    expect([next.map.of('actor', 'alice'), next.map.of('actor', 'bob')]).toEqual([`actor-${'1'.repeat(24)}`, bob]);
  });

  it.each([
    [
      'has no line that can be read',
      () => writeFileSync(path, 'x\ny\n', { mode: 0o600 }),
      /has no line that can be read, and is left as it is/,
    ],
    ['is a folder', () => mkdirSync(path), /cannot be used \((?:EISDIR|not a regular file)\)/],
    ['is a link', () => symlinkSync('/dev/null', path), /cannot be used \(ELOOP\)/],
    [
      'was written by a newer version',
      () => writeFileSync(path, `${entry('alice')}\n{"v":2,"x":1}\n`, { mode: 0o600 }),
      /was written by a newer version of mcp-trail, and is left as it is/,
    ],
  ])('is not used if it %s', (_what, make, problem) => {
    make();
    const before = statSync(path);
    const { map, said } = open();
    expect([map.of('actor', 'alice'), map.of('actor', 'bob'), map.of('detail', 'x')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(said[0]).toMatch(problem);
    expect(new Set(said).size).toBe(1);
    expect([statSync(path).size, readdirSync(folder)]).toEqual([before.size, ['pseudonyms.jsonl']]);
  });

  it('is used again once it can be', () => {
    writeFileSync(path, 'x\n', { mode: 0o600 });
    const { map } = open();
    expect(map.of('actor', 'alice')).toBeUndefined();
    writeFileSync(path, `${entry('alice', '3')}\n`);
    later();
    expect(map.of('actor', 'alice')).toBe(`actor-${'3'.repeat(24)}`);
  });

  it('that others can read is used, and that is said', () => {
    writeFileSync(path, `${entry('alice', '1')}\n`, { mode: 0o644 });
    const { map, said } = open();
    expect(map.of('actor', 'alice')).toBe(`actor-${'1'.repeat(24)}`);
    expect(said).toEqual([
      expect.stringMatching(/has the mode 0644: users other than its owner can read it\. It is used anyway/),
    ]);
  });
});

describe('a flood of ids', () => {
  it('ends at a bound, where ids that are known go on, and others have none', () => {
    const { map, said } = open({ limits: { lines: 20, bytes: 10_000 } });
    const known = map.of('actor', 'alice');
    for (let id = 0; id < 15; id++) map.of('detail', `agent ${id}`);
    expect(map.of('detail', 'agent 14')).toBeUndefined();
    // What anybody can forge leaves room for ids.
    expect(map.of('actor', 'bob')).toMatch(/^actor-/);
    for (let id = 0; id < 50; id++) map.of('actor', `user ${id}`);
    expect(map.of('actor', 'user 49')).toBeUndefined();
    expect(map.of('actor', 'alice')).toBe(known);
    expect(new Set(said).size).toBeLessThanOrEqual(2);
    expect(said.at(-1)).toMatch(/is full \(20 lines\)\. Records have digests of ids instead/);
    expect(readFileSync(path, 'utf8').match(/\{/g)).toHaveLength(20);
  });

  it('of 300,000 lines is read at the start within seconds, and a known id then costs no reading', () => {
    const lines = Array.from(
      { length: 300_000 },
      (_, id) => `{"v":1,"pseudonym":"actor-${id.toString(16).padStart(24, '0')}","id":"user ${id}"}`,
    );
    writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o600 });
    const { map } = open();
    const started = performance.now();
    expect(map.of('actor', 'user 299999')).toMatch(/^actor-0+493df$/);
    expect(performance.now() - started).toBeLessThan(20_000);
    rmSync(path);
    expect(map.of('actor', 'user 7')).toMatch(/^actor-0+7$/);
  });
});
