/** `mcp-trail erase`, in the test's process: what it erases, records, says, and refuses. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { erase } from '../../../src/cli/erase.js';
import { eraseFrom } from '../../../src/pseudonyms/erase.js';
import { PseudonymMap } from '../../../src/pseudonyms/map.js';
import { tracesOf } from '../../../src/pseudonyms/traces.js';
import { newKeyFile } from '../../support/signing-key.js';
import { runCommand } from './world.js';

let folder = '';
let audit = '';
const state = (name = 'state') => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-erase-'));
  audit = join(folder, 'erasures.jsonl');
  mkdirSync(state());
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The pseudonyms that a process gives. */
function meet(ids: readonly string[], directory = state(), kind: 'actor' | 'detail' = 'actor'): string[] {
  const map = new PseudonymMap({ directory, problem: (text) => expect.fail(text) });
  const pseudonyms = ids.map((id) => map.of(kind, id) as string);
  map.close();
  return pseudonyms;
}

const run = (args: readonly string[], input = '', env = {}) =>
  runCommand(erase, ['--state', state(), '--audit', audit, '--by', 'grace', ...args], input, env);
const records = () =>
  readFileSync(audit, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
const erasures = () => records().filter(({ event_name }) => event_name === 'mcp_audit.erasure');

/** Every byte of every file. */
function bytes(of = folder): string {
  return readdirSync(of, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

describe('somebody who is erased', () => {
  it('is in no byte of the state directories, and the record names pseudonyms, who erased, and how many maps', async () => {
    mkdirSync(state('other'));
    const [alice, bob] = meet(['alice', 'bob']) as [string, string];
    const [there] = meet(['alice'], state('other')) as [string];
    const { key, path } = newKeyFile(folder);
    const { code, out, err } = await run(['--actor', 'alice', '--state', state('other'), '--key', path]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toBe(`erased, in 2 state directories:\n  ${alice}\n  ${there}\n`);
    expect(erasures()).toEqual([
      expect.objectContaining({
        'audit.actor.id': 'grace',
        'audit.actor.type': 'user',
        'mcp_audit.actor.source': 'self_asserted',
        'mcp_audit.erasure.pseudonyms': [alice, there],
        'mcp_audit.erasure.maps': 2,
        severity_text: 'INFO',
      }),
    ]);
    expect(records().at(-1)).toMatchObject({ event_name: 'mcp_audit.checkpoint', 'mcp_audit.key.id': key.id });
    expect(bytes()).not.toContain('alice');
    expect(meet(['bob'])).toEqual([bob]);
    expect((await run(['--actor', 'alice'])).code).toBe(1);
    expect(erasures()).toHaveLength(1);
  });

  it('is read from standard input, and is neither in the output nor in the records', async () => {
    const [alice] = meet(['alice']);
    const { code, out, err } = await run(['--actor', '-', '--json'], 'alice\r\n');
    expect({ code, err: err.replace(/^audit records are linked.*\n/, '') }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toEqual({ dryRun: false, erased: [alice], maps: 1, remains: [] });
    expect(bytes()).not.toContain('alice');
  });

  it.each([
    `actor-${'0'.repeat(24)}`,
    '__proto__',
    '\ud800 alone',
    'two\nlines',
    '"quoted" \\',
    'ü 日本 🦊',
    'x'.repeat(300),
  ])('is found by the id %j', async (id) => {
    const shown = id.length > 256 ? `${id.slice(0, 255)}…` : id;
    const [pseudonym] = meet([shown]);
    expect((await run(['--actor', id])).code).toBe(0);
    expect(erasures()[0]['mcp_audit.erasure.pseudonyms']).toEqual([pseudonym]);
    expect(bytes()).not.toContain(JSON.stringify(shown).slice(1, -1));
  });

  it('has all of her pseudonyms erased, in records of a hundred, and others whose ids contain hers stay', async () => {
    const line = (digit: number) => `{"v":1,"pseudonym":"actor-${String(digit).padStart(24, '0')}","id":"alice"}`;
    const others = ['alice2', 'malice', 'alice@example.com', 'Alice', 'alice bob'];
    const kept = meet(others);
    const text = Array.from({ length: 150 }, (_, digit) => line(digit)).join('\n');
    writeFileSync(join(state(), 'pseudonyms.jsonl'), `${readFileSync(join(state(), 'pseudonyms.jsonl'))}${text}\n`);
    const { code } = await run(['--actor', 'alice']);
    expect(code).toBe(0);
    expect(erasures().map((each) => each['mcp_audit.erasure.pseudonyms'].length)).toEqual([100, 50]);
    expect(meet(others)).toEqual(kept);
  });

  it('takes other values, such as an address, with her', async () => {
    const [address] = meet(['192.0.2.45'], state(), 'detail');
    const [alice] = meet(['alice']);
    await run(['--actor', 'alice', '--actor', '192.0.2.45']);
    expect(erasures()[0]['mcp_audit.erasure.pseudonyms'].sort()).toEqual([alice, address].sort());
  });
});

it('a pseudonym stands for the person in what is erased, and in what is searched', async () => {
  const [alice = ''] = meet(['alice']);
  const [session = ''] = meet(['session 1'], state(), 'detail');
  writeFileSync(join(state(), 'inventory.json'), JSON.stringify({ actor: alice, other: 'alice' }));
  const { code, err } = await run(['--actor', alice, '--actor', session]);
  expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining('inventory.json') });
  expect(erasures()[0]['mcp_audit.erasure.pseudonyms'].sort()).toEqual([alice, session].sort());
  writeFileSync(join(state(), 'inventory.json'), JSON.stringify({ actor: alice }));
  expect(bytes()).not.toMatch(/"alice"|session 1/);
  expect((await run(['--actor', alice])).code).toBe(1);
});

describe('a pseudonym that is erased already', () => {
  /** A run that was killed between two state directories, of which the other knows her by another pseudonym. */
  function killed(): [string, string] {
    mkdirSync(state('other'));
    const [alice] = meet(['alice']) as [string];
    const [there] = meet(['alice'], state('other')) as [string];
    eraseFrom(state(), new Set(['alice']), tracesOf(['alice']));
    return [alice, there];
  }
  const GONE =
    /^a pseudonym that was given is erased already, and no longer leads to an id: run the command again with the id/m;

  it('is recorded, but the other state directories are not claimed to be clean before the id is given', async () => {
    const [alice, there] = killed();
    const both = ['--state', state('other')];
    const first = await run(['--actor', alice, ...both]);
    expect({ code: first.code, out: first.out }).toEqual({
      code: 3,
      out: `erased, in 1 state directory:\n  ${alice}\n`,
    });
    expect(first.err).toMatch(GONE);
    expect(erasures().map((each) => each['mcp_audit.erasure.pseudonyms'])).toEqual([[alice]]);
    const again = await run(['--actor', alice, ...both]);
    expect(again).toMatchObject({ code: 3, out: '', err: expect.stringMatching(GONE) });
    audit = join(folder, 'later.jsonl');
    expect((await run(['--actor', 'alice', ...both])).code).toBe(0);
    expect(erasures().map((each) => each['mcp_audit.erasure.pseudonyms'])).toEqual([[there]]);
    expect(bytes()).not.toContain('alice');
  });

  it('is not in doubt where another map has its id, or where there is one state directory', async () => {
    const [alice, there] = killed();
    const { code } = await run(['--actor', there, '--state', state('other')]);
    expect(code).toBe(0);
    expect(erasures()[0]['mcp_audit.erasure.pseudonyms']).toEqual([alice, there]);
    expect((await run(['--actor', alice])).code).toBe(1);
  });

  it('is so in a dry run, too', async () => {
    const [alice] = killed();
    const { code, err } = await run(['--actor', alice, '--state', state('other'), '--dry-run']);
    expect({ code, err }).toEqual({ code: 3, err: expect.stringMatching(GONE) });
  });
});

describe('a damaged map', () => {
  it('and its copies are cleaned as well, lines that cannot be read included', async () => {
    const [alice, bob] = meet(['alice', 'bob']) as [string, string];
    const map = join(state(), 'pseudonyms.jsonl');
    const text = readFileSync(map, 'utf8');
    writeFileSync(
      join(state(), 'pseudonyms.jsonl.damaged-1'),
      `${text}{"id":"alice"\n{"id":"bob"\n${'x'.repeat(20_000)} alice\n`,
    );
    writeFileSync(map, `${text}garbage about alice.\n{"v":1,"id":"alice`);
    expect((await run(['--actor', 'alice'])).code).toBe(0);
    expect(erasures()[0]['mcp_audit.erasure.pseudonyms']).toEqual([alice]);
    expect(bytes()).not.toContain('alice');
    expect(readFileSync(join(state(), 'pseudonyms.jsonl.damaged-1'), 'utf8')).toContain(`{"id":"bob"\n`);
    expect(meet(['bob'])).toEqual([bob]);
  });

  it('of a newer version is left alone, and nothing is recorded', async () => {
    const map = join(state(), 'pseudonyms.jsonl');
    writeFileSync(map, '{"v":1,"pseudonym":"actor-000000000000000000000000","id":"alice"}\n{"v":2}\n');
    const before = readFileSync(map, 'utf8');
    const { code, err } = await run(['--actor', 'alice']);
    expect({ code, err }).toEqual({
      code: 3,
      err: 'a map of pseudonyms cannot be read: it was written by a newer version of mcp-trail\n',
    });
    expect([readFileSync(map, 'utf8'), existsSync(audit)]).toEqual([before, false]);
  });
});

describe('success is not claimed', () => {
  it.each([
    ['as JSON', 'inventory.json', '{"lastUsed":{"actor":"alice"}}'],
    ['as JSON in JSON', 'inventory.json', JSON.stringify({ text: JSON.stringify({ actor: 'alice' }) })],
    ['in a text', 'notes/approval.txt', 'asked alice.'],
    ['across the end of what is read at once', 'large', `${'.'.repeat(1024 * 1024 - 3)}alice`],
  ])('while another file holds the id %s', async (_how, name, content) => {
    const [alice] = meet(['alice']);
    mkdirSync(join(state(), 'notes'));
    writeFileSync(join(state(), name), content);
    const { code, err } = await run(['--actor', 'alice']);
    expect(code).toBe(3);
    expect(err).toContain('the maps are clean, and that is recorded; but these files still hold the name');
    expect(err).toContain(join(state(), name));
    expect(erasures()[0]['mcp_audit.erasure.pseudonyms']).toEqual([alice]);
  });

  it.each(['alice2', 'malice', 'alice@example.com', 'ålice', 'not-alice', 'alice.b'])(
    'but %s in another file is somebody else',
    async (word) => {
      meet(['alice']);
      writeFileSync(join(state(), 'inventory.json'), `{"actor":"${word}", "also": "${word} ${word}"}`);
      expect((await run(['--actor', 'alice'])).code).toBe(0);
    },
  );

  it('and a number is looked for as a JSON text alone', async () => {
    meet(['1']);
    writeFileSync(join(state(), 'inventory.json'), '{"version": 1}');
    expect((await run(['--actor', '1'])).code).toBe(0);
    meet(['1']);
    writeFileSync(join(state(), 'inventory.json'), '{"actor":"1"}');
    expect((await run(['--actor', '1'])).code).toBe(3);
  });
});

describe('no erasure is without its record', () => {
  it('a record that cannot be written erases nobody', async () => {
    const [alice] = meet(['alice']);
    const map = join(state(), 'pseudonyms.jsonl');
    const before = readFileSync(map, 'utf8');
    mkdirSync(audit);
    const { code, err } = await run(['--actor', 'alice']);
    expect(code).toBe(3);
    expect(err).toMatch(/nothing is erased: its record cannot be written \(file: E\w+\)/);
    expect(readFileSync(map, 'utf8')).toBe(before);
    expect(meet(['alice'])).toEqual([alice]);
  });

  it('what a run left without a record has one after the next, also if that is for somebody else', async () => {
    const [alice, bob] = meet(['alice', 'bob']);
    eraseFrom(state(), new Set(['alice']), tracesOf(['alice']));
    const dry = await run(['--actor', 'alice', '--dry-run', '--json']);
    expect(JSON.parse(dry.out)).toMatchObject({ dryRun: true, erased: [], found: [], unrecorded: [alice] });
    expect((await run(['--actor', 'alice'])).code).toBe(0);
    expect(erasures().map((each) => each['mcp_audit.erasure.pseudonyms'])).toEqual([[alice]]);
    expect((await run(['--actor', 'alice'])).code).toBe(1);
    eraseFrom(state(), new Set(['bob']), tracesOf(['bob']));
    // In one process, a trail that has ended does not begin again.
    audit = join(folder, 'later.jsonl');
    expect(await run(['--actor', 'nobody'])).toMatchObject({ code: 0, err: '' });
    expect(erasures().at(-1)['mcp_audit.erasure.pseudonyms']).toEqual([bob]);
  });
});

it('a dry run changes nothing', async () => {
  const [alice] = meet(['alice']);
  const before = bytes();
  const { code, out } = await run(['--actor', 'alice', '--dry-run']);
  expect({ code, out }).toEqual({ code: 0, out: `would be erased, of 1 state directory:\n  ${alice}\n` });
  expect([bytes(), existsSync(audit)]).toEqual([before, false]);
});

it('with pseudonyms, who erases has one, too', async () => {
  meet(['alice']);
  await run(['--actor', 'alice'], '', { MCP_TRAIL_AUDIT_ACTOR_IDS: 'pseudonym' });
  expect(erasures()[0]['audit.actor.id']).toBe(meet(['grace'])[0]);
  expect(readFileSync(audit, 'utf8')).not.toMatch(/alice|grace/);
});

it('nobody of that name is told what else can be done', async () => {
  meet(['bob']);
  const before = bytes();
  const { code, out, err } = await run(['--actor', 'alice']);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  for (const advice of ['mcp-trail retain', '_delete_by_query', 'delete API', "actorIds: 'pseudonym'"])
    expect(err).toContain(advice);
  expect([bytes(), existsSync(audit)]).toEqual([before, false]);
});

describe('the arguments of erase', () => {
  it('are explained by the help, which fits a terminal', async () => {
    const { code, out } = await runCommand(erase, ['--help']);
    expect({ code, begins: out.slice(0, 22) }).toEqual({ code: 0, begins: 'Usage: mcp-trail erase' });
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  it.each([
    [[], '', /^erase needs somebody: --actor/],
    [['--actor', ''], '', /^--actor needs an id/],
    [['--actor', 'x'.repeat(5000)], '', /^--actor has 5000 characters; accepted: at most 4096/],
    [['--actor', '-', '--actor', '-'], '', /^standard input can be read only once/],
    [['--actor', '-'], '', /^standard input has no id/],
    [['--actor', '-'], 'a\nb\n', /^standard input has more than one line/],
    [['--actor', 'a', '--state', ''], '', /^erase needs a state directory: --state, or MCP_TRAIL_AUDIT_STATE/],
    [['--actor', 'a', '--state', '/nowhere'], '', /^\/nowhere is not a folder/],
    [['--actor', 'a', '--by', ' '], '', /^--by needs a name/],
    [['--actor', 'a', '--audit', ''], '', /^--audit needs the name of a file/],
    [['--actor', 'a', '--key', ''], '', /^--key needs the name of a file/],
    [['--actors', 'a'], '', /^unknown option --actors\. Did you mean --actor\?/],
  ])('%j with %j on standard input are refused', async (args, input, problem) => {
    const { code, err } = await run(args, input);
    expect(code).toBe(3);
    expect(err).toMatch(problem);
  });

  it.each([
    [['--by', 'alice'], /the record would name who is erased: say who erases, with --by/],
    [['--key', '/nowhere.jwk'], /the file of --key /],
  ])('%j are refused where there is somebody to erase, who stays', async (args, problem) => {
    const [alice] = meet(['alice']);
    const { code, err } = await run(['--actor', 'alice', ...args]);
    expect(code).toBe(3);
    expect(err).toMatch(problem);
    expect(meet(['alice'])).toEqual([alice]);
  });

  it('with a pseudonym of the person who erases are refused: the record would name her beside it', async () => {
    const [alice = ''] = meet(['alice']);
    const [user = ''] = meet([userInfo().username]);
    const problem = (whom: string) => `the record would name ${whom}: say who erases, with --by\n`;
    const named = await run(['--actor', alice, '--by', 'alice']);
    expect(named).toEqual({ code: 3, out: '', err: problem('who is erased') });
    expect((await run(['--actor', alice, '--by', alice])).err).toBe(problem('who is erased'));
    const unnamed = await runCommand(erase, ['--state', state(), '--audit', audit, '--actor', user]);
    expect(unnamed).toEqual({ code: 3, out: '', err: problem('you') });
    expect(existsSync(audit)).toBe(false);
    expect(meet(['alice', userInfo().username])).toEqual([alice, user]);
  });

  it('with an e-mail address for each of the two are accepted', async () => {
    meet(['alice@example.com']);
    expect((await run(['--actor', 'alice@example.com', '--by', 'grace@example.com'])).code).toBe(0);
  });

  it('without a place for the record are refused', async () => {
    const [alice] = meet(['alice']);
    const { code, err } = await runCommand(erase, ['--actor', 'alice', '--state', state()]);
    expect(code).toBe(3);
    expect(err).toMatch(/^the erasure needs a file for its record: --audit, MCP_TRAIL_AUDIT_FILE, or MCP_TRAIL_AUDIT/);
    expect(meet(['alice'])).toEqual([alice]);
  });
});

it('the map stays its owner’s alone', async () => {
  meet(['alice']);
  const map = join(state(), 'pseudonyms.jsonl');
  chmodSync(map, 0o600);
  await run(['--actor', 'alice']);
  expect(statSync(map).mode & 0o777).toBe(0o600);
});
