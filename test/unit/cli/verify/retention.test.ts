/** Records that were deleted because of their age: what explains them to verify, and what does not. */
import { describe, expect, it } from 'vitest';
import { hashOf } from '../../../../src/chain/hash.js';
import { newSigningKey, type SigningKey } from '../../../../src/chain/keys.js';
import { RecordCollector } from '../../../../src/cli/retain/collector.js';
import { ChainWriter, chainId, edited, type Fields, relinked, START_MS } from '../../../support/chain-writer.js';
import { printed, type Trail, verified } from './verify-run.js';

const key = newSigningKey({ notBefore: START_MS / 1000 - 60 });
const stranger = newSigningKey({});
const RETAIN_MS = START_MS + 30 * 24 * 3_600_000;

/** A chain with a checkpoint every ten records. */
function chainOf(records: number, index = 0): readonly string[] {
  const writer = new ChainWriter({ id: chainId(index), key });
  while (writer.size < records) {
    if (writer.size % 10 === 9) writer.checkpoint();
    else writer.calls(1);
  }
  return writer.lines;
}

const CHAIN = chainOf(100);
const OTHER = chainOf(40, 1);
const cut = (first: number, last: number, lines = CHAIN) => lines.filter((_, at) => at + 1 < first || at + 1 > last);
const line = (number: number, lines = CHAIN) => lines[number - 1] as string;

/** What is recorded of the deletion of some records. */
function deletion(first: number, last: number, lines = CHAIN): Fields {
  return {
    'mcp_audit.retention.reason': 'age',
    'mcp_audit.retention.files': ['audit-2026-11-21T093000Z-1.jsonl'],
    'mcp_audit.retention.chain.id': JSON.parse(line(1, lines))['mcp_audit.chain.id'],
    'mcp_audit.retention.first': first,
    'mcp_audit.retention.last': last,
    'mcp_audit.retention.prev_hash': JSON.parse(line(first, lines))['audit.prev.hash'],
    'mcp_audit.retention.head_hash': hashOf(line(last, lines)),
    'mcp_audit.retention.newest': JSON.parse(line(last, lines)).time,
  };
}

/** What is recorded of a file that somebody made up and planted: its records follow a hash, and the last of them has one. */
function planted(
  first: number,
  last: number,
  prevHash: string,
  headHash = hashOf(`planted ${first} to ${last}`),
): Fields {
  return {
    ...deletion(1, 1),
    'mcp_audit.retention.first': first,
    'mcp_audit.retention.last': last,
    'mcp_audit.retention.prev_hash': prevHash,
    'mcp_audit.retention.head_hash': headHash,
  };
}

/** What retain records of files that it deletes. */
function deletionsOf(files: readonly (readonly string[])[]): Fields[] {
  return files.flatMap((lines) => {
    const collector = new RecordCollector();
    collector.add(Buffer.from(lines.join('\n')));
    const { runs, newest } = collector.end();
    return runs.map(({ chain, first, last, prevHash, headHash }) => ({
      'mcp_audit.retention.reason': 'age',
      'mcp_audit.retention.files': ['audit-2026-11-21T093000Z-1.jsonl'],
      'mcp_audit.retention.chain.id': chain,
      'mcp_audit.retention.first': first,
      'mcp_audit.retention.last': last,
      'mcp_audit.retention.prev_hash': prevHash,
      'mcp_audit.retention.head_hash': headHash,
      'mcp_audit.retention.newest': new Date(newest).toISOString(),
    }));
  });
}

/** The command's own chain, which is signed. */
function ledger(
  deletions: readonly Fields[],
  { signer = key, index = 9 }: { readonly signer?: SigningKey | undefined; readonly index?: number } = {},
): readonly string[] {
  const writer = new ChainWriter({ id: chainId(index, RETAIN_MS), key: signer, startMs: RETAIN_MS });
  for (const fields of deletions) writer.add('retention', fields);
  writer.checkpoint();
  return writer.lines;
}

const unsigned = (deletions: readonly Fields[]) => {
  const writer = new ChainWriter({ id: chainId(9, RETAIN_MS), startMs: RETAIN_MS });
  for (const fields of deletions) writer.add('retention', fields);
  writer.checkpoint();
  return writer.lines;
};

const pinsOf = (lines: readonly string[]) => lines.filter((each) => each.includes('mcp_audit.checkpoint.note'));

/** With another chain, whose id comes before that of the command. */
const trail = (left: readonly string[], retention: readonly string[], pins?: readonly string[]): Trail => ({
  files: { 'audit.jsonl': left, 'other.jsonl': OTHER, 'retention.jsonl': retention },
  trust: [key],
  pins,
});

