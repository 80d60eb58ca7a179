/** What the records of gaps explain and prove, and what they do not. */
import { describe, expect, it } from 'vitest';
import { hashOf } from '../../../../src/chain/hash.js';
import { newSigningKey } from '../../../../src/chain/keys.js';
import { ChainWriter, edited, type Lost, lineOf } from '../../../support/chain-writer.js';
import { printed, verified } from './verify-run.js';

const key = newSigningKey({});
const EDIT = { 'audit.actor.id': 'mallory' };

/** A chain with a checkpoint at every hundredth record. */
function chainOf(size: number): string[] {
  const writer = new ChainWriter({ key });
  writer.add('started');
  while (writer.size < size) {
    if (writer.size % 100 === 99) writer.checkpoint();
    else writer.calls(1);
  }
  return writer.lines;
}

/** The fields of a gap in place of those of a record. */
function asGap(line: string, { first, last, records, prevHash, sink = 'file' }: Lost): string {
  return edited(line, {
    event_name: 'mcp_audit.gap',
    'mcp_audit.gap.sink': sink,
    'mcp_audit.gap.first': first,
    'mcp_audit.gap.last': last,
    'mcp_audit.gap.records': records,
    ...(prevHash !== undefined && { 'mcp_audit.gap.prev_hash': prevHash }),
  });
}

/** Records numbered and linked anew, after one with a hash. */
function forged(lines: readonly string[], first: number, hash: string): string[] {
  const result: string[] = [];
  let prev = hash;
  for (const [index, line] of lines.entries()) {
    const next = edited(line, { 'audit.sequence.number': first + index, 'audit.prev.hash': prev });
    result.push(next);
    prev = hashOf(next);
  }
  return result;
}

const hashAt = (lines: readonly string[], index: number) => hashOf(lines[index] as string);
const at = (lines: readonly string[], index: number) => lines[index] as string;
const checked = (lines: readonly string[], ...options: string[]) =>
  verified({ files: { a: lines }, trust: [key] }, ...options);

describe('what a sink lost', () => {
  it('is explained, and what is in front of it is proven by the record of the gap', async () => {
    const writer = new ChainWriter({ key });
    writer.calls(10).checkpoint();
    writer.calls(20);
    writer.gap(writer.lose(3));
    writer.calls(5).checkpoint();
    expect(await checked(writer.lines, '--strict')).toMatchObject({
      code: 0,
      findings: [],
      summary: { missing: 0, explained: 3, lost: { file: 3, stderr: 0 }, unlinked: 0, tail: 0 },
    });
  });

  it('again and again, before there is a checkpoint, leaves nothing that is not proven', async () => {
    const writer = new ChainWriter({ key });
    writer.calls(5).checkpoint();
    for (let times = 0; times < 2000; times++) {
      writer.calls(1);
      writer.gap(writer.lose(2));
    }
    writer.checkpoint();
    expect(await checked(writer.lines, '--strict')).toMatchObject({ code: 0, findings: [], summary: { missing: 0 } });
  });

  it('from the first record on is explained', async () => {
    const writer = new ChainWriter({ key });
    writer.gap(writer.lose(3));
    writer.calls(5).checkpoint();
    expect((await checked(writer.lines, '--strict')).code).toBe(0);
  });

  it('may be the checkpoint', async () => {
    const writer = new ChainWriter({ key });
    writer.calls(5).checkpoint();
    writer.calls(5);
    writer.gap(writer.lose(1));
    writer.gap(writer.lose(1));
    writer.checkpoint();
    expect((await checked(writer.lines, '--strict')).code).toBe(0);
  });

  it('after the last checkpoint is explained, and a part of the tail', async () => {
    const writer = new ChainWriter({ key });
    writer.calls(5).checkpoint();
    writer.calls(5);
    writer.gap(writer.lose(3));
    expect(await checked(writer.lines)).toMatchObject({
      code: 0,
      findings: [{ severity: 'reported', kind: 'tail' }],
      summary: { explained: 3, tail: 7 },
    });
  });

  it('leaves records unproven between the ones that are lost, and that is reported', async () => {
    const writer = new ChainWriter({ key });
    writer.calls(5).checkpoint();
    const first = writer.lose(1);
    writer.calls(1200);
    const { last } = writer.lose(1);
    writer.gap({ ...first, last, records: 2 });
    writer.checkpoint();
    expect(await checked(writer.lines)).toMatchObject({
      code: 0,
      findings: [{ severity: 'reported', kind: 'unlinked' }],
      summary: { explained: 2, unlinked: 1200 },
    });
    expect((await checked(writer.lines, '--strict')).code).toBe(2);
  });

  it('leaves the records in front of it unproven if the gap does not name them, and that is reported', async () => {
    const writer = new ChainWriter({ key });
    writer.calls(10).checkpoint();
    writer.calls(20);
    writer.gap({ ...writer.lose(3), prevHash: undefined });
    writer.checkpoint();
    const edits = forged(
      writer.lines.slice(11, 31).map((line) => edited(line, EDIT)),
      12,
      hashAt(writer.lines, 10),
    );
    for (const lines of [writer.lines, [...writer.lines.slice(0, 11), ...edits, ...writer.lines.slice(31)]]) {
      expect(await checked(lines, '--strict')).toMatchObject({
        code: 2,
        findings: [{ severity: 'reported', kind: 'unlinked' }],
        // With the checkpoint in front of them, which nothing after it proves.
        summary: { unlinked: 21 },
      });
    }
  });
});

