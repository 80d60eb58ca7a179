/** Sinks of the application's own: whatever they do, the other sinks and the trail are as without them. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Sink } from '../../../src/audit/lost-records.js';
import { isDoneBySink, OwnSink } from '../../../src/audit/own-sinks.js';
import { RecordFields } from '../../../src/audit/record-fields.js';
import { Trail } from '../../../src/audit/trail.js';
import type { AuditSink } from '../../../src/audit-types.js';
import { createUuidV7 } from '../../../src/lib/uuid-v7.js';
import { pendingWork } from '../../../src/lifecycle/pending-work.js';
import { auditValues } from '../../../src/options/audit.js';
import type { AuditRecord } from '../../../src/semconv/audit-record.js';
import { expectChained } from '../../support/chain.js';

let stderr: string[];
beforeEach(() => {
  stderr = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => stderr.push(String(line)) > 0);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const parse = (text: string): AuditRecord => JSON.parse(text);

/** A trail with a file that takes everything, and sinks of the application. */
function newTrail(...sinks: AuditSink[]) {
  const texts: string[] = [];
  const lost: string[] = [];
  const file: Sink = { name: 'file', accept: ({ text }) => texts.push(text) > 0 };
  const trail = new Trail({
    key: 'test',
    sinks: [file, ...auditValues({ sinks }, {}).sinks.map((sink) => new OwnSink(sink))],
    now: Date.now,
    newId: createUuidV7(),
    resource: () => ({}),
  });
  trail.start(undefined, (sink, cause) => lost.push(`${sink} ${cause}`));
  const record = (roles: readonly string[] = ['admin']) => {
    const fields = new RecordFields().add({ 'mcp_audit.side': 'server', 'user.roles': roles });
    trail.record({ name: 'mcp_audit.guardrail', severity: 'INFO', fields });
  };
  return { trail, record, texts, lost, gaps: () => texts.map(parse).filter((each) => 'mcp_audit.gap.sink' in each) };
}