const INTACT = { code: 0, err: '', findings: [] };

describe('records that were deleted are explained', () => {
  it.each<[string, readonly string[], readonly Fields[], number]>([
    ['at the front of a chain', cut(1, 40), [deletion(1, 40)], 40],
    ['in its middle', cut(31, 60), [deletion(31, 60)], 30],
    ['from the first to the second to last', cut(1, 99), [deletion(1, 99)], 99],
    ['by ranges that follow each other', cut(1, 60), [deletion(1, 20), deletion(21, 21), deletion(22, 60)], 60],
    ['by ranges in another order', cut(1, 60), [deletion(22, 60), deletion(1, 20), deletion(21, 21)], 60],
    ['by ranges that repeat each other', cut(1, 60), [deletion(1, 60), deletion(1, 60), deletion(1, 30)], 60],
    [
      'by the ranges of copies that are in files of another size',
      cut(1, 60),
      [deletion(1, 40), deletion(41, 80), deletion(1, 30), deletion(31, 60), deletion(5, 50)],
      60,
    ],
    [
      'on both sides of a file that was held',
      cut(1, 20).filter((_, at) => at < 20 || at >= 40),
      [deletion(1, 20), deletion(41, 60)],
      40,
    ],
    ['and those that were not deleted in the end are there', CHAIN, [deletion(1, 40)], 0],
    ['and of those that were to be deleted some are there', cut(1, 20), [deletion(1, 20), deletion(21, 60)], 20],
  ])('%s', async (_, left, deletions, deleted) => {
    const ran = await verified(trail(left, ledger(deletions)), '--strict');
    expect(ran).toMatchObject({ ...INTACT, summary: { result: 'intact', missing: 0, explained: 0, deleted } });
  });

  it('at the end of a chain, as the second place has it', async () => {
    const pins = pinsOf(CHAIN);
    const ran = await verified(trail(cut(71, 100), ledger([deletion(71, 80), deletion(81, 100)]), pins), '--strict');
    expect(ran).toMatchObject({ ...INTACT, summary: { missing: 0, deleted: 30 } });
  });

  it('all of a chain that the second place alone has', async () => {
    const ran = await verified(trail([], ledger([deletion(1, 100)]), pinsOf(CHAIN)), '--strict');
    expect(ran).toMatchObject({ ...INTACT, summary: { chains: 2, missing: 0, deleted: 100 } });
    expect(ran.chains).toContainEqual(expect.objectContaining({ id: chainId(0), deleted: 100, records: 0 }));
  });

  it('with all pins of what is left, and of what is not', async () => {
    const ran = await verified(trail(cut(1, 55), ledger([deletion(1, 55)]), pinsOf(CHAIN)), '--strict');
    expect(ran).toMatchObject({ ...INTACT, summary: { deleted: 55 } });
  });

  it('in several chains', async () => {
    const files = { a: cut(1, 10), b: cut(1, 30, OTHER), r: ledger([deletion(1, 30, OTHER), deletion(1, 10)]) };
    expect(await verified({ files, trust: [key] }, '--strict')).toMatchObject({ ...INTACT, summary: { deleted: 40 } });
  });

  it('by several chains of the command', async () => {
    const files = { a: cut(1, 50), r: ledger([deletion(1, 30)]), s: ledger([deletion(31, 50)], { index: 8 }) };
    expect(await verified({ files, trust: [key] }, '--strict')).toMatchObject({ ...INTACT, summary: { deleted: 50 } });
  });

  it('by a chain whose id comes first', async () => {
    const writer = new ChainWriter({ id: chainId(0, 1000), key });
    writer.add('retention', deletion(1, 50));
    writer.checkpoint();
    expect(await verified(trail(cut(1, 50), writer.lines), '--strict')).toMatchObject(INTACT);
  });

  it('whatever part of the time is asked for', async () => {
    const middle = new Date(START_MS + 500).toISOString();
    for (const options of [
      ['--from', middle],
      ['--to', middle],
    ]) {
      const ran = await verified(trail(cut(1, 40), ledger([deletion(1, 40)])), '--strict', ...options);
      expect(ran).toMatchObject({ code: 0, findings: [] });
    }
  });

  it('where a part of the time begins with them', async () => {
    const begin = new Date(START_MS + 100).toISOString();
    const files = { a: cut(1, 40), r: ledger([deletion(1, 40)]) };
    expect((await verified({ files, trust: [key] }, '--strict', '--from', begin)).code).toBe(0);
    const plain = await verified({ files: { a: cut(1, 40) }, trust: [key] }, '--strict', '--from', begin);
    expect(plain.findings).toMatchObject([{ kind: 'begin' }]);
    for (const deletions of [[deletion(40, 40)], [deletion(31, 40)]]) {
      const without = await verified(
        { files: { ...files, r: ledger(deletions) }, trust: [key] },
        '--strict',
        '--from',
        begin,
      );
      expect(without).toMatchObject({ code: 2, findings: [{ kind: 'begin' }] });
    }
    const late = new Date(START_MS + 350).toISOString();
    const enough = { ...files, r: ledger([deletion(21, 30), deletion(31, 40)]) };
    expect((await verified({ files: enough, trust: [key] }, '--strict', '--from', late)).code).toBe(0);
  });

  it('and the checkpoint behind them proves what is in front of them', async () => {
    // No checkpoint of their own proves 31 to 35.
    const left = cut(36, 60);
    const ran = await verified(trail(left, ledger([deletion(36, 60)])), '--strict');
    expect(ran).toMatchObject({ ...INTACT, summary: { unlinked: 0, tail: 0, deleted: 25 } });
  });

  it('and are counted for people', async () => {
    const { out } = await printed(trail(cut(1, 40), ledger([deletion(1, 40)])));
    expect(out).toContain('\n40 records deleted, as retention records state\n');
    expect((await printed(trail(cut(1, 1), ledger([deletion(1, 1)])))).out).toContain('1 record deleted, as');
  });

  it('with the record of a gap among them, as retain reads the file', async () => {
    const writer = new ChainWriter({ id: chainId(0), key }).calls(5);
    writer.gap(writer.lose(3));
    const deleted = writer.lines.length;
    writer.calls(5).checkpoint();
    const deletions = deletionsOf([writer.lines.slice(0, deleted)]);
    const ran = await verified(trail(writer.lines.slice(deleted), ledger(deletions)), '--strict');
    expect(ran).toMatchObject({ ...INTACT, summary: { missing: 0, deleted: 9 } });
  });

  it('besides those that a sink lost', async () => {
    const writer = new ChainWriter({ key });
    writer.calls(20);
    const lost = writer.lose(3);
    writer.gap(lost);
    writer.calls(5).checkpoint();
    const left = writer.lines.slice(10);
    expect(await verified(trail(left, ledger([deletion(1, 10, writer.lines)])), '--strict')).toMatchObject({
      ...INTACT,
      summary: { missing: 0, deleted: 10, explained: 3, lost: { file: 3 } },
    });
  });

  it('right in front of those that a sink lost, behind a file that was held', async () => {
    const writer = new ChainWriter({ id: chainId(0), key }).calls(9);
    writer.checkpoint();
    const files = [writer.calls(10).lines.slice(10, 14), writer.lines.slice(14)];
    writer.gap(writer.lose(3));
    writer.checkpoint();
    const left = [...writer.lines.slice(0, 10), ...writer.lines.slice(20)];
    const ran = await verified(trail(left, ledger(deletionsOf(files))));
    expect(ran).toMatchObject({ code: 0, err: '', summary: { missing: 0, deleted: 10, explained: 3 } });
  });

  it('and prove what is in front of them, as the record of a gap behind them does', async () => {
    const writer = new ChainWriter({ id: chainId(0), key }).calls(20);
    writer.gap(writer.lose(3));
    writer.checkpoint();
    const ran = await verified(
      trail(cut(11, 20, writer.lines), ledger([deletion(11, 15, writer.lines), deletion(16, 20, writer.lines)])),
      '--strict',
    );
    expect(ran).toMatchObject({ ...INTACT, summary: { missing: 0, deleted: 10, explained: 3, unlinked: 0 } });
  });

  it('between losses of a sink that failed again and again', async () => {
    const writer = new ChainWriter({ id: chainId(0), key }).calls(10);
    const lost = [];
    for (let times = 0; times < 3; times++) {
      lost.push(writer.lose(2));
      writer.calls(4);
    }
    const deleted = writer.lines.length;
    for (const each of lost) writer.gap(each);
    writer.checkpoint();
    const files = [writer.lines.slice(0, 12), writer.lines.slice(12, deleted)];
    const ran = await verified(trail(writer.lines.slice(deleted), ledger(deletionsOf(files))), '--strict');
    expect(ran).toMatchObject({ ...INTACT, summary: { missing: 0, deleted: 22, explained: 6 } });
  });

  it('behind the last that the second place knows of, but they prove nothing about what is in front of them', async () => {
    const pins = pinsOf(CHAIN.slice(0, 90));
    const deletions = [deletion(61, 75), deletion(76, 95), deletion(96, 100)];
    const ran = await verified(trail(cut(61, 100), ledger(deletions), pins));
    expect(ran).toMatchObject({ code: 0, findings: [{ kind: 'tail' }], summary: { missing: 0, deleted: 30 } });
  });
});