describe('the record of a gap does not hide', () => {
  it('that more records than a crash leaves are in front of it, unproven', async () => {
    const writer = new ChainWriter({ key });
    writer.calls(1200);
    writer.gap({ ...writer.lose(3), prevHash: undefined });
    writer.checkpoint();
    expect(await checked(writer.lines)).toMatchObject({
      code: 2,
      findings: [{ severity: 'unproven', kind: 'uncovered' }, { kind: 'unlinked' }],
    });
  });

  it('that records in front of it were edited', async () => {
    const writer = new ChainWriter({ key });
    writer.calls(10).checkpoint();
    writer.calls(20);
    writer.gap(writer.lose(3));
    writer.calls(5).checkpoint();
    const { lines } = writer;
    const edits = forged(
      lines.slice(11, 31).map((line) => edited(line, EDIT)),
      12,
      hashAt(lines, 10),
    );
    expect(await checked([...lines.slice(0, 11), ...edits, ...lines.slice(31)])).toMatchObject({
      code: 1,
      findings: [{ severity: 'tampered', kind: 'link', number: 31 }, { kind: 'unlinked' }],
    });
  });

  it('a deletion, if it was added in front of it', async () => {
    const lines = chainOf(500);
    const gap = asGap(at(lines, 110), { first: 150, last: 299, records: 150 });
    const segment = forged([gap, ...lines.slice(111, 149)], 111, hashAt(lines, 109));
    expect(await checked([...lines.slice(0, 110), ...segment, ...lines.slice(299)])).toMatchObject({
      code: 2,
      summary: { missing: 150, explained: 0 },
    });
  });

  it('that everything is new but the last checkpoint', async () => {
    const lines = chainOf(1000);
    const pins = lines.filter((line) => line.includes('checkpoint.note'));
    const out: string[] = [];
    for (let first = 1; first < 1000; first += 100) {
      const edits = lines.slice(first - 1, first + 97).map((line) => edited(line, EDIT));
      edits[0] = asGap(at(edits, 0), { first: first + 98, last: first + 99, records: 2 });
      const prev = first === 1 ? JSON.parse(at(lines, 0))['audit.prev.hash'] : hashOf(`${first}`);
      out.push(...forged(edits, first, prev));
    }
    out.push(at(lines, 999));
    expect((await checked(out)).code).toBe(2);
    expect(await verified({ files: { a: out }, trust: [key], pins })).toMatchObject({ code: 1 });
  });

  it('that everything after the first checkpoint is new', async () => {
    const lines = chainOf(5000);
    const out = lines.slice(0, 100);
    let number = 101;
    for (let times = 0; times < 5; times++) {
      const edits = lines.slice(100, 1000).filter((line) => !line.includes('checkpoint'));
      out.push(...forged(edits, number, hashOf(at(out, out.length - 1))));
      number += edits.length + 1;
      const gap = asGap(at(lines, 150), { first: number - 1, last: number - 1, records: 1 });
      out.push(...forged([gap], number, hashOf('lost')));
      number += 1;
    }
    expect(await checked(out)).toMatchObject({
      code: 2,
      findings: expect.arrayContaining([expect.objectContaining({ severity: 'unproven', kind: 'uncovered' })]),
    });
  });

  it('that everything in front of a true gap is new', async () => {
    const writer = new ChainWriter({ key });
    writer.calls(1500).checkpoint();
    writer.gap(writer.lose(3));
    writer.calls(5).checkpoint();
    const { lines } = writer;
    const [first = '', ...others] = lines.slice(0, 1500).map((line) => edited(line, EDIT));
    const edits = forged([first, ...others], 1, JSON.parse(first)['audit.prev.hash']);
    // The true checkpoint in front of the gap would show it.
    const withhold = forged([asGap(at(lines, 1), { first: 1500, last: 1500, records: 1 })], 1501, hashOf('x'));
    expect((await checked([...edits.slice(0, -1), ...withhold, ...lines.slice(1501)])).code).toBe(1);
    const without = await checked([...edits.slice(0, -1), ...lines.slice(1501)]);
    expect(without.code).toBe(2);
  });

  it('more records than it names, though two sinks lost the same ones', async () => {
    const writer = new ChainWriter({ key });
    writer.calls(5).checkpoint();
    const lost = writer.lose(5);
    writer.calls(5);
    writer.gap({ ...lost, sink: 'stderr' });
    writer.gap(lost);
    writer.checkpoint();
    expect(await checked(writer.lines)).toMatchObject({ code: 0, summary: { explained: 5 } });
    const deleted = [...writer.lines.slice(0, 6), ...writer.lines.slice(11)];
    expect(await checked(deleted)).toMatchObject({ code: 2, summary: { missing: 5, explained: 5 } });
  });

  it('that the sink which lost them is another one', async () => {
    const writer = new ChainWriter({ key });
    writer.calls(10).checkpoint();
    const prevHash = hashAt(writer.lines, 10);
    writer.calls(20);
    writer.gap({ sink: 'stderr', first: 12, last: 31, records: 20, prevHash });
    writer.checkpoint();
    const trail = { files: { a: [...writer.lines.slice(0, 11), ...writer.lines.slice(31)] }, trust: [key] };
    expect(await verified(trail)).toMatchObject({
      code: 0,
      findings: [{ severity: 'reported', kind: 'stderr' }],
      summary: { explained: 20, lost: { file: 0, stderr: 20 } },
    });
    expect((await verified(trail, '--strict')).code).toBe(2);
    expect((await printed(trail)).out).toContain('20 records lost by stderr, as records of gaps state\n');
  });
});

