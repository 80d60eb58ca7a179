/** Numbers and links of a trail, whatever its sinks do. */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Finished, Lost, Sink } from '../../../src/audit/lost-records.js';
import { RecordFields } from '../../../src/audit/record-fields.js';
import { MAX_RECORD_BYTES } from '../../../src/audit/record-text.js';
import { Trail } from '../../../src/audit/trail.js';
import { hashOf, NO_RECORD_HASH } from '../../../src/chain/hash.js';
import { createUuidV7 } from '../../../src/lib/uuid-v7.js';
import { expectChained } from '../../support/chain.js';

/** A sink that can be broken. */
class FakeSink implements Sink {
  readonly got: Finished[] = [];
  /** Done instead of taking a record. */
  instead: ((finished: Finished, lost: Lost) => boolean) | undefined;
  readonly name: string;

  constructor(name: string = 'file') {
    this.name = name;
  }

  accept(finished: Finished, lost: Lost): boolean {
    if (this.instead !== undefined) return this.instead(finished, lost);
    this.got.push(finished);
    return true;
  }

  get texts(): string[] {
    return this.got.map(({ text }) => text);
  }

  get numbers(): number[] {
    return this.got.map(({ number }) => number);
  }

  gaps() {
    return this.got
      .filter(({ name }) => name === 'mcp_audit.gap')
      .map(({ number, fields }) => [
        number,
        fields.get('mcp_audit.gap.records'),
        fields.get('mcp_audit.gap.first'),
        fields.get('mcp_audit.gap.last'),
      ]);
  }
}

const full = (_: Finished, lost: Lost) => {
  lost('ENOSPC');
  return false;
};

function newTrail(...sinks: Sink[]) {
  const trail = new Trail({
    key: 'test',
    sinks,
    now: () => 1_800_000_000_000,
    newId: createUuidV7(),
    resource: () => ({}),
  });
  trail.start();
  const record = (fields = new RecordFields()) => trail.record({ name: 'mcp_audit.session', severity: 'INFO', fields });
  return { trail, record };
}

