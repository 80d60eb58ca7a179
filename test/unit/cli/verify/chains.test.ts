/** Chains that nobody has tampered with, and what happens without anybody. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { hashOf } from '../../../../src/chain/hash.js';
import { newSigningKey } from '../../../../src/chain/keys.js';
import { readNote, type SignedNote, writeNote } from '../../../../src/chain/note.js';
import { ChainWriter, chainId, lineOf, START_MS } from '../../../support/chain-writer.js';
import { printed, textOf, verified } from './verify-run.js';

const key = newSigningKey({});
const other = newSigningKey({});
const HOUR = 3_600_000;

/** A chain that ends with a checkpoint. */
function chain(index = 0, records = 10, signer = key): ChainWriter {
  const writer = new ChainWriter({ id: chainId(index), key: signer });
  writer.add('started');
  writer.calls(records).checkpoint();
  writer.calls(records).checkpoint();
  return writer;
}

function shuffled<T>(items: readonly T[]): T[] {
  // Deterministic: a step that has no divisor in common with the length.
  const step = 7919;
  return items.map((_, index) => items[(index * step) % items.length] as T);
}

describe('a signed trail', () => {
  const { lines } = chain();

  it('is intact', async () => {
    expect(await verified({ files: { 'audit.jsonl': lines }, trust: [key] })).toMatchObject({
      code: 0,
      err: '',
      findings: [],
      summary: { result: 'intact', exit: 0, records: 23, copies: 0, chains: 1, missing: 0, altered: 0, tail: 0 },
      chains: [
        {
          id: chainId(),
          first: 1,
          last: 23,
          records: 23,
          proven: 22,
          keys: [{ id: key.id, result: 'signed', checkpoints: 2 }],
        },
      ],
    });
  });

  it('takes one line', async () => {
    expect(await printed({ files: { 'audit.jsonl': lines }, trust: [key] })).toEqual({
      code: 0,
      out: 'intact: 23 records in 1 chain\n',
      err: '',
    });
  });

  it.each([
    ['shuffled', { 'a.jsonl': shuffled(lines) }],
    ['in two files', { 'a.jsonl': lines.slice(0, 9), 'sub/b.jsonl': lines.slice(9) }],
    ['compressed', { 'a.jsonl.gz': gzipSync(textOf(lines)) }],
    ['with copies', { 'a.jsonl': lines, 'b.jsonl.gz': gzipSync(textOf(lines.slice(3, 15))) }],
    ['from Windows', { 'a.jsonl': Buffer.from(`\ufeff${lines.map((line) => `${line}\r\n`).join('')}`) }],
    ['without a line feed at the end', { 'a.jsonl': Buffer.from(textOf(lines).slice(0, -1)) }],
    [
      'among other lines',
      { 'a.log': ['starting', '{"level":"info"}', '', ...lines, 'null'], 'b.bin': Buffer.alloc(10) },
    ],
  ])('is intact %s', async (_, files) => {
    const { code, findings, summary } = await verified({ files, trust: [key] });
    expect({ code, findings }).toEqual({ code: 0, findings: [] });
    expect(summary).toMatchObject({ records: 23 });
  });

  it('is intact beside others, whose lines mix with its own', async () => {
    const all = [0, 1, 2].map((index) => chain(index).lines);
    const mixed = lines.flatMap((_, at) => all.map((each) => each[at] as string));
    const { code, summary } = await verified({ files: { 'a.jsonl': mixed }, trust: [key] });
    expect(code).toBe(0);
    expect(summary).toMatchObject({ chains: 3, records: 69 });
  });
});

