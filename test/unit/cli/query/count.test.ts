import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { Durations, percentile } from '../../../../src/cli/query/durations.js';
import { seeded } from '../../../support/full-records.js';
import { smallTrail } from '../../../support/small-trail.js';
import { call, type Fields, record } from '../records.js';
import { queryFiles } from './query-run.js';

const SMALL = Object.fromEntries(Object.entries(smallTrail()).map(([name, lines]) => [name, `${lines.join('\n')}\n`]));

function took(ms: number, tool = 'search', result: Fields = {}): Fields[] {
  return call('weather', { side: 'server', from: 0, to: ms, tool, result });
}

async function countsAs(form: string, files: Parameters<typeof queryFiles>[0], ...args: string[]) {
  const { out } = await queryFiles(files, '--output', form, ...args);
  return out;
}

describe('counts', () => {
  it('are a table for people, with a total', async () => {
    expect(await countsAs('table', SMALL, '--count-by', 'tool,actor')).toBe(
      [
        'tool          actor  count  failed   share    p50    p95',
        'find_sights   alice      2       0    0.0%   38ms   41ms',
        'delete_sight  alice      1       1  100.0%    6ms    6ms',
        'export_all    carol      1       1  100.0%    3ms    3ms',
        'forecast      bob        1       0    0.0%  212ms  212ms',
        'forecast      carol      1       1  100.0%  1.43s  1.43s',
        'total                    6       3   50.0%   38ms  1.43s',
        '',
      ].join('\n'),
    );
  });

  it('are the same as JSON, as lines and as CSV', async () => {
    const { groups, total } = JSON.parse(await countsAs('json', SMALL, '--count-by', 'service,decision'));
    expect(groups).toEqual([
      { service: 'sights', decision: 'deny', count: 2, failed: 2, failed_share: 1, p50_ms: 3, p95_ms: 6 },
      { service: 'sights', decision: null, count: 2, failed: 0, failed_share: 0, p50_ms: 38, p95_ms: 41 },
      { service: 'weather', decision: null, count: 2, failed: 1, failed_share: 0.5, p50_ms: 212, p95_ms: 1430 },
    ]);
    expect(total).toEqual({ count: 6, failed: 3, failed_share: 0.5, p50_ms: 38, p95_ms: 1430 });
    const lines = (await countsAs('jsonl', SMALL, '--count-by', 'service,decision')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(groups);
    const rows = parse(await countsAs('csv', SMALL, '--count-by', 'service,decision'), { columns: true });
    expect(rows).toEqual(
      groups.map((group: object) =>
        Object.fromEntries(Object.entries(group).map(([key, value]) => [key, String(value ?? '')])),
      ),
    );
  });

  it('have an operation once, by its response, unless certain events are asked for', async () => {
    const refused = record('authorization', 'weather', 0, { 'mcp_audit.access.decision': 'deny' });
    const decided = { ...record('authorization', 'weather', 0), 'mcp_audit.operation.id': 'operation-of-response' };
    const files = { 'a.jsonl': [...took(5), decided, refused, ...call('weather', { side: 'server', from: 0 })] };
    const countOf = async (...args: string[]) => JSON.parse(await countsAs('json', files, ...args)).total.count;
    expect(await countOf('--count-by', 'service')).toBe(2);
    expect(await countOf('--count-by', 'service', '--event', 'request')).toBe(2);
    expect(await countOf('--count-by', 'service', '--event', '*')).toBe(5);
  });

  it('take keys of fields, and lists as one value', async () => {
    const files = { 'a.jsonl': [record('session', 'weather', 0, { 'user.roles': ['b', 'a'] })] };
    const { groups } = JSON.parse(await countsAs('json', files, '--count-by', 'event,user.roles'));
    expect(groups).toMatchObject([{ event: 'session', 'user.roles': 'b,a', count: 1, p50_ms: null }]);
  });

  it('have as many groups as the limit says, and all records in the total', async () => {
    const files = { 'a.jsonl': Array.from({ length: 150 }, (_, n) => took(n, `tool-${n}`)).flat() };
    const { out, err } = await queryFiles(files, '--count-by', 'tool');
    expect(out.split('\n')).toHaveLength(1 + 100 + 1 + 1);
    expect(out).toMatch(/^total +150 /m);
    expect(err).toBe('50 more groups (--limit none shows all)\n');
    expect((await queryFiles(files, '--count-by', 'tool', '--limit', 'none')).err).toBe('');
  });

  it('have records of more groups than memory is meant for in one', async () => {
    const files = { 'a.jsonl': Array.from({ length: 10_050 }, (_, n) => took(1, `tool-${n}`)[1] as Fields) };
    const { out, err } = await queryFiles(files, '--count-by', 'tool', '--limit', 'none', '-o', 'json');
    const { groups, total } = JSON.parse(out);
    expect(groups).toHaveLength(10_001);
    expect(groups.at(-1)).toMatchObject({ others: true, count: 50 });
    expect(total.count).toBe(10_050);
    expect(err).toBe('more than 10000 groups: 50 records of others are counted together\n');
  });
});

describe('percentiles', () => {
  it('are exact, by the nearest rank', () => {
    const durations = new Durations();
    const group = durations.group();
    for (let ms = 100; ms > 0; ms--) durations.add(group, ms);
    expect([0.01, 0.5, 0.95, 1].map((share) => percentile(group, share))).toEqual([1, 50, 95, 100]);
    expect(durations.error).toBe(0);
    expect(percentile(durations.group(), 0.5)).toBeUndefined();
  });

  it('are as exact as they say where memory is short, and memory stays', () => {
    const random = seeded(5);
    const durations = new Durations(2_000);
    const groups = [durations.group(), durations.group(), durations.group()];
    const exact = groups.map((): number[] => []);
    for (let n = 0; n < 100_000; n++) {
      const at = n % 3;
      const ms = Math.floor(Math.exp(random(2 ** 20) / 2 ** 16));
      durations.add(groups[at] as Map<number, number>, ms);
      exact[at]?.push(ms);
    }
    expect(groups.reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(2_000);
    expect(durations.error).toBeGreaterThan(0);
    expect(durations.error).toBeLessThan(0.05);
    groups.forEach((group, at) => {
      const sorted = (exact[at] as number[]).sort((a, b) => a - b);
      for (const share of [0.5, 0.95]) {
        const right = sorted[Math.ceil(sorted.length * share) - 1] as number;
        expect(Math.abs((percentile(group, share) as number) - right)).toBeLessThanOrEqual(durations.error * right);
      }
    });
  });
});