let stderr: string[];
beforeEach(() => {
  vi.useFakeTimers();
  stderr = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => stderr.push(String(line)) > 0);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('the records of a trail', () => {
  it('are numbered from 1, and each has the hash of the text of the one before it', () => {
    const sink = new FakeSink();
    const { trail, record } = newTrail(sink);
    for (let n = 0; n < 5; n++) record();
    trail.end();
    expect(sink.numbers).toEqual([1, 2, 3, 4, 5, 6, 7]);
    const [first, second] = sink.got as [Finished, Finished];
    expect(first.fields.get('audit.prev.hash')).toBe(createHash('sha256').digest('hex'));
    expect(second.fields.get('audit.prev.hash')).toBe(createHash('sha256').update(first.text).digest('hex'));
    expectChained(sink.texts);
  });

  it('are the same text in every sink', () => {
    const [one, two] = [new FakeSink('file'), new FakeSink('otel')];
    const { trail, record } = newTrail(one, two);
    record();
    trail.end();
    expect(one.texts).toEqual(two.texts);
  });

  it('go on in the same chain after the trail has stopped', () => {
    const sink = new FakeSink();
    const { trail, record } = newTrail(sink);
    record();
    trail.end();
    record();
    trail.end();
    expect(sink.got.map(({ name }) => name.replace('mcp_audit.', ''))).toEqual([
      ...['started', 'session', 'stopped', 'started', 'session', 'stopped'],
    ]);
    expectChained(sink.texts);
    expect(new Set(sink.got.map(({ fields }) => fields.get('mcp_audit.chain.id'))).size).toBe(1);
  });

  it('of two trails are two chains', () => {
    const [one, two] = [new FakeSink(), new FakeSink()];
    for (const sink of [one, two]) newTrail(sink).record();
    const idOf = (sink: FakeSink) => sink.got[0]?.fields.get('mcp_audit.chain.id');
    expect(idOf(one)).not.toBe(idOf(two));
    expect([one.numbers, two.numbers]).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  it('keep their links when they are cut, and fit into 32 KiB with them', () => {
    const sink = new FakeSink();
    const { record } = newTrail(sink);
    const long = Array.from({ length: 500 }, (_, n) => `${n}`.padEnd(100, 'x'));
    record(new RecordFields().add({ 'mcp_audit.tool.argument.keys': long, 'user.roles': long }));
    record();
    expect(sink.got[1]?.fields.get('mcp_audit.truncated')).toEqual(['mcp_audit.tool.argument.keys', 'user.roles']);
    expect(Buffer.byteLength(sink.texts[1] as string)).toBeLessThanOrEqual(MAX_RECORD_BYTES);
    expectChained(sink.texts);
  });

  it('that a log processor of the application causes come after the one it got, in every sink', () => {
    const [file, otel] = [new FakeSink('file'), new FakeSink('otel')];
    const { record } = newTrail(file, otel);
    let times = 0;
    otel.instead = (finished) => {
      otel.got.push(finished);
      if (times++ < 3) record();
      return true;
    };
    record();
    expect(file.numbers).toEqual([1, 2, 3, 4, 5]);
    expectChained(file.texts);
  });
});

describe('a sink that loses records', () => {
  it('has the numbers of the first and the last of them in the record of the gap', () => {
    const sink = new FakeSink();
    const { record } = newTrail(sink);
    record();
    sink.instead = full;
    for (let n = 0; n < 3; n++) record();
    sink.instead = undefined;
    record();
    expect(sink.numbers).toEqual([1, 2, 6, 7]);
    expect(sink.gaps()).toEqual([[7, 3, 3, 5]]);
    expectChained(sink.texts);
  });

  it('has the hash of the record before the first of them in the record of the gap', () => {
    const sink = new FakeSink();
    const { record } = newTrail(sink);
    record();
    sink.instead = full;
    for (let n = 0; n < 3; n++) record();
    sink.instead = undefined;
    record();
    const gap = sink.got.at(-1)?.fields;
    expect(gap?.get('mcp_audit.gap.prev_hash')).toBe(hashOf(sink.texts[1] as string));
    expect(JSON.parse(sink.texts.at(-1) as string)['mcp_audit.gap.prev_hash']).toBe(hashOf(sink.texts[1] as string));
  });

  it('has the hash of nothing there if the first record is among them', () => {
    const sink = new FakeSink();
    const { record } = newTrail(sink);
    sink.instead = full;
    record();
    sink.instead = undefined;
    record();
    expect(sink.got.at(-1)?.fields.get('mcp_audit.gap.prev_hash')).toBe(NO_RECORD_HASH);
  });

  it('leaves no hole in the others, which get the record of the gap in the place of its number', () => {
    const [broken, fine] = [new FakeSink('stderr'), new FakeSink('otel')];
    const { trail, record } = newTrail(broken, fine);
    record();
    broken.instead = full;
    record();
    broken.instead = undefined;
    record();
    trail.end();
    expect(fine.numbers).toEqual([1, 2, 3, 4, 5, 6]);
    for (const { texts } of [broken, fine]) expectChained(texts);
    expect(fine.gaps()).toEqual(broken.gaps());
  });

  it('uses up no numbers while it cannot report the gap', () => {
    const [broken, fine] = [new FakeSink('file'), new FakeSink('stderr')];
    const { record } = newTrail(broken, fine);
    broken.instead = full;
    record();
    vi.advanceTimersByTime(3_600_000);
    broken.instead = undefined;
    record();
    expect(broken.gaps()).toEqual([[4, 2, 1, 2]]);
    expect(fine.numbers).toEqual([1, 2, 3, 4]);
    for (const { texts } of [broken, fine]) expectChained(texts);
  });

  it('counts the record of a gap that it loses after it took it', () => {
    const [slow, fine] = [new FakeSink('stderr'), new FakeSink('file')];
    const { record } = newTrail(fine, slow);
    const later: Lost[] = [];
    slow.instead = (_, lost) => later.push(lost) > 0;
    record();
    later[1]?.('EPIPE');
    vi.advanceTimersByTime(1000);
    // Numbers 1 and 2 were queued, 2 was lost, and 3 says so.
    expect(later).toHaveLength(3);
    later[2]?.('EPIPE');
    slow.instead = undefined;
    vi.advanceTimersByTime(60_000);
    expect(slow.gaps()).toEqual([[4, 2, 2, 3]]);
    expect(fine.numbers).toEqual([1, 2, 3, 4]);
    expectChained(fine.texts);
  });

  it('gives a number only once, even if it writes records of its own while it refuses one', () => {
    const [broken, fine] = [new FakeSink('file'), new FakeSink('stderr')];
    const { record } = newTrail(fine, broken);
    broken.instead = full;
    record();
    let again = true;
    broken.instead = (finished, lost) => {
      if (finished.name === 'mcp_audit.gap' && again) {
        again = false;
        broken.instead = full;
        record();
      }
      return full(finished, lost);
    };
    vi.advanceTimersByTime(1000);
    broken.instead = undefined;
    record();
    expect(new Set(fine.numbers).size).toBe(fine.numbers.length);
    expect([...fine.numbers].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(broken.gaps()).toEqual([[6, 4, 1, 4]]);
  });

  it('is reported by the others at the end of the trail, and by itself if it works again', () => {
    const [broken, fine] = [new FakeSink('file'), new FakeSink('stderr')];
    const { trail, record } = newTrail(broken, fine);
    broken.instead = full;
    record();
    trail.end();
    expect(fine.gaps()).toEqual([[3, 2, 1, 2]]);
    broken.instead = undefined;
    record();
    expect(broken.numbers).toEqual([5, 6, 7]);
    expect(broken.gaps()).toEqual([[6, 4, 1, 4]]);
    for (const { texts } of [broken, fine]) expectChained(texts);
  });

  it('is not reported again and again, if the trail ends several times and nothing else can report it', () => {
    const sink = new FakeSink();
    const { trail, record } = newTrail(sink);
    record();
    sink.instead = full;
    for (let times = 0; times < 5; times++) {
      trail.start();
      trail.end();
    }
    sink.instead = undefined;
    record();
    // Each time it started and stopped; the first start is the one that was written.
    expect(sink.gaps()).toEqual([[13, 9, 3, 11]]);
    expectChained(sink.texts);
  });

  it('does not stop the others by throwing, and says so once', () => {
    const [broken, fine] = [new FakeSink('file'), new FakeSink('stderr')];
    const { record } = newTrail(broken, fine);
    broken.instead = () => {
      throw new Error('hidden');
    };
    for (let n = 0; n < 3; n++) record();
    expect(fine.numbers).toEqual([1, 2, 3, 4]);
    expect(stderr).toHaveLength(1);
    expect(stderr.join()).not.toContain('hidden');
  });
});