describe('what is not proven', () => {
  it.each([
    ['without trusted keys', []],
    ['with other trusted keys', [other]],
  ])('is a chain %s', async (_, trust) => {
    const { code, findings, summary } = await verified({ files: { a: chain().lines }, trust });
    expect(code).toBe(2);
    expect(summary).toMatchObject({ result: 'unproven' });
    expect(findings).toMatchObject([{ severity: 'unproven', kind: 'unknown' }]);
  });

  it('is a chain without checkpoints, or with unsigned ones', async () => {
    const writer = new ChainWriter();
    writer.calls(5);
    expect(await verified({ files: { a: writer.lines }, trust: [key] })).toMatchObject({
      code: 2,
      findings: [{ severity: 'unproven', kind: 'unsigned' }],
    });
    writer.checkpoint();
    expect(await verified({ files: { a: writer.lines }, trust: [key] })).toMatchObject({
      code: 2,
      findings: [{ severity: 'unproven', kind: 'unsigned', number: 6 }],
    });
    expect((await verified({ files: { a: writer.lines } }, '--unsigned')).code).toBe(0);
  });

  it('is a key outside of its time', async () => {
    const early = newSigningKey({ notAfter: START_MS / 1000 });
    const trail = { files: { a: chain(0, 3, early).lines }, trust: [early] };
    const { code, findings } = await verified(trail);
    expect(code).toBe(2);
    expect(findings).toMatchObject([{ severity: 'unproven', kind: 'outside', number: 5 }]);
    expect((await verified(trail, '--unsigned')).code).toBe(2);
  });

  it('is accepted with --unsigned', async () => {
    const { code, summary } = await verified({ files: { a: chain().lines } }, '--unsigned');
    expect(code).toBe(0);
    expect(summary).toMatchObject({ result: 'intact' });
  });

  it('are many records after the last checkpoint: a crash leaves fewer', async () => {
    const { lines } = chain().calls(1001);
    expect(await verified({ files: { a: lines }, trust: [key] })).toMatchObject({
      code: 2,
      findings: [{ severity: 'unproven', kind: 'uncovered' }, { kind: 'tail' }],
    });
  });
});

describe('a change of keys', () => {
  it('makes the next key trusted, for all chains from then on', async () => {
    const writer = chain();
    writer.rotate(other);
    const late = new ChainWriter({ id: chainId(9), key: other, startMs: writer.nowMs });
    late.calls(3).checkpoint();
    writer.calls(3).checkpoint();
    expect((await verified({ files: { a: late.lines, b: writer.lines }, trust: [key] })).code).toBe(0);
  });

  it('does not make the next key trusted for the time before it', async () => {
    const early = new ChainWriter({ id: chainId(9), key: other });
    early.calls(3).checkpoint();
    const writer = new ChainWriter({ key, startMs: early.nowMs });
    writer.calls(3).rotate(other);
    const { code, findings } = await verified({ files: { a: early.lines, b: writer.lines }, trust: [key] });
    expect(code).toBe(2);
    expect(findings).toMatchObject([{ kind: 'outside', chain: chainId(9) }]);
  });

  it('may be followed by others, in any order of files', async () => {
    const keys = [key, ...Array.from({ length: 4 }, () => newSigningKey({}))];
    const chains = keys.slice(0, -1).map((each, index) => {
      const writer = new ChainWriter({ id: chainId(9 - index), key: each, startMs: START_MS + index * HOUR });
      writer.calls(2).rotate(keys[index + 1] as typeof key);
      return writer.calls(1);
    });
    const last = new ChainWriter({ id: chainId(0), key: keys.at(-1), startMs: START_MS + 9 * HOUR });
    last.calls(1).checkpoint();
    const files = Object.fromEntries([last, ...chains.reverse()].map(({ lines }, index) => [`${index}`, lines]));
    expect((await verified({ files, trust: [key] })).code).toBe(0);
  });

  it('gives a key no more time than the file of trusted keys does', async () => {
    const ended = newSigningKey({ notAfter: START_MS / 1000 });
    const writer = new ChainWriter({ key });
    writer.calls(2).rotate({ ...ended, notAfter: undefined });
    writer.calls(2).checkpoint();
    const trail = { files: { a: writer.lines } };
    expect((await verified({ ...trail, trust: [key] })).code).toBe(0);
    expect(await verified({ ...trail, trust: [key, ended] })).toMatchObject({
      code: 2,
      findings: [{ kind: 'outside' }, { kind: 'tail' }],
    });
  });

  it('by a key that is not trusted proves nothing', async () => {
    const writer = new ChainWriter({ key: other });
    writer.calls(2).rotate(key);
    writer.calls(2).checkpoint();
    expect((await verified({ files: { a: writer.lines }, trust: [newSigningKey({})] })).code).toBe(2);
  });
});