describe('nothing is explained by a retention record', () => {
  it('that goes on beyond all pins, about records in front of it, which are made up', async () => {
    const changed = edited(line(83), { 'audit.actor.id': 'mallory' });
    const forged = relinked([...CHAIN.slice(0, 82), changed, line(84)], 82);
    const end = planted(85, 101, hashOf(forged[83] as string));
    const late = { ...end, 'mcp_audit.retention.newest': new Date(START_MS + 3_600_000).toISOString() };
    const ran = await verified(trail(forged, ledger([late]), pinsOf(CHAIN)), '--strict');
    expect(ran).toMatchObject({ code: 2, findings: [{ kind: 'tail' }] });
  });

  const ignored = { severity: 'reported', kind: 'retention' };

  it.each<[string, readonly string[]]>([
    ['without a signature', unsigned([deletion(1, 40)])],
    ['that a key signed which is not trusted', ledger([deletion(1, 40)], { signer: stranger })],
    ['behind the last checkpoint', ledger([deletion(1, 40)]).slice(0, 1)],
  ])('%s, and that is said once', async (_, retention) => {
    for (const options of [[], ['--unsigned']]) {
      const ran = await verified(trail(cut(1, 40), retention), ...options);
      expect(ran).toMatchObject({ code: 2, summary: { missing: 40, deleted: 0 } });
      expect(ran.findings.filter(({ kind }) => kind === 'retention')).toMatchObject([
        { ...ignored, at: 'retention.jsonl:1' },
      ]);
    }
  });

  it('without trusted keys', async () => {
    const ran = await verified({ ...trail(cut(1, 40), ledger([deletion(1, 40)])), trust: undefined });
    expect(ran).toMatchObject({ code: 2, summary: { missing: 40 } });
    expect(ran.findings).toContainEqual(expect.objectContaining(ignored));
  });

  it('that was changed', async () => {
    const signed = ledger([deletion(1, 20), deletion(21, 30)]);
    const larger = edited(line(2, signed), deletion(21, 40));
    const ran = await verified(trail(cut(1, 40), [line(1, signed), larger, line(3, signed)]));
    expect(ran).toMatchObject({ code: 1, summary: { missing: 40, deleted: 0 } });
  });

  it('that was changed and linked anew, without the key', async () => {
    const signed = ledger([deletion(1, 30), deletion(1, 30)]);
    const larger = [edited(line(1, signed), deletion(1, 40)), ...signed.slice(1)];
    const ran = await verified(trail(cut(1, 40), relinked(larger, 0)));
    expect(ran).toMatchObject({ code: 1, summary: { missing: 40, deleted: 0 } });
  });

  it('that was changed, with a copy that was not', async () => {
    const signed = ledger([deletion(1, 30)]);
    const both = [edited(line(1, signed), deletion(1, 40)), ...signed];
    expect(await verified(trail(cut(1, 40), both))).toMatchObject({ code: 1, summary: { missing: 40, deleted: 0 } });
  });

  it('that was put into another chain', async () => {
    const copied = edited(line(1, ledger([deletion(1, 40)])), {
      'mcp_audit.chain.id': chainId(1),
      'audit.sequence.number': OTHER.length + 1,
      'audit.prev.hash': hashOf(line(OTHER.length, OTHER)),
    });
    const files = { a: cut(1, 40), b: [...OTHER, copied] };
    expect(await verified({ files, trust: [key] })).toMatchObject({ code: 2, summary: { missing: 40, deleted: 0 } });
  });

  it('about its own chain, or about another with such records', async () => {
    const writer = new ChainWriter({ id: chainId(9, RETAIN_MS), key });
    for (let times = 0; times < 3; times++) writer.add('retention', deletion(1, 40));
    writer.checkpoint();
    const own = ledger([deletion(1, 40), deletion(2, 2, writer.lines)], { index: 8 });
    const files = { a: cut(1, 40), r: cut(2, 2, writer.lines), s: own };
    expect(await verified({ files, trust: [key] })).toMatchObject({ code: 2, summary: { missing: 1, deleted: 40 } });
    const self = new ChainWriter({ id: chainId(9, RETAIN_MS), key });
    self.add('retention', deletion(1, 40));
    self.add('retention', deletion(1, 40));
    self.add('retention', deletion(1, 1, self.lines));
    self.checkpoint();
    expect(await verified(trail(cut(1, 40), self.lines.slice(1)))).toMatchObject({ code: 2, summary: { missing: 1 } });
  });

  it.each<[string, Fields]>([
    ['there were too many files', { 'mcp_audit.retention.reason': 'max_files' }],
    ['of a chain that it does not name', { 'mcp_audit.retention.chain.id': undefined }],
    ['of another chain', { 'mcp_audit.retention.chain.id': chainId(5) }],
    ['the name of the chain is another text', { 'mcp_audit.retention.chain.id': '__proto__' }],
    ['it does not say where it begins', { 'mcp_audit.retention.first': undefined }],
    ['it begins at 0', { 'mcp_audit.retention.first': 0 }],
    ['it ends in front of its begin', { 'mcp_audit.retention.first': 41 }],
    ['it has a number as text', { 'mcp_audit.retention.last': '40' }],
    ['it has half a number', { 'mcp_audit.retention.last': 39.5 }],
    ['it has no hash', { 'mcp_audit.retention.head_hash': undefined }],
    ['its hash is another text', { 'mcp_audit.retention.prev_hash': 'x' }],
  ])('that says that %s', async (_, fields) => {
    const said = Object.fromEntries(
      Object.entries({ ...deletion(1, 40), ...fields }).filter(([, value]) => value !== undefined),
    );
    const ran = await verified(trail(cut(1, 40), ledger([said])));
    expect(ran).toMatchObject({ code: 2, summary: { missing: 40, deleted: 0 } });
  });
});

