import { describe, expect, it } from 'vitest';
import { hashOf, NO_RECORD_HASH } from '../../../src/chain/hash.js';
import { newSigningKey } from '../../../src/chain/keys.js';
import { RecordCollector } from '../../../src/cli/retain/collector.js';
import { isSignedBy, readDescription, writeDescription } from '../../../src/retain/description.js';
import { ChainWriter, chainId, edited, START_MS } from '../../support/chain-writer.js';

function factsIn(lines: readonly string[]) {
  const collector = new RecordCollector();
  collector.add(Buffer.from(`${lines.join('\n')}\n`));
  return collector.end();
}

describe('what a file holds', () => {
  it('are runs of linked records, one or more of each chain', () => {
    const [one, two] = [new ChainWriter({ id: chainId(1) }).calls(6), new ChainWriter({ id: chainId(2) }).calls(2)];
    const [first = '', second = '', third = '', ...rest] = one.lines;
    const facts = factsIn([first, ...two.lines, second, second, ...rest]);
    expect(facts).toMatchObject({ records: 8, oldest: START_MS, problem: undefined });
    expect(facts.newest).toBe(one.nowMs - 10);
    expect(facts.runs).toEqual([
      { chain: one.id, first: 1, last: 2, prevHash: NO_RECORD_HASH, headHash: hashOf(second) },
      { chain: two.id, first: 1, last: 2, prevHash: NO_RECORD_HASH, headHash: hashOf(two.lines[1] as string) },
      { chain: one.id, first: 4, last: 6, prevHash: hashOf(third), headHash: hashOf(one.lines[5] as string) },
    ]);
  });

  it('goes on over records that were lost, whose gap is told right behind them or later', () => {
    const writer = new ChainWriter().calls(3);
    writer.gap(writer.lose(4));
    const late = writer.calls(2).lose(1);
    writer.calls(2).gap(late);
    const { runs } = factsIn(writer.lines);
    const head = hashOf(writer.lines.at(-1) as string);
    expect(runs).toEqual([{ chain: writer.id, first: 1, last: 14, prevHash: NO_RECORD_HASH, headHash: head }]);
  });

  it('begins with what was lost, if the file in front of it has the rest', () => {
    const writer = new ChainWriter().calls(3);
    const lost = writer.lose(4);
    const line = writer.gap(lost);
    expect(factsIn([line]).runs).toEqual([
      { chain: writer.id, first: 4, last: 8, prevHash: lost.prevHash, headHash: hashOf(line) },
    ]);
  });

  it('has what is left between two that were lost as well', () => {
    const writer = new ChainWriter().calls(3);
    const first = writer.lose(1);
    const between = writer.add();
    const last = writer.lose(1);
    writer.gap({ first: first.first, last: last.last, records: 2, prevHash: first.prevHash });
    const { runs } = factsIn(writer.lines);
    expect(runs.map((run) => [run.first, run.last])).toEqual([
      [5, 5],
      [1, 7],
    ]);
    expect(runs[0]?.headHash).toBe(hashOf(between));
  });

  it('does not go on over a gap that counts some records of it, if it does not have the others', () => {
    const writer = new ChainWriter().calls(3);
    const first = writer.lose(1);
    const between = writer.add();
    const last = writer.lose(1);
    const gap = writer.gap({ first: first.first, last: last.last, records: 2, prevHash: first.prevHash });
    const { runs } = factsIn(writer.lines.filter((each) => each !== between));
    expect(runs).toMatchObject([
      { first: 1, last: 3 },
      { first: 7, headHash: hashOf(gap) },
    ]);
  });

  it.each([
    ['another sink lost', (lost: object) => ({ ...lost, sink: 'stderr' })],
    ['is said to follow another record', (lost: object) => ({ ...lost, prevHash: hashOf('other') })],
    ['is said to end elsewhere', (lost: object) => ({ ...lost, last: 5 })],
    ['follows nobody knows what', (lost: object) => ({ ...lost, prevHash: undefined })],
  ])('does not go on over what %s', (_, change) => {
    const writer = new ChainWriter().calls(3);
    writer.gap(change(writer.lose(4)) as never);
    expect(factsIn(writer.lines).runs.some(({ first, last }) => first <= 3 && last >= 8)).toBe(false);
  });

  it.each([9, 21])('does not go on for a record %i of a gap that is not linked to what follows', (number: number) => {
    const writer = new ChainWriter().calls(3);
    const lost = writer.lose(4);
    writer.calls(3);
    const forged = new ChainWriter().calls(number - 1).gap(lost);
    expect(factsIn([...writer.lines, forged]).runs.map(({ first, last }) => [first, last])).toEqual([
      [1, 3],
      [8, 10],
      [number, number],
    ]);
  });

  it('is the same, however its bytes arrive', () => {
    const { lines } = new ChainWriter().calls(20);
    const bytes = Buffer.from(lines.join('\n'));
    const collector = new RecordCollector();
    for (let at = 0; at < bytes.length; at += 7) collector.add(bytes.subarray(at, at + 7));
    expect(collector.end()).toEqual(factsIn(lines));
  });

  it('may end in a record that is cut off: it was never whole', () => {
    const { lines } = new ChainWriter().calls(3);
    const facts = factsIn([...lines.slice(0, 2), (lines[2] as string).slice(0, 200)]);
    expect(facts).toMatchObject({ records: 2, problem: undefined, runs: [{ first: 1, last: 2 }] });
  });

  it.each([
    ['a changed record', (line: string) => edited(line, { 'audit.actor.id': 'mallory' }), /record 3 .* does not fit/],
    [
      'changed bytes',
      (line: string) => line.replace('"audit.outcome":"s', '"audit.outcome":"s"'),
      /line 2 that was changed/,
    ],
    [
      'a character that JSON does not have',
      (line: string) => line.replace('u-8472', 'u-\u0000'),
      /line 2 that was changed/,
    ],
    ['an invalid place', (line: string) => edited(line, { 'audit.sequence.number': 0 }), /line 2 that was changed/],
    ['a record without a time', (line: string) => edited(line, { time: 'now' }), /has a record without a time/],
  ])('is not to be deleted with %s', (_, change, problem) => {
    const { lines } = new ChainWriter().calls(3);
    expect(factsIn([lines[0] as string, change(lines[1] as string), lines[2] as string]).problem).toMatch(problem);
  });

  it.each([
    [
      'another version of the last one',
      (lines: string[]) => [...lines, edited(lines[4] as string, { 'audit.outcome': 'x' })],
      5,
    ],
    [
      'another version of an earlier one',
      (lines: string[]) => [...lines, edited(lines[2] as string, { 'audit.actor.id': 'mallory' })],
      3,
    ],
    ['a copy of an earlier one, which is on the safe side', (lines: string[]) => [...lines, lines[1] as string], 2],
    ['one that comes late', ([one = '', two = '', ...more]: string[]) => [one, ...more, two], 2],
  ])('is not to be deleted with %s', (_, change, number) => {
    const { lines, id } = new ChainWriter().calls(5);
    expect(factsIn(change([...lines])).problem).toBe(
      `has record ${number} of chain ${id} out of its order, or in another version`,
    );
  });

  it('has no problem with copies of a last record, and with chains that several processes write at once', () => {
    const [one, two] = [new ChainWriter({ id: chainId(1) }).calls(4), new ChainWriter({ id: chainId(2) }).calls(4)];
    const mixed = one.lines.flatMap((line, index) => [line, two.lines[index] as string, line]);
    expect(factsIn(mixed)).toMatchObject({ records: 12, problem: undefined, runs: [{ last: 4 }, { last: 4 }] });
  });

  it('is not to be deleted with bytes that are not UTF-8: other bytes would be the same text', () => {
    const [line = ''] = new ChainWriter().calls(1).lines;
    const bytes = Buffer.from(`${line}\n`);
    bytes[line.indexOf('u-8472')] = 0xff;
    const collector = new RecordCollector();
    collector.add(bytes);
    expect(collector.end()).toMatchObject({ records: 1, problem: expect.stringMatching(/line 1 that was changed/) });
  });
});