describe('lost records', () => {
  /** Records 6 to 8 are lost. */
  function lossy() {
    const writer = new ChainWriter({ key });
    writer.calls(5);
    const lost = writer.lose(3);
    return { writer, lost };
  }

  it('are explained by the record of a gap that a checkpoint covers', async () => {
    const { writer, lost } = lossy();
    writer.gap(lost);
    writer.checkpoint();
    const trail = { files: { a: writer.lines }, trust: [key] };
    expect(await verified(trail)).toMatchObject({ code: 0, summary: { missing: 0, explained: 3 } });
    expect((await printed(trail)).out).toBe(
      'intact: 7 records in 1 chain\n3 records lost by file, as records of gaps state\n',
    );
  });

  it('are explained by it before the next checkpoint, too, if nothing was proven since', async () => {
    const { writer, lost } = lossy();
    writer.gap(lost);
    expect(await verified({ files: { a: writer.lines }, trust: [key] })).toMatchObject({
      summary: { missing: 0, explained: 3 },
    });
  });

  it('are explained by it also if a checkpoint comes before it', async () => {
    const { writer, lost } = lossy();
    writer.checkpoint();
    writer.gap(lost);
    writer.checkpoint();
    expect(await verified({ files: { a: writer.lines }, trust: [key] })).toMatchObject({
      code: 0,
      summary: { missing: 0, explained: 3 },
    });
  });

  it('do not begin the count of records without a checkpoint anew', async () => {
    const writer = new ChainWriter({ key });
    writer.calls(5).checkpoint();
    writer.calls(600);
    const lost = writer.lose(3);
    writer.gap(lost);
    writer.calls(600);
    expect(await verified({ files: { a: writer.lines }, trust: [key] })).toMatchObject({
      code: 2,
      findings: [{ severity: 'unproven', kind: 'uncovered' }, { kind: 'tail' }],
    });
  });

  it('are not explained by a record that no checkpoint covers, if one covers them', async () => {
    const { writer, lost } = lossy();
    writer.checkpoint();
    writer.gap(lost);
    expect(await verified({ files: { a: writer.lines }, trust: [key] })).toMatchObject({
      code: 2,
      summary: { missing: 3, explained: 0 },
    });
  });

  it('are not explained beyond the number that the record states', async () => {
    const { writer, lost } = lossy();
    writer.gap({ ...lost, records: 1 });
    writer.checkpoint();
    const { code, findings, summary } = await verified({ files: { a: writer.lines }, trust: [key] });
    expect(code).toBe(2);
    expect(summary).toMatchObject({ missing: 2, explained: 1 });
    expect(findings).toMatchObject([{ kind: 'missing', number: 9 }]);
  });

  it('are not explained beyond the range that the record states', async () => {
    const { writer, lost } = lossy();
    writer.gap(lost);
    writer.calls(3).checkpoint();
    const lines = writer.lines.filter((_, index) => index !== 4);
    expect(await verified({ files: { a: lines }, trust: [key] })).toMatchObject({
      code: 2,
      summary: { missing: 1, explained: 3 },
    });
  });

  it('are missing without such a record, and at the start of a chain', async () => {
    const { writer } = lossy();
    writer.checkpoint();
    const { code, findings } = await verified({ files: { 'a.jsonl': writer.lines.slice(1) }, trust: [key] });
    expect(code).toBe(2);
    expect(findings.map(({ text }) => text)).toEqual([
      'record 1 is missing before a.jsonl:1',
      'records 6 to 8 are missing between a.jsonl:4 and a.jsonl:5',
      '4 records are in front of missing ones, and not linked to a valid checkpoint',
    ]);
  });
});