describe('what was deleted does not hide', () => {
  it('that more is missing behind it', async () => {
    // Nothing is left that says what record 40 was.
    const ran = await verified(trail(cut(1, 60), ledger([deletion(1, 40)])));
    expect(ran).toMatchObject({ code: 2, summary: { missing: 60, deleted: 0 } });
    const text =
      'records 1 to 60 are missing before audit.jsonl:1; retention records name 40 of them, and nothing shows that it was those';
    expect(ran.findings).toMatchObject([{ severity: 'incomplete', kind: 'missing', text }]);
  });

  it('that more is missing in front of it, between, and around it', async () => {
    const missing = async (left: readonly string[], ...deletions: readonly Fields[]) =>
      (await verified(trail(left, ledger(deletions)))).summary['missing'];
    expect(await missing(cut(1, 60), deletion(21, 60))).toBe(20);
    expect(await missing(cut(1, 60), deletion(1, 20), deletion(41, 60))).toBe(40);
    expect(await missing(cut(21, 60), deletion(31, 50))).toBe(40);
  });

  it('that the second place knows more', async () => {
    const ran = await verified(trail(cut(61, 100), ledger([deletion(61, 80)]), pinsOf(CHAIN)));
    expect(ran).toMatchObject({ code: 2, summary: { missing: 20, deleted: 20 } });
    const text = 'ends at record 60, and a pin knows 100; retention records explain 20 of them only';
    expect(ran.findings).toContainEqual(expect.objectContaining({ severity: 'incomplete', kind: 'truncated', text }));
    const all = await verified(trail([], ledger([deletion(1, 80)]), pinsOf(CHAIN)));
    expect(all).toMatchObject({ code: 2, summary: { missing: 20, deleted: 80 } });
    expect(all.findings).toContainEqual(
      expect.objectContaining({
        text: 'the chain is missing: a pin knows 100 records; retention records explain 80 of them only',
      }),
    );
  });

  it('that records after the last checkpoint are not proven', async () => {
    const ran = await verified(trail(CHAIN.slice(40, 95), ledger([deletion(1, 40)])));
    expect(ran).toMatchObject({ code: 0, findings: [{ severity: 'reported', kind: 'tail' }], summary: { tail: 6 } });
  });

  it('that the record behind it was changed', async () => {
    const left = [edited(line(41), { 'audit.prev.hash': hashOf('x') }), ...CHAIN.slice(41)];
    const ran = await verified(trail(left, ledger([deletion(1, 40)])));
    expect(ran).toMatchObject({ code: 1, summary: { missing: 40, deleted: 0 } });
    expect(ran.findings).toContainEqual(
      expect.objectContaining({
        severity: 'tampered',
        kind: 'retention',
        number: 41,
        text: 'record 41 (audit.jsonl:1) does not follow record 40, as it was deleted',
      }),
    );
  });

  it('that the record in front of it was changed', async () => {
    const left = [...CHAIN.slice(0, 29), edited(line(30), { 'audit.actor.id': 'x' }), ...CHAIN.slice(60)];
    const ran = await verified(trail(left, ledger([deletion(31, 60)])));
    expect(ran).toMatchObject({ code: 1, summary: { missing: 30, deleted: 0 } });
    expect(ran.findings).toContainEqual(
      expect.objectContaining({
        kind: 'retention',
        number: 30,
        text: 'record 30 (audit.jsonl:30) is not the one that a retention record names',
      }),
    );
  });

  it('that its last record had been changed, or did not fit the next', async () => {
    const said = { ...deletion(1, 40), 'mcp_audit.retention.head_hash': hashOf('changed') };
    expect(await verified(trail(cut(1, 40), ledger([said])))).toMatchObject({ code: 1, summary: { missing: 40 } });
    const ran = await verified(trail(cut(1, 60), ledger([said, deletion(41, 60)])));
    expect(ran).toMatchObject({ code: 1 });
    expect(ran.findings).toContainEqual(
      expect.objectContaining({
        severity: 'tampered',
        kind: 'retention',
        number: 40,
        text: 'retention records name two different records 40',
      }),
    );
  });

  it('that the first record of the chain had one before it', async () => {
    const said = { ...deletion(1, 40), 'mcp_audit.retention.prev_hash': hashOf('x') };
    expect(await verified(trail(cut(1, 40), ledger([said])))).toMatchObject({ code: 1, summary: { missing: 40 } });
  });

  it('that a pin is newer than all of it: a planted file with old times was deleted, and covers what was cut off', async () => {
    const said = { ...deletion(71, 100), 'mcp_audit.retention.newest': JSON.parse(line(70)).time };
    const ran = await verified(trail(cut(71, 100), ledger([said]), pinsOf(CHAIN)));
    expect(ran).toMatchObject({ code: 1 });
    expect(ran.findings).toContainEqual(
      expect.objectContaining({ severity: 'tampered', kind: 'retention', number: 80, chain: chainId(0) }),
    );
  });

  it('that a pin shows another record', async () => {
    const other = new ChainWriter({ key });
    other.calls(19);
    other.add('request', { 'audit.actor.id': 'x' });
    const pin = other.checkpoint();
    const ran = await verified(trail(cut(1, 40), ledger([deletion(1, 20), deletion(21, 40)]), [pin]));
    expect(ran.code).toBe(1);
    expect(ran.findings).toContainEqual(
      expect.objectContaining({
        severity: 'tampered',
        kind: 'retention',
        text: 'record 20 was deleted, and is not the pinned one (pins.jsonl:1), as a retention record states',
      }),
    );
  });

  it('records that are put where others were deleted', async () => {
    const made = edited(line(25), { 'audit.actor.id': 'x' });
    for (const left of [
      [made, ...CHAIN.slice(40)],
      [edited(line(1), { 'audit.actor.id': 'x' }), ...CHAIN.slice(40)],
      [...relinked([edited(line(1), { 'audit.actor.id': 'x' }), ...CHAIN.slice(1, 20)], 0), ...CHAIN.slice(40)],
      relinked([edited(line(1), { 'audit.actor.id': 'x' }), ...CHAIN.slice(1, 40)], 0).concat(CHAIN.slice(40)),
    ]) {
      expect((await verified(trail(left, ledger([deletion(1, 40)])))).code).not.toBe(0);
    }
  });
});

