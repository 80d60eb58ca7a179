/** `mcp-trail inventory --lock` and `--check`. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inventory } from '../../../../src/cli/inventory.js';
import type { InventoryChange } from '../../../../src/inventory/records.js';
import { ToolLock } from '../../../../src/inventory/tool-lock.js';
import { parseToolLock } from '../../../../src/options/tool-lock.js';
import { clocked, tool } from '../../../support/inventory.js';
import { validSarif } from '../../../support/sarif.js';
import { jsonLines, record } from '../records.js';
import { type Ran, runCommand } from '../world.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-tool-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]): Promise<Ran> => runCommand(inventory, args);

/** What servers listed, by name; undefined for one that listed nothing. */
type Listed = Readonly<Record<string, readonly unknown[] | undefined>>;

let states = 0;
/** A state directory of a process that saw these servers, and the records of what it saw. */
function seen(listed: Listed, ...later: Listed[]): { state: string; records: string } {
  return seenWith(undefined, listed, ...later);
}

/** The same, where the process had a lock. */
function seenWith(locked: string | undefined, ...all: Listed[]): { state: string; records: string } {
  const state = join(folder, `state-${++states}`);
  const { clock, inventory: known } = clocked({ file: join(state, 'inventory.json') });
  if (locked !== undefined) known.lockTo(new ToolLock(JSON.parse(locked)));
  const changes: InventoryChange[] = [];
  for (const servers of all) {
    for (const [name, tools] of Object.entries(servers)) {
      clock.time += 1000;
      const { id, changes: observed } = known.observeServer({ side: 'client', name });
      changes.push(...observed, ...(tools === undefined ? [] : known.observeTools(id, { tools })));
    }
  }
  known.close();
  const records = join(folder, `records-${states}.jsonl`);
  const lines = changes.map(({ event, fields }, at) => record(event.replace('mcp_audit.', ''), 'app', at, fields));
  writeFileSync(records, jsonLines(lines));
  return { state, records };
}

const LOCK = () => join(folder, 'tools.lock.json');
async function lock(listed: Listed): Promise<string> {
  const { code, out, err } = await run('--lock', '--state', seen(listed).state);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  writeFileSync(LOCK(), out);
  return out;
}

const TOOLS = { files: [tool('read'), tool('write')], mail: [tool('send')] };
const EVIL = [tool('read', { description: 'does read\u200b' }), tool('more')];

describe('--lock', () => {
  it('prints a lock that the option takes, and that is the same for the same tools', async () => {
    const text = await lock(TOOLS);
    expect(parseToolLock(JSON.parse(text), 'lock').problems).toEqual([]);
    expect(await lock({ mail: TOOLS.mail, files: TOOLS.files.toReversed() })).toBe(text);
  });

  it('shows hidden characters in names', async () => {
    const text = await lock({ 'fi\u202eles': [tool('re\u200bad')] });
    expect(text).toContain('"fi\\u202eles"');
    expect(text).not.toMatch(/[\u200b\u202e]/);
    expect((await run('--check', LOCK(), '--state', seen({ 'fi\u202eles': [tool('re\u200bad')] }).state)).code).toBe(0);
  });

  it('names what cannot be locked', async () => {
    const deep: unknown = Array.from({ length: 200 }).reduce((inner) => ({ inner }), {});
    const many = Array.from({ length: 1001 }, (_, at) => tool(`t${at}`));
    const { state } = seen(
      { a: [tool('read'), tool('deep', { inputSchema: deep })], b: many.slice(0, 1000), c: [] },
      { b: many },
    );
    const { code, out, err } = await run('--lock', '--state', state);
    expect(code).toBe(0);
    expect(JSON.parse(out).servers[0].tools.map(({ name }: { name: string }) => name)).toEqual(['read']);
    expect(err).toBe('not locked: the tool deep, of the server a\n');
  });

  it('prints nothing where there is nothing, or not all of it', async () => {
    const { state } = seen({});
    expect(await run('--lock', '--state', state)).toMatchObject({ code: 3, out: '' });
    const damaged = seen(TOOLS).state;
    const file = join(damaged, 'inventory.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"servers":[', '"servers":[{},'));
    expect(await run('--lock', '--state', damaged)).toMatchObject({ code: 3, out: '' });
  });

  it.each([
    [['--lock', '--check', 'x'], 'not both'],
    [['--lock', 'records.jsonl'], 'records do not have the hashes of members'],
    [['--lock', '--output', 'json'], '--output does not go with --lock'],
    [['--lock', '--tools'], '--tools does not go with --lock'],
    [['--check', 'x', '--fields', 'a'], '--fields does not go with --check'],
    [['--check', ''], '--check needs the path of a lock file'],
    [['--check', 'x', '--output', 'sarf'], 'Did you mean sarif?'],
    [['--check', 'x', '--output', 'csv'], '--output takes table, json, sarif'],
  ])('%j is wrong usage', async (args, says) => {
    const { code, out, err } = await run(
      '--state',
      folder,
      ...args.filter((each) => each !== 'records.jsonl'),
      ...(args.includes('records.jsonl') ? [args[1] as string] : []),
    );
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toContain(says);
  });
});