/** Keeps everything. */
function keeper() {
  const records: AuditRecord[] = [];
  const texts: string[] = [];
  const accept = (record: AuditRecord, text: string) => {
    records.push(record);
    texts.push(text);
  };
  return { accept, records, texts };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a sink of the application', () => {
  it('gets every record as an object, and as the text that the chain is made of', () => {
    const sink = keeper();
    const { trail, record, texts } = newTrail(sink);
    record();
    trail.end();
    expect(sink.texts).toEqual(texts);
    expectChained(sink.texts);
    expect(sink.records).toEqual(texts.map(parse));
  });

  it('may be an instance of a class', () => {
    class Memory {
      readonly texts: string[] = [];
      accept(_: unknown, text: string) {
        this.texts.push(text);
        return true;
      }
    }
    const sink = new Memory();
    const { record, texts } = newTrail(sink);
    record();
    expect(sink.texts).toEqual(texts);
  });

  it('cannot change what others get', () => {
    const changing: AuditSink = {
      accept(record) {
        const open = record as unknown as Record<string, any>;
        expect(() => open['user.roles'].push('root')).toThrow(TypeError);
        expect(() => Object.assign(open, { 'mcp_audit.side': 'client' })).toThrow(TypeError);
        expect(() => delete open['time']).toThrow(TypeError);
        return true;
      },
    };
    const other = keeper();
    const { record, texts, lost } = newTrail(changing, other);
    record();
    expect(lost).toEqual([]);
    expect(other.records).toEqual(texts.map(parse));
    expect(texts.map(parse).at(-1)).toMatchObject({ 'user.roles': ['admin'], 'mcp_audit.side': 'server' });
  });

  const FAILURES: Readonly<Record<string, { readonly accept: () => unknown; readonly cause: string }>> = {
    'returns false': { accept: () => false, cause: 'not_accepted' },
    throws: {
      accept: () => {
        throw new Error('secret');
      },
      cause: '_OTHER',
    },
    'throws an error of the system': {
      accept: () => {
        throw Object.assign(new Error('secret'), { code: 'ECONNREFUSED' });
      },
      cause: 'ECONNREFUSED',
    },
    'throws an error that cannot be read': {
      accept: () => {
        throw new Proxy(new Error('secret'), {
          get() {
            throw new Error('secret');
          },
        });
      },
      cause: '_OTHER',
    },
  };

  it.each(Object.entries(FAILURES))('that %s has a gap, and the others have everything', (what, { accept, cause }) => {
    const sink = keeper();
    // Messages appear once in a process.
    const name = what.toLowerCase().replaceAll(' ', '-').slice(0, 32);
    const { accept: keep } = sink;
    const other = keeper();
    sink.accept = accept as typeof keep;
    const given: AuditSink = { name, accept: (...args) => sink.accept(...args) };
    const { record, texts, lost, gaps } = newTrail(given, other);
    record();
    record();
    sink.accept = keep;
    record();
    expect(lost).toEqual([1, 2, 3].map(() => `${name} ${cause}`));
    expect(gaps()).toMatchObject([
      {
        'mcp_audit.gap.sink': name,
        'mcp_audit.gap.records': 3,
        'mcp_audit.gap.first': 1,
        'mcp_audit.gap.last': 3,
        'mcp_audit.gap.causes': [cause],
      },
    ]);
    expect(sink.records.map((each) => each['audit.sequence.number'])).toEqual([4, 5]);
    for (const each of [texts, other.texts, sink.texts]) expectChained(each);
    expect(other.texts).toEqual(texts);
    expect(stderr).toHaveLength(1);
    expect(stderr[0]).toContain(`mcp-trail: audit records are lost: the audit sink "${name}" `);
    expect(stderr.join()).not.toContain('secret');
  });

  it('whose promise rejects, or is resolved with false, is counted, without a gap and without an unhandled rejection', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    let calls = 0;
    const sink: AuditSink = {
      async accept() {
        calls += 1;
        if (calls === 1) throw Object.assign(new Error('secret'), { code: 'EPIPE' });
        return calls !== 2;
      },
    };
    const { record, texts, lost, gaps } = newTrail(sink);
    record();
    record();
    await settled();
    process.off('unhandledRejection', unhandled);
    expect(lost).toEqual(['custom EPIPE', 'custom not_accepted']);
    record();
    expect(gaps()).toEqual([]);
    expectChained(texts);
    expect(unhandled).not.toHaveBeenCalled();
    expect(stderr.join()).not.toContain('secret');
  });

  it('may return any thenable, also one that throws', async () => {
    const accept = () => ({
      // biome-ignore lint/suspicious/noThenProperty: it is what is tested
      get then() {
        throw new Error('secret');
      },
    });
    const { record, lost } = newTrail({ accept });
    record();
    await settled();
    expect(lost).toEqual(['custom _OTHER', 'custom _OTHER']);
  });

  it('may return a function that is a thenable', async () => {
    // biome-ignore lint/suspicious/noThenProperty: it is what is tested
    const accept = () => Object.assign(() => {}, { then: (resolve: (kept: boolean) => void) => resolve(false) });
    const { record, lost } = newTrail({ accept });
    record();
    await settled();
    expect(lost).toEqual(['custom not_accepted', 'custom not_accepted']);
  });

  it('whose work begins only when it is waited for does it inside of the sink, too', async () => {
    const seen: boolean[] = [];
    const lazy = {
      // biome-ignore lint/suspicious/noThenProperty: as queries of a database have
      then(resolve: () => void) {
        seen.push(isDoneBySink());
        resolve();
      },
    };
    const { trail } = newTrail({ accept: () => lazy, close: () => lazy });
    trail.end();
    await Promise.all(pendingWork(true));
    expect(new Set(seen)).toEqual(new Set([true]));
    expect(isDoneBySink()).toBe(false);
  });

  it('that causes a record while it takes one, other than by its own calls, loses that one', () => {
    const sink = keeper();
    const made = newTrail({
      accept(record, text) {
        sink.accept(record, text);
        if (sink.texts.length < 3) made.record();
      },
    });
    made.record();
    expect(made.lost.length).toBeGreaterThan(0);
    made.record();
    expect(new Set(made.gaps().map((gap) => gap['mcp_audit.gap.sink']))).toEqual(new Set(['custom']));
    const number = (text: string) => parse(text)['audit.sequence.number'];
    expectChained([...made.texts].sort((a, b) => number(a) - number(b)));
  });

  it('that causes a record for every record neither hangs nor overflows', () => {
    const made = newTrail({ accept: () => made.record() });
    made.record();
    expect(made.texts.length).toBeLessThan(20);
  });

  it('takes a flood of records, and holds none of them for it', async () => {
    const open = new Set<() => void>();
    const { record, texts, lost } = newTrail({
      accept: () => new Promise<void>((resolve) => open.add(resolve)),
    });
    for (let count = 0; count < 10_000; count++) record();
    expect([open.size, texts.length, lost.length]).toEqual([10_001, 10_001, 0]);
    for (const resolve of open) resolve();
    await settled();
    expect(lost).toEqual([]);
  });
});

