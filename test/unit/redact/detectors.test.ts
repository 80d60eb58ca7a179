import { afterEach, describe, expect, test, vi } from 'vitest';
import { RedactionCounts } from '../../../src/redact/redaction-counts.js';
import { type Detector, Redactor } from '../../../src/redact/redactor.js';
import { githubToken, jwt } from './samples.js';

/** A detector that finds every occurrence of a word. */
function finds(word: string, id = 'word'): Detector {
  return {
    id,
    detect: (text) =>
      [...text.matchAll(new RegExp(word, 'g'))].map(({ index }) => ({ start: index, end: index + word.length })),
  };
}

const answers = (answer: unknown): Detector => ({ id: 'odd', detect: () => answer as [] });
const withDetectors = (...detectors: Detector[]) => new Redactor({ detectors });

describe('a detector that fails drops the value', () => {
  const unhandled = vi.fn();
  afterEach(() => process.off('unhandledRejection', unhandled));

  const thrower = () => {
    throw new Error(githubToken);
  };
  const failing: Record<string, unknown> = {
    throws: { id: 'x', detect: thrower },
    'is null': null,
    'is a function': () => [],
    'has a throwing id and no detect': Object.defineProperty({}, 'id', { get: thrower }),
    'answers undefined': answers(undefined),
    'answers a string': answers('abc'),
    'answers a set': answers(new Set()),
    'answers null spans': answers([null]),
    'answers empty objects': answers([{}]),
    'answers NaN': answers([{ start: Number.NaN, end: 1 }]),
    'answers fractions': answers([{ start: 0.5, end: 1 }]),
    'answers infinity': answers([{ start: 0, end: Number.POSITIVE_INFINITY }]),
    'answers a negative start': answers([{ start: -1, end: 1 }]),
    'answers beyond the end': answers([{ start: 0, end: 1_000_000 }]),
    'answers backwards': answers([{ start: 2, end: 1 }]),
    'answers nothing as something': answers([{ start: 1, end: 1 }]),
    'answers text': answers([{ start: '0', end: '1' }]),
    'answers a huge array': answers(new Array(1e9)),
    'answers too many spans': answers(Array.from({ length: 257 }, () => ({ start: 0, end: 1 }))),
    'answers a throwing span': answers([Object.defineProperty({}, 'start', { get: thrower })]),
    'answers a throwing array': answers(new Proxy([], { get: thrower })),
    'answers a promise': answers(Promise.resolve([])),
  };

  test.each(Object.entries(failing))('one that %s', (_, detector) => {
    const redactor = withDetectors(detector as Detector);
    const counts = new RedactionCounts();
    expect(redactor.name('tool', 'get_weather', counts)).toBe('[REDACTED]');
    expect(redactor.uri('uri', 'note://today', counts)).toBe('[REDACTED]');
    expect(redactor.text('text', 'hello', counts)).toBeUndefined();
    expect(redactor.field('f', 'text', 'hello', counts)).toBeUndefined();
    expect([...counts.rules]).toEqual(['detector_error']);
    expect([...counts.dropped]).toEqual(['tool', 'uri', 'text', 'f']);
    expect(redactor.value('v', { a: 'hello', n: 1, yes: true }, counts)).toEqual({ '[REDACTED]': true });
    expect(JSON.stringify(redactor.value('v', ['hello', 1]))).toBe('["[REDACTED]","[REDACTED]"]');
  });

  test('anything but a list of detectors is a detector that fails', () => {
    const redactor = new Redactor({ detectors: 'x' as unknown as Detector[] });
    expect(redactor.name('tool', 'get_weather')).toBe('[REDACTED]');
  });

  test('a rejection is ignored', async () => {
    process.on('unhandledRejection', unhandled);
    const rejecting = { id: 'x', detect: async () => Promise.reject(new Error('no')) } as unknown as Detector;
    expect(withDetectors(rejecting).text('text', 'hello')).toBeUndefined();
    // biome-ignore lint/suspicious/noThenProperty: a promise of another library is what is tested
    const thenable = { then: (_: unknown, reject: (reason: Error) => void) => reject(new Error('no')) };
    expect(withDetectors(answers(thenable)).text('text', 'hello')).toBeUndefined();
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe('what a detector finds is hidden', () => {
  const redactor = withDetectors(finds('sesame'));

  test('in every string that leaves', () => {
    const counts = new RedactionCounts();
    expect(redactor.name('tool', 'open_sesame', counts)).toBe('open_[REDACTED:word]');
    expect(redactor.uri('uri', 'note://sesame/a', counts)).toBe('note://[REDACTED:word]/a');
    expect(redactor.text('text', 'sesame, sesame', counts)).toBe('[REDACTED:word], [REDACTED:word]');
    expect(redactor.value('v', { sesame: ['sesame'] }, counts)).toEqual({ '[REDACTED:word]': ['[REDACTED:word]'] });
    expect(counts.count).toBe(6);
    expect([...counts.rules]).toEqual(['detector:word']);
    expect(counts.dropped.size).toBe(0);
  });

  test('by several, one after the other, overlapping or not in order', () => {
    const first = answers([
      { start: 6, end: 9 },
      { start: 0, end: 3 },
      { start: 2, end: 4 },
    ]);
    const both = withDetectors(first, finds('tail', 'end'));
    expect(both.text('t', 'abcdefghi tail')).toBe('[REDACTED:odd]ef[REDACTED:odd] [REDACTED:end]');
  });

  test('also across the bound', () => {
    for (let lead = 240; lead <= 256; lead++) {
      expect(redactor.name('tool', `${'-'.repeat(lead)}sesame${'-'.repeat(100)}`)).not.toMatch(
        /s(?:e(?:s(?:a|…)|…)|…)/,
      );
    }
  });

  test('and its id is shown only if it is safe', () => {
    for (const id of ['', 'a b', 'x'.repeat(33), 'a]', '\u0000', 42, null, githubToken]) {
      const odd = withDetectors(finds('sesame', id as string));
      expect(odd.text('t', 'sesame')).toBe('[REDACTED:custom]');
    }
  });

  test('and the remaining half of a character is replaced', () => {
    expect(withDetectors(answers([{ start: 1, end: 2 }])).text('t', '😀a')).toBe('\ufffd[REDACTED:odd]a');
  });
});

test('a detector never sees what the patterns hide, and no more than the bounds', () => {
  const seen: string[] = [];
  const spy: Detector = {
    id: 'spy',
    detect(text) {
      expect(this).toBe(spy);
      seen.push(text);
      return [];
    },
  };
  const redactor = withDetectors(spy);
  redactor.name('tool', `a ${jwt}`);
  redactor.name('tool', `${'b '.repeat(1000)}${githubToken}`);
  redactor.text('text', 'c'.repeat(1_000_000));
  expect(seen[0]).toBe('a [REDACTED:jwt]');
  expect(seen[1]).not.toContain(githubToken.slice(0, 8));
  expect(Math.max(...seen.map((text) => text.length))).toBeLessThanOrEqual(8192 + 4096);
});

test('without detectors everything stays as it was', () => {
  expect(new Redactor({ detectors: [] }).name('tool', 'get_weather')).toBe('get_weather');
});