describe('--check', () => {
  const check = (listed: Listed, ...args: string[]) => run('--check', LOCK(), '--state', seen(listed).state, ...args);

  it('finds no difference where there is none', async () => {
    await lock(TOOLS);
    expect(await check({ mail: TOOLS.mail, files: TOOLS.files.toReversed() })).toEqual({
      code: 0,
      out: '0 differences\n',
      err: '',
    });
  });

  it('names each difference, and its line in the lock', async () => {
    const lines = (await lock({ ...TOOLS, gone: [tool('x')] })).split('\n');
    const { code, out } = await check({ files: EVIL, mail: TOOLS.mail, new: [tool('x')] });
    const at = (text: string) => lines.indexOf(text) + 1;
    expect(code).toBe(1);
    expect(out.split('\n')).toEqual([
      `${LOCK()}:${at('      "name": "files",')}: the tool more of the server files is not in the lock`,
      `${LOCK()}:${at('          "name": "read",')}: the tool read of the server files is not as locked: description`,
      `${LOCK()}:${at('          "name": "write",')}: the tool write of the server files is not listed any more`,
      `${LOCK()}:${at('      "name": "gone",')}: no list of the tools of the server gone was seen`,
      `${LOCK()}:1: the server new is not in the lock`,
      '5 differences',
      '',
    ]);
  });

  it('is not satisfied by an inventory without the servers, or without their lists', async () => {
    await lock(TOOLS);
    expect((await check({ files: TOOLS.files })).out).toContain('no list of the tools of the server mail was seen');
    expect((await check({ files: TOOLS.files, mail: undefined })).out).toContain(
      'no list of the tools of the server mail was seen',
    );
    expect(await check({ other: undefined })).toMatchObject({ code: 1 });
  });

  it('does not ask for a list of a server that had none', async () => {
    await lock({ files: TOOLS.files, mute: undefined });
    expect((await check({ files: TOOLS.files, mute: undefined })).code).toBe(0);
    expect((await check({ files: TOOLS.files })).code).toBe(0);
    expect((await check({ files: TOOLS.files, mute: [tool('x')] })).out).toContain(
      'the tool x of the server mute is not in the lock',
    );
  });

  it('prints JSON', async () => {
    await lock(TOOLS);
    const { code, out } = await check({ ...TOOLS, files: EVIL }, '-o', 'json');
    expect(code).toBe(1);
    const HASH = expect.stringMatching(/^[0-9a-f]{64}$/);
    const found = { server: { name: 'files' }, line: expect.any(Number), message: expect.any(String) };
    expect(JSON.parse(out)).toEqual({
      lock: LOCK(),
      complete: true,
      differences: [
        { ...found, kind: 'added', tool: 'more', hash: HASH },
        { ...found, kind: 'modified', tool: 'read', hash: HASH, lockedHash: HASH, changedMembers: ['description'] },
        { ...found, kind: 'removed', tool: 'write', lockedHash: HASH },
      ],
    });
  });

  it('reads records: the hashes of lists, and of their tools', async () => {
    await lock(TOOLS);
    const same = seen(TOOLS);
    expect(await run('--check', LOCK(), same.records)).toEqual({ code: 0, out: '0 differences\n', err: '' });
    const changed = seen(TOOLS, { files: EVIL });
    const { code, out } = await run('--check', LOCK(), changed.records);
    expect(code).toBe(1);
    expect(out.replaceAll(/^.*?: /gm, '').split('\n')).toEqual([
      'the tool more of the server files is not in the lock',
      'the tool read of the server files is not as locked',
      'the tool write of the server files is not listed any more',
      '3 differences',
      '',
    ]);
    const different = await run('--check', LOCK(), seen({ ...TOOLS, files: EVIL }).records);
    expect(different.code).toBe(1);
    expect(different.out).toBe(out);
    const back = seen(TOOLS, { files: EVIL }, TOOLS);
    expect((await run('--check', LOCK(), back.records)).code).toBe(0);
  });

  it('reads records of a list that is too long for its tools, by the hash of the list', async () => {
    const many = Array.from({ length: 300 }, (_, at) => tool(`t${at}`));
    await lock({ files: many });
    expect(await run('--check', LOCK(), seen({ files: many }).records)).toMatchObject({
      code: 0,
      out: '0 differences\n',
    });
    const { records } = seen({ files: [...many.slice(1), tool('t0', { title: 'evil' })] });
    const { code, out } = await run('--check', LOCK(), records);
    expect(code).toBe(1);
    expect(out.replaceAll(/^.*?: /gm, '')).toBe('the tools of the server files are not as locked\n1 difference\n');
    const sarif = await run('--check', LOCK(), records, '--output', 'sarif');
    expect(validSarif(sarif.out).runs[0]?.results.map(({ ruleId }) => ruleId)).toEqual(['list-differs']);
  });

  it('reads records of differences from a lock, too', async () => {
    const { records } = seenWith(await lock(TOOLS), { ...TOOLS, files: EVIL });
    expect((await run('--check', LOCK(), records)).out.replaceAll(/^.*?: /gm, '').split('\n')).toEqual([
      'the tool more of the server files is not in the lock',
      'the tool read of the server files is not as locked',
      'the tool write of the server files is not listed any more',
      '3 differences',
      '',
    ]);
    // That it is in the lock does not mean that it was ever there.
    const { out } = await run('--tools', '-o', 'csv', '--fields', 'tool', records);
    expect(out.trimEnd().split('\r\n').sort()).toEqual(['more', 'read', 'send', 'tool']);
  });

  it('finds in records that a tool was not as locked, also if it is again; the state has what is now', async () => {
    const lines = (await lock(TOOLS)).split('\n');
    const { records, state } = seenWith(lines.join('\n'), TOOLS, { files: EVIL }, TOOLS);
    const { code, out } = await run('--check', LOCK(), records);
    const at = (text: string) => lines.indexOf(text) + 1;
    expect(code).toBe(1);
    expect(out.replaceAll(/\d{4}-\S+Z/g, 'TIME').split('\n')).toEqual([
      `${LOCK()}:${at('      "name": "files",')}: at TIME, the tool more of the server files was listed, and is not in the lock`,
      `${LOCK()}:${at('          "name": "read",')}: at TIME, the tool read of the server files was not as locked: description`,
      `${LOCK()}:${at('          "name": "write",')}: at TIME, the tool write of the server files was not listed`,
      '3 differences',
      '',
    ]);
    const json = JSON.parse((await run('--check', LOCK(), records, '-o', 'json')).out);
    const found = { kind: 'differed before', server: { name: 'files' }, at: expect.stringMatching(/^\d{4}-.*Z$/) };
    expect(json.differences).toMatchObject([
      { ...found, tool: 'more' },
      { ...found, tool: 'read', changedMembers: ['description'] },
      { ...found, tool: 'write' },
    ]);
    const log = validSarif((await run('--check', LOCK(), records, '-o', 'sarif')).out);
    expect(log.runs[0]?.results.map(({ ruleId, level }) => `${level} ${ruleId}`)).toEqual(
      Array(3).fill('error tool-differed-before'),
    );
    expect(await run('--check', LOCK(), '--state', state)).toEqual({ code: 0, out: '0 differences\n', err: '' });
  });

  it('counts a tool that differed from this lock, not from another, and that differs no more', async () => {
    const other = await lock({ ...TOOLS, files: [tool('read', { title: 'old' }), tool('write')] });
    const { records } = seenWith(other, { ...TOOLS, files: [tool('read', { title: 'new' }), tool('write')] }, TOOLS);
    await lock(TOOLS);
    expect(await run('--check', LOCK(), records)).toEqual({ code: 0, out: '0 differences\n', err: '' });
    const still = seenWith(await lock(TOOLS), TOOLS, { files: EVIL });
    expect((await run('--check', LOCK(), still.records)).out).not.toContain(' at ');
  });

  it('needs a lock that can be used, and an inventory that can be read', async () => {
    const { state } = seen(TOOLS);
    const none = await run('--check', LOCK(), '--state', state);
    expect(none).toEqual({
      code: 3,
      out: '',
      err: `${LOCK()}: the tool lock cannot be read (ENOENT). There is no lock\n`,
    });
    writeFileSync(LOCK(), '{"version":2}');
    expect((await run('--check', LOCK(), '--state', state)).err).toContain('version is 2; accepted: 1');
    await lock(TOOLS);
    expect((await run('--check', LOCK(), '--state', join(folder, 'none'))).code).toBe(3);
    expect((await run('--check', LOCK(), join(folder, 'none.jsonl'))).code).toBe(3);
  });
});

