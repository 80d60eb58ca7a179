import { describe, expect, it } from 'vitest';
import { recordsIn } from '../../../src/cli/exports/found.js';
import type { Line } from '../../../src/cli/read-lines.js';
import { newReading, numberOf, readRecords, textOf } from '../../../src/cli/read-records.js';
import { otlpLine, record } from './records.js';

const ONE = record('request', 'agent', 0);
const TWO = record('response', 'agent', 1);
const TEXT = JSON.stringify(ONE);

describe('a line without a record', () => {
  it.each([
    ['other JSON', '{"message":"hello","level":"info"}'],
    ['another event', '{"event_name":"user.login"}'],
    ['a number', '7'],
    ['nothing', 'null'],
    ['an element of a document of several lines', '{"level":"info"},'],
    ['traces', '{"resourceSpans":[{"scopeSpans":[]}]}'],
    ['a log line that only looks like JSON', '{"message":"{not json}"}'],
    ['an inherited name', '{"__proto__":{"event_name":"mcp_audit.request"}}'],
  ])('is skipped: %s', (_, line) => {
    expect(recordsIn(line)).toEqual({ records: [], broken: false });
  });

  it.each([
    ['no JSON', 'panic: at main.go:7'],
    ['cut off', TEXT.slice(0, 100)],
    ['cut off inside', JSON.stringify({ message: TEXT.slice(0, 100) })],
  ])('is broken: %s', (_, line) => {
    expect(recordsIn(line)).toEqual({ records: [], broken: true });
  });

  it('is searched to a limit', () => {
    const deep = `${'{"body":'.repeat(50_000)}${TEXT}${'}'.repeat(50_000)}`;
    expect(recordsIn(deep).records).toEqual([]);
    let nested = TEXT;
    for (let depth = 0; depth < 8; depth += 1) nested = JSON.stringify({ body: nested });
    expect(recordsIn(nested).records).toEqual([]);
  });
});

describe('a record is found', () => {
  it.each([
    ['alone', TEXT],
    ['in OTLP JSON', otlpLine([ONE])],
    ['in OTLP JSON, as an object of a backend', JSON.stringify({ body: ONE })],
    ['in logcli --output=jsonl', JSON.stringify({ labels: { service_name: 'agent' }, line: TEXT, timestamp: 'x' })],
    ['in an answer of Loki', JSON.stringify({ data: { result: [{ stream: {}, values: [['1700', TEXT]] }] } })],
    ['in a document of Elasticsearch', JSON.stringify({ _index: 'logs', _source: { body: { text: TEXT } } })],
    ['in an answer of Elasticsearch', JSON.stringify({ hits: { total: 1, hits: [{ _source: { message: TEXT } }] } })],
    ['in an export of Datadog', JSON.stringify({ id: 'A', type: 'log', attributes: { message: TEXT } })],
    ['in a list', JSON.stringify([{ message: TEXT }])],
  ])('%s', (_, line) => {
    expect(recordsIn(line)).toEqual({ records: [ONE], broken: false });
  });

  it('once if an export has it twice', () => {
    expect(recordsIn(JSON.stringify({ message: TEXT, attributes: ONE })).records).toEqual([ONE]);
  });

  it('with all others of its line', () => {
    expect(recordsIn(otlpLine([ONE, TWO])).records).toEqual([ONE, TWO]);
  });

  it('beside a truncated one, which is counted', () => {
    const line = JSON.stringify([{ message: TEXT }, { message: TEXT.slice(0, -1) }]);
    expect(recordsIn(line)).toEqual({ records: [ONE], broken: true });
  });
});

describe('reading', () => {
  it('counts skipped lines, and knows the first', async () => {
    async function* lines(): AsyncGenerator<Line> {
      yield { number: 1, text: TEXT };
      yield { number: 3, text: 'broken' };
      yield { number: 4, text: undefined };
      yield { number: 5, text: 'broken' };
      yield { number: 6, text: otlpLine([ONE, TWO]) };
    }
    const reading = newReading();
    const found = [];
    for await (const each of readRecords(lines(), reading)) found.push(each);
    expect(found).toEqual([ONE, ONE, TWO]);
    expect(reading).toEqual({
      lines: 5,
      records: 3,
      broken: { count: 2, first: 3 },
      tooLong: { count: 1, first: 4 },
    });
  });
});

describe('a field', () => {
  it('is text or undefined, whatever the value', () => {
    const of = (value: unknown) => textOf({ trace_id: value }, 'trace_id');
    expect([of('a'), of(7), of(true), of(['a', 'b']), of(['a', 7, {}])]).toEqual(['a', '7', 'true', 'a,b', 'a']);
    expect([of(''), of(null), of({}), of([]), of(undefined)]).toEqual(Array(5).fill(undefined));
    expect(textOf(JSON.parse('{"__proto__":{"trace_id":"a"}}'), 'trace_id')).toBeUndefined();
  });

  it('is a number or undefined', () => {
    const of = (value: unknown) => numberOf({ 'mcp_audit.duration_ms': value }, 'mcp_audit.duration_ms');
    expect([of(7), of('7'), of(1.5)]).toEqual([7, 7, 1.5]);
    expect([of(-7), of('x'), of('9'.repeat(400)), of(1e300), of('')]).toEqual(Array(5).fill(undefined));
  });
});