describe('what a sink of the application lost', () => {
  const chain = (sink: string) => {
    const writer = new ChainWriter({ key });
    writer.calls(10).checkpoint();
    writer.gap({ ...writer.lose(2), sink });
    writer.checkpoint();
    return { files: { a: writer.lines }, trust: [key] };
  };

  it('is explained and reported by its name', async () => {
    const trail = chain('webhook');
    const text = '2 missing records were lost by webhook, as records of gaps state: a file that has the trail has them';
    expect(await verified(trail)).toMatchObject({
      code: 0,
      findings: [{ severity: 'reported', kind: 'sink', text }],
      summary: { explained: 2, missing: 0, lost: { file: 0, stderr: 0, webhook: 2 } },
    });
    expect((await verified(trail, '--strict')).code).toBe(2);
    expect((await printed(trail)).out).toContain('2 records lost by webhook, as records of gaps state\n');
  });

  it.each(['constructor', 'others'])('is counted under the name %s, too', async (sink) => {
    expect((await verified(chain(sink))).summary).toMatchObject({ lost: { file: 0, stderr: 0, [sink]: 2 } });
  });

  it.each(['__proto__', 'a b', 'Webhook', 'x'.repeat(33), '', '\u001b[31m'])('has to have a name: %o', async (sink) => {
    expect(await verified(chain(sink))).toMatchObject({ code: 2, summary: { explained: 0, missing: 2 } });
  });

  it('is told apart for a few names only', async () => {
    const writer = new ChainWriter({ key });
    for (let n = 0; n < 50; n++) writer.gap({ ...writer.lose(1), sink: `sink-${n}` });
    writer.checkpoint();
    const { summary } = await verified({ files: { a: writer.lines }, trust: [key] });
    const lost = summary['lost'] as Record<string, number>;
    expect(summary['explained']).toBe(50);
    expect(Object.keys(lost)).toHaveLength(17);
    expect(lost['others']).toBe(36);
  });

  it('is named beside what others lost', async () => {
    const writer = new ChainWriter({ key });
    for (const sink of ['webhook', 'file', 'stderr']) writer.gap({ ...writer.lose(2), sink });
    writer.checkpoint();
    const { out } = await printed({ files: { a: writer.lines }, trust: [key] });
    expect(out).toContain('6 records lost by file (2), stderr (2) and webhook (2), as records of gaps state\n');
  });
});

it('many gaps and many holes take little time and memory', async () => {
  const writer = new ChainWriter({ key });
  const line = writer.add();
  const gaps = Array.from({ length: 10_000 }, (_, index) =>
    lineOf({
      ...JSON.parse(asGap(line, { first: 1, last: 9e15, records: 1 })),
      'audit.sequence.number': 2 * index + 2,
      'audit.prev.hash': hashOf(`${index}`),
    }),
  );
  const before = process.memoryUsage().rss;
  expect(await checked(gaps)).toMatchObject({ code: 2, summary: { missing: 0, explained: 10_000 } });
  expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024);
});