describe('what is only reported, and counts with --strict', () => {
  it.each([
    ['a record after the last checkpoint', chain().calls(1).lines, 'tail'],
    ['a clock that was set back', clockSetBack(), 'clock'],
  ])('is %s', async (_, lines, kind) => {
    const trail = { files: { a: lines }, trust: [key] };
    expect(await verified(trail)).toMatchObject({ code: 0, findings: [{ severity: 'reported', kind }] });
    expect(await verified(trail, '--strict')).toMatchObject({ code: 2 });
  });

  it('is a last line that is cut off, wherever', async () => {
    const { lines } = chain();
    const next = chain().add();
    for (let end = 8; end < next.length; end += 13) {
      const trail = { files: { a: Buffer.from(textOf(lines) + next.slice(0, end)) }, trust: [key] };
      expect(await verified(trail)).toMatchObject({ code: 0, findings: [{ severity: 'reported', kind: 'cut' }] });
      expect((await verified(trail, '--strict')).code).toBe(2);
    }
  });

  function clockSetBack(): string[] {
    const writer = new ChainWriter({ key });
    writer.calls(2);
    writer.nowMs -= HOUR;
    writer.calls(2).checkpoint();
    return writer.lines;
  }
});

describe('a record that is cut off while its chain goes on', () => {
  const { lines } = chain();
  const cut = (index: number, length: number) => lines.map((line, at) => (at === index ? line.slice(0, length) : line));

  it.each([
    ['in the middle, however little is left', cut(5, 9)],
    ['in the middle, with most of it left', cut(5, -2)],
    ['at the beginning', cut(0, -2)],
  ])('is tampered with %s', async (_, left) => {
    const { code, findings } = await verified({ files: { a: left }, trust: [key] });
    expect(code).toBe(1);
    expect(findings.slice(0, 2)).toMatchObject([{ kind: 'cut' }, { severity: 'tampered', kind: 'torn' }]);
  });
});

it('bytes that are not UTF-8 are a change, also where they read as the same text', async () => {
  const writer = new ChainWriter({ key });
  writer.add('request', { 'mcp.resource.uri': 'a\ufffdb' });
  writer.calls(2).checkpoint();
  const bytes = Buffer.from(textOf(writer.lines));
  const at = bytes.indexOf('\ufffd');
  const changed = Buffer.concat([bytes.subarray(0, at), Buffer.of(0xff), bytes.subarray(at + 3)]);
  expect(changed.toString()).toBe(bytes.toString());
  expect((await verified({ files: { a: bytes }, trust: [key] })).code).toBe(0);
  expect(await verified({ files: { a: changed }, trust: [key] })).toMatchObject({
    code: 1,
    findings: [{ kind: 'link', number: 1 }],
  });
});

it('a note with several signatures is that of the key that its record names', async () => {
  const signed = (signers: readonly (typeof key)[], named: typeof key) => {
    const writer = new ChainWriter();
    writer.calls(2);
    const last = JSON.parse(writer.checkpoint());
    const { size, head, text } = readNote(last['mcp_audit.checkpoint.note']) as SignedNote;
    const time = /time (.*)/.exec(text)?.[1] as string;
    const notes = signers.map((signer) => writeNote({ chainId: writer.id, size, head, time }, signer));
    const note = `${notes[0]}${notes
      .slice(1)
      .map((each) => each.split('\n\n')[1])
      .join('')}`;
    const line = lineOf({ ...last, 'mcp_audit.checkpoint.note': note, 'mcp_audit.key.id': named.id });
    return { files: { a: [...writer.lines.slice(0, 2), line] }, trust: [key, other] };
  };
  expect((await verified(signed([other, key], key))).code).toBe(0);
  expect((await verified(signed([other, key], other))).code).toBe(0);
  expect((await verified(signed([other], key))).code).toBe(1);
});