describe('a planted file explains nothing once it is deleted', () => {
  const hashAt = (number: number, lines = CHAIN) => hashOf(line(number, lines));

  it.each<[string, readonly string[], readonly Fields[], number, number]>([
    [
      'that begins with what was cut out, with another whose first record names what the one behind it names',
      cut(51, 60),
      [planted(51, 150, hashAt(50)), planted(61, 151, hashAt(60))],
      10,
      0,
    ],
    [
      'that begins with it, and goes on',
      cut(51, 60),
      [planted(51, 101, hashAt(50)), planted(51, 150, hashAt(50))],
      10,
      0,
    ],
    [
      'that goes on from another beyond the end of the chain',
      cut(51, 60),
      [planted(51, 55, hashAt(50), hashOf('x')), planted(56, 150, hashOf('x'))],
      10,
      0,
    ],
    ['that contains what was deleted rightly', cut(31, 60), [deletion(41, 60), planted(31, 101, hashAt(30))], 10, 20],
    [
      'that reaches into what was deleted rightly',
      cut(31, 60),
      [deletion(41, 60), planted(31, 50, hashAt(30))],
      10,
      20,
    ],
    ['that is inside of what was cut out', cut(31, 60), [planted(35, 50, hashOf('x'))], 30, 0],
    ['that begins before it', cut(31, 60), [planted(21, 50, hashAt(20))], 30, 0],
  ])('%s', async (_, left, deletions, missing, deleted) => {
    for (const pins of [undefined, pinsOf(left)]) {
      const ran = await verified(trail(left, ledger(deletions), pins));
      expect(ran).toMatchObject({ code: 2, summary: { result: 'incomplete', missing, deleted } });
    }
  });

  it('that begins and ends where others were cut out, since its last record is not the one that the next names', async () => {
    const deletions = [planted(51, 55, hashAt(50), hashOf('x')), planted(56, 60, hashOf('x'))];
    const ran = await verified(trail(cut(51, 60), ledger(deletions)));
    expect(ran).toMatchObject({ code: 1, summary: { missing: 10, deleted: 0 } });
  });

  it('that holds the last records of a hole as they were, and made up ones in front of them', async () => {
    const deletions = [planted(51, 55, hashAt(50)), deletion(56, 60)];
    const ran = await verified(trail(cut(51, 60), ledger(deletions)));
    expect(ran).toMatchObject({ code: 1, summary: { missing: 5, deleted: 5 } });
  });

  it.each([
    ['behind records that are there', 51, 0],
    ['behind others that the sink lost', 54, 3],
  ])(
    'that ends with what a record names which somebody made up, too, in front of a loss and %s',
    async (_, first, before) => {
      const writer = new ChainWriter({ id: chainId(0), key }).calls(49);
      writer.checkpoint();
      const earlier = writer.lose(before);
      const lost = writer.calls(10 - before).lose(1);
      writer.calls(1);
      const { last } = writer.lose(1);
      if (before > 0) writer.gap(earlier);
      writer.gap({ ...lost, last, records: 2 });
      writer.calls(5).checkpoint();
      const { lines } = writer;
      expect((await verified(trail(lines, []))).code).toBe(0);
      const made = edited(line(61 - before, lines), { 'audit.prev.hash': hashOf('x') });
      const left = [...lines.slice(0, 50), made, ...lines.slice(61 - before)];
      const ran = await verified(trail(left, ledger([planted(first, 61, hashAt(50, lines), hashOf('x'))])));
      const missing = 62 - first;
      expect(ran).toMatchObject({ code: 2, summary: { missing, deleted: 0 } });
      expect(ran.findings).toContainEqual(
        expect.objectContaining({
          severity: 'incomplete',
          text: `${missing} records are missing in front of others that no checkpoint proves: nothing shows that it was those that were deleted`,
        }),
      );
    },
  );

  describe('in front of those that a sink lost', () => {
    const writer = new ChainWriter({ id: chainId(0), key }).calls(49);
    writer.checkpoint();
    writer.gap(writer.lose(3));
    writer.calls(5).checkpoint();
    const { lines } = writer;
    const left = cut(41, 50, lines);

    it('as the record of the gap names another', async () => {
      const ran = await verified(trail(left, ledger([planted(41, 50, hashAt(40, lines))])), '--strict');
      expect(ran).toMatchObject({ code: 1, summary: { missing: 10, deleted: 0, explained: 3 } });
      const text = `record 50 was deleted, and is not the one that record 54 (audit.jsonl:41) names, as a retention record states`;
      expect(ran.findings).toContainEqual(expect.objectContaining({ severity: 'tampered', kind: 'retention', text }));
    });

    it.each([51, 52, 61])('even if it has records up to %d', async (last) => {
      const ran = await verified(trail(left, ledger([planted(41, last, hashAt(40, lines))])));
      expect(ran).toMatchObject({ code: 2, summary: { missing: 10, deleted: 0, explained: 3 } });
    });

    it('but the file that was there does', async () => {
      const ran = await verified(trail(left, ledger([deletion(41, 50, lines)])));
      expect(ran).toMatchObject({ code: 0, summary: { missing: 0, deleted: 10, explained: 3 } });
    });
  });
});