describe('SARIF', () => {
  const sarif = async (listed: Listed, path = LOCK()) => {
    const { code, out } = await run('--check', path, '--state', seen(listed).state, '--output', 'sarif');
    return { code, log: validSarif(out) };
  };

  it('has no results without differences', async () => {
    await lock(TOOLS);
    const { code, log } = await sarif(TOOLS);
    expect(code).toBe(0);
    expect(log.runs[0]?.results).toEqual([]);
  });

  it('has a result for each difference, with its rule and its line', async () => {
    const lines = (await lock({ ...TOOLS, gone: [tool('x')] })).split('\n');
    const { code, log } = await sarif({ files: EVIL, mail: TOOLS.mail, new: [tool('x')] });
    expect(code).toBe(1);
    const results = log.runs[0]?.results ?? [];
    expect(results.map(({ ruleId, level, message }) => `${level} ${ruleId}: ${message.text}`)).toEqual([
      'error tool-added: the tool more of the server files is not in the lock',
      'error tool-modified: the tool read of the server files is not as locked: description',
      'warning tool-removed: the tool write of the server files is not listed any more',
      'warning server-not-listed: no list of the tools of the server gone was seen',
      'error server-not-locked: the server new is not in the lock',
    ]);
    const places = results.map(({ locations }) => lines[locations[0].physicalLocation.region.startLine - 1]?.trim());
    expect(places).toEqual(['"name": "files",', '"name": "read",', '"name": "write",', '"name": "gone",', '{']);
    const prints = results.map(({ partialFingerprints }) => partialFingerprints.primaryLocationLineHash);
    expect(new Set(prints).size).toBe(results.length);
  });

  it('is the same for the same differences, and another for a definition that changed again', async () => {
    await lock(TOOLS);
    const printOf = async (title: string) =>
      (await sarif({ ...TOOLS, mail: [tool('send', { title })] })).log.runs[0]?.results[0]?.partialFingerprints;
    expect(await printOf('a')).toEqual(await printOf('a'));
    expect(await printOf('a')).not.toEqual(await printOf('b'));
  });

  it('names the file relative to the working directory, or by a URL', async () => {
    await lock(TOOLS);
    const uri = async (path: string) =>
      (await sarif({ ...TOOLS, new: [] }, path)).log.runs[0]?.results[0]?.locations[0].physicalLocation.artifactLocation
        .uri;
    expect(await uri(LOCK())).toBe(`file://${LOCK()}`);
    const here = 'tools [x] ü.lock.json';
    expect(existsSync(here)).toBe(false);
    writeFileSync(here, readFileSync(LOCK()));
    try {
      expect(await uri(`./${here}`)).toBe('tools%20%5Bx%5D%20%C3%BC.lock.json');
    } finally {
      rmSync(here);
    }
  });

  it('takes names for names', async () => {
    const names = ['[x](1)', '{0}', '<b>', '__proto__', 'a"b\\', '\u202e', 'x'.repeat(100_000)];
    await lock({ files: [] });
    const { log } = await sarif({ files: names.map((name) => tool(name)) });
    const texts = log.runs[0]?.results.map(({ message }) => message.text) ?? [];
    expect(texts).toHaveLength(names.length);
    expect(texts.join('\n')).toContain('the tool \\[x\\](1) of');
    expect(texts.join('\n')).toContain('the tool {{0}} of');
    expect(Math.max(...texts.map(({ length }) => length))).toBeLessThan(400);
  });
});
