import { describe, expect, it } from 'vitest';
import { collector } from '../../../../src/cli/timeline/collect.js';
import { CORRELATION, call, type Fields, record, TRACE } from '../records.js';

const ELSEWHERE = { trace_id: 'f'.repeat(32), 'mcp_audit.correlation.id': 'another' };

function collect(id: string, records: readonly Fields[], limits = {}) {
  const { add, collected } = collector(id, limits);
  for (const each of records) add(each);
  return collected();
}

describe('what is collected for an id', () => {
  it('is nothing of another one', () => {
    const others = [
      record('session', 'agent', 0, ELSEWHERE),
      ...call('agent', { side: 'client', from: 0, to: 1, fields: ELSEWHERE }),
    ];
    expect(collect(CORRELATION, others).records).toEqual([]);
    expect(collect(CORRELATION.toUpperCase(), [record('session', 'agent', 0)]).records).toEqual([]);
  });

  it('are the records with that correlation id, or with that trace id in any case', () => {
    const mine = [record('session', 'agent', 0), record('session', 'agent', 1)];
    expect(collect(CORRELATION, mine).records).toEqual(mine);
    expect(collect(TRACE.toUpperCase(), mine).records).toEqual(mine);
    const shouted = [record('session', 'agent', 0, { trace_id: TRACE.toUpperCase() })];
    expect(collect(TRACE, shouted).records).toEqual(shouted);
  });

  it('are those of the same operation too, before the match and after it', () => {
    const same = { ...ELSEWHERE, 'mcp_audit.operation.id': 'o' };
    const before = record('request', 'agent', 0, same);
    const match = record('response', 'agent', 1, { 'mcp_audit.operation.id': 'o' });
    const after = record('guardrail', 'agent', 2, same);
    const other = record('guardrail', 'agent', 2, { ...same, 'mcp_audit.operation.id': 'p' });
    expect(collect(CORRELATION, [other, before, match, after]).records).toEqual([before, match, after]);
  });

  it('are gaps in the trail, whatever id is asked for', () => {
    const gap = record('gap', 'agent', 0, ELSEWHERE);
    expect(collect(CORRELATION, [gap])).toMatchObject({ records: [], gaps: [gap] });
  });

  it('is each record once, and says how many copies there were', () => {
    const one = record('session', 'agent', 0);
    const reordered = Object.fromEntries(Object.entries(one).reverse());
    expect(collect(CORRELATION, [one, { ...one }, reordered])).toMatchObject({ records: [one], duplicates: 2 });
  });

  it('is both records where two have one id and are not the same', () => {
    const one = record('session', 'agent', 0);
    const forged = { ...one, 'audit.actor.id': 'mallory' };
    expect(collect(CORRELATION, [one, forged, forged])).toMatchObject({
      records: [one, forged],
      duplicates: 1,
      conflicting: 1,
    });
  });

  it('is bounded, and says so', () => {
    const many = Array.from({ length: 5 }, (_, n) => record('session', 'agent', n));
    expect(collect(CORRELATION, many, { maxCollected: 3 })).toMatchObject({ records: many.slice(0, 3), leftOut: 2 });
    const waiting = Array.from({ length: 4 }, (_, n) =>
      record('request', 'agent', n, { ...ELSEWHERE, 'mcp_audit.operation.id': `o${n}` }),
    );
    const first = record('response', 'agent', 9, { 'mcp_audit.operation.id': 'o0' });
    const last = record('response', 'agent', 9, { 'mcp_audit.operation.id': 'o3' });
    expect(collect(CORRELATION, [...waiting, first, last], { maxWaiting: 2 })).toMatchObject({
      records: [first, waiting[3], last],
      forgotten: 2,
    });
  });

  it('survives values that are not records', () => {
    const odd = [
      { event_name: 'mcp_audit.x' },
      { event_name: 'mcp_audit.x', trace_id: { a: 1 } },
      { 'audit.record.id': 7 },
    ];
    expect(collect(CORRELATION, odd).records).toEqual([]);
    const without = record('x', 'agent', 0, { 'audit.record.id': undefined });
    expect(collect(CORRELATION, [without, without]).records).toHaveLength(2);
  });
});