/** Numbers that look random, the same in each run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe('whatever was deleted', () => {
  const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);

  /** Files of a chain, some of which are deleted, in several runs that are killed and done again. */
  function retained(seed: number) {
    const next = random(seed);
    const files: { first: number; last: number; deleted: boolean }[] = [];
    for (let first = 1; first <= 100; ) {
      const last = Math.min(100, first + next(25));
      files.push({ first, last, deleted: next(3) > 0 });
      first = last + 1;
    }
    const gone = files.filter(({ deleted }) => deleted);
    const stated = gone.flatMap(({ first, last }) => Array.from({ length: 1 + next(2) }, () => deletion(first, last)));
    for (let at = stated.length - 1; at > 0; at--) {
      const other = next(at + 1);
      [stated[at], stated[other]] = [stated[other] as Fields, stated[at] as Fields];
    }
    const left = CHAIN.filter((_, at) => !gone.some(({ first, last }) => at + 1 >= first && at + 1 <= last));
    return { next, left, stated, gone: CHAIN.length - left.length };
  }

  it.each(SEEDS)('is explained, with pins (%i)', async (seed) => {
    const { left, stated, gone } = retained(seed);
    const ran = await verified(trail(left, ledger(stated), pinsOf(CHAIN)));
    expect(ran).toMatchObject({ code: 0, err: '', summary: { missing: 0, unlinked: 0, deleted: gone } });
    // The checkpoint behind the last records may be deleted.
    expect(ran.findings.filter(({ kind }) => kind !== 'tail')).toEqual([]);
  });

  it.each(SEEDS)('is explained where files have copies of each other, of other sizes (%i)', async (seed) => {
    const next = random(seed);
    const limits = [20 + next(60), 20 + next(60), 20 + next(60)];
    const stated: Fields[] = [];
    let gone = 100;
    for (const limit of limits) {
      let first = 1;
      while (first <= limit) {
        const last = Math.min(100, first + next(25));
        if (last > limit) break;
        stated.push(deletion(first, last));
        first = last + 1;
      }
      gone = Math.min(gone, first - 1);
    }
    const ran = await verified(trail(cut(1, gone), ledger(stated.toReversed()), pinsOf(CHAIN)), '--strict');
    expect(ran).toMatchObject({ ...INTACT, summary: { missing: 0, deleted: gone } });
  });

  it.each(SEEDS)('is explained besides what a sink lost (%i)', async (seed) => {
    const next = random(seed);
    const writer = new ChainWriter({ id: chainId(0), key });
    while (writer.size < 200) {
      writer.calls(1 + next(9));
      if (next(3) === 0) writer.gap(writer.lose(1 + next(4)));
      if (next(3) === 0) writer.checkpoint();
    }
    writer.checkpoint();
    const left: string[] = [];
    const deleted: (readonly string[])[] = [];
    for (let from = 0; from < writer.lines.length; ) {
      const size = 1 + next(25);
      const lines = writer.lines.slice(from, from + size);
      from += size;
      if (from < writer.lines.length && next(3) > 0) deleted.push(lines);
      else left.push(...lines);
    }
    const ran = await verified(trail(left, ledger(deletionsOf(deleted)), pinsOf(writer.lines)));
    expect(ran).toMatchObject({ code: 0, err: '', summary: { missing: 0, tail: 0 } });
  });

  it.each(SEEDS)('nothing else is, without the key (%i)', async (seed) => {
    const { next, left, stated } = retained(seed);
    const retention = ledger(stated);
    const pins = [...pinsOf(CHAIN), ...pinsOf(retention)];
    if (left.length === 0) return;
    const at = next(left.length);
    const index = next(Math.max(1, stated.length));
    // Somebody removes a record, and plants a file that is deleted, and its deletion signed.
    const hidden = JSON.parse(left[at] as string)['audit.sequence.number'];
    const prevHash = JSON.parse(left[at] as string)['audit.prev.hash'];
    const hiding = (...more: readonly Fields[]) =>
      trail(left.toSpliced(at, 1), ledger([...stated, ...more]), pinsOf(CHAIN));
    const attacks: readonly (() => Trail)[] = [
      () => hiding(planted(hidden, hidden, prevHash)),
      () => hiding(planted(hidden, 200, prevHash), planted(hidden + 1, 201, hashOf(line(hidden)))),
      () => hiding(planted(Math.max(1, hidden - next(20)), hidden + next(20), prevHash)),
      () => trail(left.toSpliced(at, 1), retention, pins),
      () => trail(left.slice(0, at), retention, pins),
      () => trail(left.slice(at + 1), retention, pins),
      () => trail(left.with(at, edited(left[at] as string, { 'audit.actor.id': 'x' })), retention, pins),
      () => trail(left, retention.with(index, edited(retention[index] as string, { 'audit.actor.id': 'x' })), pins),
      () => trail(left, retention.toSpliced(index, 1), pins),
    ];
    for (const [number, attack] of attacks.entries()) {
      expect([number, (await verified(attack())).code]).not.toEqual([number, 0]);
    }
  });
});

it('many ranges and many holes take little time and memory', async () => {
  const lines = chainOf(4000);
  const stated: Fields[] = [];
  for (let first = 2; first < 4000; first += 2) stated.push(deletion(first, first, lines));
  const left = lines.filter((_, at) => at % 2 === 0);
  const ran = await verified(trail([...left, lines[3999] as string], ledger(stated)), '--strict');
  expect(ran).toMatchObject({ ...INTACT, summary: { deleted: 1999 } });
});