describe('the end of a trail', () => {
  it('closes its sinks after the last record, each time it ends', () => {
    const events: string[] = [];
    const { trail, record } = newTrail({
      accept: (each) => void events.push(each.event_name.replace('mcp_audit.', '')),
      close: () => void events.push('close'),
    });
    record();
    trail.end();
    trail.end();
    record();
    trail.close();
    expect(events).toEqual([
      ...['started', 'guardrail', 'stopped', 'close'],
      ...['started', 'guardrail', 'stopped', 'close'],
    ]);
  });

  it('is the same if a sink throws or rejects when it is closed', async () => {
    const throwing = () => {
      throw new Error('secret');
    };
    const other = { ...keeper(), close: vi.fn() };
    const { trail, record, texts } = newTrail(
      { ...keeper(), close: throwing },
      { ...keeper(), name: 'other', close: async () => throwing() },
      other,
    );
    record();
    trail.end();
    expect(other.close).toHaveBeenCalledOnce();
    expect(parse(texts.at(-1) as string).event_name).toBe('mcp_audit.stopped');
    await Promise.all(pendingWork(true));
    expect(stderr).toHaveLength(2);
    expect(stderr.join()).not.toContain('secret');
  });

  it('is the same if a sink returns a promise that cannot be asked', async () => {
    // biome-ignore lint/suspicious/noThenProperty: it is what is tested
    const odd = () => Object.assign(Promise.resolve(), { then: () => undefined });
    const { trail, lost } = newTrail({ accept: odd, close: odd });
    trail.end();
    await Promise.all(pendingWork(true));
    expect(pendingWork(true)).toEqual([]);
    expect([lost, stderr]).toEqual([[], []]);
  });

  it('waits for a sink that closes', async () => {
    let done = () => {};
    const closing = new Promise<void>((resolve) => {
      done = resolve;
    });
    const { trail } = newTrail({ ...keeper(), close: () => closing });
    trail.end();
    const [work, ...others] = pendingWork(true);
    expect([work, others]).toEqual([expect.any(Promise), []]);
    done();
    await work;
    expect(pendingWork(true)).toEqual([]);
    expect(stderr).toEqual([]);
  });

  it('waits two seconds at most for one that never does, and says so once', async () => {
    vi.useFakeTimers();
    const { trail, record } = newTrail({ ...keeper(), close: () => new Promise(() => {}) });
    for (let times = 0; times < 2; times++) {
      record();
      trail.end();
      const [work] = pendingWork(true);
      await vi.advanceTimersByTimeAsync(1000);
      expect(pendingWork(true)).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(1000);
      await work;
      expect(pendingWork(true)).toEqual([]);
      // What delays the end only a moment after another has less time.
      vi.advanceTimersByTime(60_000);
    }
    expect(stderr).toEqual([
      'mcp-trail: the audit sink "custom" was not closed within 2 s: what it holds may be lost\n',
    ]);
  });
});