describe('the description of an archive', () => {
  const lines = new ChainWriter().calls(3).lines;
  const description = {
    ...factsIn(lines),
    sha256: 'a'.repeat(64),
    bytes: 10,
    archive: 'audit-2026-11-21T093000Z-1-aaaaaaaaaaaaaaaa.jsonl.gz.age',
    archiveSha256: 'b'.repeat(64),
    archiveBytes: 5,
    name: 'audit-2026-11-21T093000Z-1.jsonl',
    archived: START_MS + 1000,
  };

  it('is read as it was written, signed or not', () => {
    const key = newSigningKey({});
    for (const signed of [key, undefined]) {
      const read = readDescription(writeDescription(description, signed));
      expect(read?.description).toEqual(description);
      expect(read && isSignedBy(read, [newSigningKey({}), key])).toBe(signed !== undefined);
    }
  });

  it('keeps why a file must not be deleted, and what has no time', () => {
    const odd = { ...description, problem: 'has a record without a time', newest: Number.NaN };
    expect(readDescription(writeDescription(odd, undefined))?.description).toEqual(odd);
  });

  it('counts only with a signature from a time at which the key was valid', () => {
    const key = newSigningKey({ notAfter: START_MS / 1000 });
    const read = readDescription(writeDescription(description, key));
    expect(read && isSignedBy(read, [key])).toBe(false);
  });

  it.each(
    Object.entries({
      archive: 'other.jsonl.gz',
      archiveSha256: 'c'.repeat(64),
      archiveBytes: 6,
      name: 'b',
      sha256: 'd'.repeat(64),
      bytes: 11,
      records: 4,
      oldest: '2020-01-01T00:00:00.000Z',
      newest: '2020-01-01T00:00:00.000Z',
      archived: '2020-01-01T00:00:00.000Z',
      problem: 'none',
      runs: factsIn(new ChainWriter({ id: chainId(1) }).calls(3).lines).runs,
    }),
  )('is not signed any more with another %s', (name, value) => {
    const key = newSigningKey({});
    const read = readDescription(JSON.stringify({ ...JSON.parse(writeDescription(description, key)), [name]: value }));
    expect(read && isSignedBy(read, [key])).toBe(false);
  });

  it.each(
    [
      ['{', '[]', 'null', '1', '{}'],
      ['{"version":2}'],
      [
        { runs: [{}] },
        { runs: [null] },
        { runs: 'x' },
        { runs: [] },
        { problem: '' },
        { problem: 'x'.repeat(201) },
        { problem: 'has \u001b[2J' },
        { problem: 'has\na line' },
        { bytes: -1 },
        { sha256: 'x' },
        { newest: 'soon' },
        { name: 1 },
      ],
    ].flat(),
  )('is not %j', (text) => {
    const written = JSON.parse(writeDescription(description, undefined));
    expect(readDescription(typeof text === 'string' ? text : JSON.stringify({ ...written, ...text }))).toBeUndefined();
  });
});