it('records of versions without chains are incomplete', async () => {
  const old = ['{"audit.record.id":"x","event_name":"mcp_audit.request"}'];
  const { code, findings } = await verified({ files: { a: chain().lines, b: old }, trust: [key] });
  expect(code).toBe(2);
  expect(findings).toMatchObject([{ severity: 'incomplete', kind: 'unchained' }]);
});

describe('a part of the time', () => {
  const writer = new ChainWriter({ key, stepMs: 60_000 });
  for (let block = 0; block < 4; block++) writer.calls(14).checkpoint();
  const at = (minute: number) => new Date(START_MS + minute * 60_000).toISOString();
  const trail = (from: number, to?: number) => ({ files: { a: writer.lines.slice(from, to) }, trust: [key] });

  it('is anchored at a checkpoint', async () => {
    expect(await verified(trail(0), '--from', at(20), '--to', at(40))).toMatchObject({
      code: 0,
      summary: { records: 21, tail: 0 },
      chains: [{ first: 21, last: 41 }],
    });
  });

  it('may begin in the middle of a chain that began before it', async () => {
    expect((await verified(trail(20))).code).toBe(2);
    expect((await verified(trail(20), '--from', at(20))).code).toBe(0);
    expect((await verified(trail(20), '--from', at(-1))).code).toBe(2);
  });

  it('is not proven without a checkpoint', async () => {
    expect(await verified(trail(16, 20), '--from', at(16))).toMatchObject({
      code: 2,
      summary: { result: 'unproven' },
    });
  });

  it('may end before a pin', async () => {
    const pins = writer.lines.filter((line) => line.includes('checkpoint.note'));
    expect((await verified({ ...trail(0, 30), pins })).code).toBe(2);
    expect((await verified({ ...trail(0, 30), pins }, '--to', at(29))).code).toBe(0);
  });

  const pins = writer.lines.filter((line) => line.includes('checkpoint.note'));
  const range = ['--from', at(10), '--to', at(40)];

  it('says that nothing shows where it begins, unless a record from before it does', async () => {
    expect(await verified(trail(20), '--from', at(10))).toMatchObject({
      code: 0,
      findings: [{ severity: 'reported', kind: 'begin', number: 21 }],
    });
    expect((await verified(trail(20), '--from', at(21), '--strict')).code).toBe(0);
  });

  it('has what pins know of it', async () => {
    expect(await verified({ ...trail(20), pins }, ...range)).toMatchObject({
      code: 2,
      findings: [{ kind: 'missing', text: 'records 15 to 20 are missing before a:1' }],
    });
  });

  it('has checkpoints whose record has another date', async () => {
    const moved: string[] = [];
    for (const line of writer.lines) {
      const prev = moved.length === 0 ? {} : { 'audit.prev.hash': hashOf(moved.at(-1) as string) };
      moved.push(lineOf({ ...JSON.parse(line), time: '2031-01-01T00:00:00.000000000Z', ...prev }));
    }
    const files = { a: moved, b: chain(9).lines };
    expect((await verified({ files, trust: [key] }, ...range)).code).toBe(1);
    const bare = { a: moved.filter((line) => !line.includes('checkpoint.note')), b: chain(9).lines };
    expect((await verified({ files: bare, trust: [key], pins }, ...range)).code).not.toBe(0);
  });

  it('has no findings from outside of it', async () => {
    const lines = writer.lines.filter((_, index) => index !== 5 && index !== 50);
    const files = { files: { a: lines }, trust: [key] };
    expect((await verified(files)).code).toBe(2);
    expect((await verified(files, '--from', at(20), '--to', at(40))).code).toBe(0);
    expect((await verified(files, '--from', at(20), '--to', at(50))).code).toBe(2);
  });

  describe('is proven by a checkpoint after it', () => {
    const until = ['--to', at(20)];
    const changed = (index: number) => {
      const line = lineOf({ ...JSON.parse(writer.lines[index] as string), 'audit.actor.id': 'mallory' });
      return { files: { a: writer.lines.with(index, line) }, trust: [key] };
    };
    const without = (index: number) => ({ files: { a: writer.lines.toSpliced(index, 1) }, trust: [key] });

    it('only if no record in between was changed', async () => {
      expect((await verified(changed(24), ...until)).code).toBe(1);
      expect((await verified(changed(40), ...until)).code).toBe(0);
    });

    it('only if no record in between is missing', async () => {
      expect((await verified(without(24), ...until)).code).toBe(2);
      expect((await verified(without(40), ...until)).code).toBe(0);
    });
  });
});

describe('a line that is cut off', () => {
  const { lines } = chain();
  const other = chain(1).lines;
  const put = (index: number, line: string) => [...lines.slice(0, index), line, ...lines.slice(index + 1)];

  it('is no finding if the record is elsewhere', async () => {
    const copy = Buffer.from(textOf(lines.slice(0, 7)) + (lines[7] as string).slice(0, 200));
    expect(await verified({ files: { a: lines, b: copy }, trust: [key] }, '--strict')).toMatchObject({
      code: 0,
      findings: [],
    });
  });

  it.each([
    ['little', 150],
    ['most', -2],
  ])('and is of another chain, with %s of it left, is not taken for a record that is missing there', async (_, end) => {
    const left = put(7, (other[4] as string).slice(0, end));
    const { code, findings } = await verified({ files: { a: left, b: other }, trust: [key] });
    expect({ code, kinds: findings.map(({ kind }) => kind) }).toEqual({ code: 2, kinds: ['missing', 'unlinked'] });
  });
});

describe('the record of the last checkpoint, which no other proves', () => {
  it.each([
    ['its time', { time: '2020-01-01T00:00:00.000000000Z' }],
    ['its size', { 'mcp_audit.checkpoint.size': 4 }],
    ['its key', { 'mcp_audit.key.id': other.id }],
  ])('is compared with its note: %s', async (_, fields) => {
    const { lines } = chain();
    const files = { a: [...lines.slice(0, -1), lineOf({ ...JSON.parse(lines.at(-1) as string), ...fields })] };
    expect(await verified({ files, trust: [key] })).toMatchObject({ code: 1 });
  });
});

describe('pins', () => {
  const { lines } = chain();

  it('prove nothing of records that are not linked to the one that they name', async () => {
    const trail = { files: { a: lines.slice(0, 18) }, trust: [key], pins: [lines[22] as string] };
    expect(await verified(trail)).toMatchObject({ code: 2, summary: { tail: 7 }, chains: [{ last: 18 }] });
  });

  it('that no trusted key has signed count for nothing, and are one finding', async () => {
    const forger = new ChainWriter({ key: other });
    forger.calls(3).checkpoint();
    const unsigned = new ChainWriter({ id: chainId(7) });
    unsigned.calls(3);
    const pins = [forger.lines.at(-1) as string, unsigned.checkpoint()];
    const trail = { files: { a: lines }, trust: [key], pins };
    expect(await verified(trail)).toMatchObject({
      code: 2,
      summary: { missing: 0, altered: 0 },
      findings: [
        { severity: 'unproven', kind: 'pin', chain: chainId() },
        { severity: 'unproven', kind: 'pin', chain: chainId(7) },
      ],
    });
    expect(await verified(trail, '--unsigned')).toMatchObject({ code: 1, summary: { missing: 4 } });
  });

  it('know the hash of a record that is missing', async () => {
    const pins = [lines[11] as string];
    const forged = lineOf({ ...JSON.parse(lines[11] as string), 'audit.prev.hash': 'a'.repeat(64) });
    const trail = { files: { a: [...lines.slice(0, 10), forged, ...lines.slice(12)] }, trust: [key], pins };
    const { code, findings } = await verified(trail);
    expect(code).toBe(1);
    expect(findings.map(({ text }) => text)).toContain(
      'record 12 (a:11) does not follow the pinned record 11 (pins.jsonl:1)',
    );
  });
});
