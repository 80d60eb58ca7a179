import { afterEach, describe, expect, test, vi } from 'vitest';
import { RedactionCounts } from '../../../src/redact/redaction-counts.js';
import { type FieldKind, Redactor, type RedactorOptions } from '../../../src/redact/redactor.js';
import { githubToken, SECRETS } from './samples.js';

const KINDS: readonly FieldKind[] = ['name', 'uri', 'text'];

/** A clock for a hook that takes this many milliseconds per call. */
function clockOf(milliseconds: number): () => number {
  let readings = 0;
  return () => (readings++ % 2 === 0 ? 1000 : 1000 + milliseconds);
}

describe('a hook that fails drops the field', () => {
  const unhandled = vi.fn();
  afterEach(() => process.off('unhandledRejection', unhandled));

  const throws = () => {
    throw new Error('no');
  };
  const failing: Record<string, RedactorOptions> = {
    throws: { redact: throws },
    'answers null': { redact: (() => null) as unknown as () => string },
    'answers a number': { redact: (() => 42) as unknown as () => string },
    'is not a function': { redact: 'x' as unknown as () => string },
    'takes longer than 5 ms': { redact: () => 'x', now: clockOf(5.1) },
    'is timed by a clock that throws': { redact: () => 'x', now: throws },
    'is timed by a clock without a valid time': { redact: () => 'x', now: () => Number.NaN },
  };

  test.each(Object.entries(failing))('one that %s', (_, options) => {
    const redactor = new Redactor(options);
    for (const kind of KINDS) {
      const counts = new RedactionCounts();
      expect(redactor.field('user.name', kind, 'joe', counts)).toBeUndefined();
      expect(redactor.field('user.name', kind, 'joe')).toBeUndefined();
      expect([counts.count, [...counts.rules], [...counts.dropped]]).toEqual([1, ['hook_error'], ['user.name']]);
    }
  });

  test('an async one, and its rejection is ignored', async () => {
    process.on('unhandledRejection', unhandled);
    const redact = (async () => Promise.reject(new Error('no'))) as unknown as () => string;
    expect(new Redactor({ redact, now: () => 0 }).field('f', 'name', 'x')).toBeUndefined();
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe('the hook', () => {
  test('refuses a field with undefined, on purpose', () => {
    const counts = new RedactionCounts();
    expect(new Redactor({ redact: () => undefined }).field('user.name', 'name', 'joe', counts)).toBeUndefined();
    expect([counts.count, [...counts.rules], [...counts.dropped]]).toEqual([1, ['hook'], ['user.name']]);
  });

  test('changes a field, within the bounds of its kind, on one line if the kind has one', () => {
    const answering = new Redactor({ redact: () => `a\u0000\n\ud800${'😀'.repeat(100_000)}` });
    const counts = new RedactionCounts();
    const [name, uri, text] = KINDS.map((kind) => answering.field('f', kind, 'x', counts) ?? '');
    expect(name).toMatch(/^a\ufffd\ufffd\ufffd(?:😀)+…$/u);
    expect(name?.length).toBeLessThanOrEqual(256);
    expect(uri?.length).toBeLessThanOrEqual(1024);
    expect(Buffer.byteLength(text ?? '')).toBeLessThanOrEqual(8192);
    expect([counts.count, [...counts.rules], counts.dropped.size]).toEqual([3, ['hook'], 0]);
  });

  test('counts nothing if it changes nothing, and has 5 ms', () => {
    const counts = new RedactionCounts();
    const same = new Redactor({ redact: (_, value) => value, now: clockOf(5) });
    expect(same.field('f', 'name', 'joe', counts)).toBe('joe');
    expect(counts.count).toBe(0);
  });

  test('is called last for every kind: it never sees what the patterns and detectors hide', () => {
    const redact = vi.fn((_field: string, value: string) => value);
    const redactor = new Redactor({ redact, detectors: [{ id: 'first', detect: () => [{ start: 0, end: 1 }] }] });
    redactor.field('a', 'name', `x ${githubToken}`);
    redactor.field('b', 'uri', 'note://x?secret');
    redactor.field('c', 'text', 'line\nline');
    expect(redact.mock.calls).toEqual([
      ['a', '[REDACTED:first] [REDACTED:github]'],
      ['b', '[REDACTED:first]ote://x'],
      ['c', '[REDACTED:first]ine\nline'],
    ]);
  });

  test('has no time limit for content, and counts what it did', () => {
    const slow = new Redactor({ redact: () => 'x', now: clockOf(100) });
    const counts = new RedactionCounts();
    expect(slow.text('t', 'joe', counts)).toBe('x');
    expect(slow.value('v', { a: 1 }, counts)).toBe('x');
    expect([counts.count, [...counts.rules]]).toEqual([2, ['hook']]);
    expect(new Redactor({ redact: () => undefined }).value('v', { a: 1 }, counts)).toBeUndefined();
    expect([...counts.dropped]).toEqual(['v']);
  });
});

describe('a field without a hook', () => {
  const redactor = new Redactor();

  test.each(KINDS)('hides every kind of secret as %s', (kind) => {
    for (const { secret, text = secret } of Object.values(SECRETS))
      expect(redactor.field('f', kind, text) ?? '').not.toContain(secret);
  });

  test('equals the method of its kind', () => {
    for (const text of ['get_weather', 'https://joe@example.com/a?b', 'a\nb', 'x'.repeat(10_000), '\ud800']) {
      for (const kind of KINDS) expect(redactor.field('f', kind, text)).toBe(redactor[kind]('f', text));
    }
  });

  test('never throws for anything but a string', () => {
    const [name, uri, text] = KINDS.map((kind) => redactor.field('f', kind, {} as string));
    expect([name, uri, text]).toEqual(['[REDACTED]', '[REDACTED]', undefined]);
  });
});

test('the hook sees a string composed of redacted parts, too', () => {
  const redact = vi.fn((_field: string, value: string) => value.toUpperCase());
  const counts = new RedactionCounts();
  expect(new Redactor({ redact, now: () => 0 }).approved('f', 'name', 'a.b', counts)).toBe('A.B');
  expect(redact.mock.calls).toEqual([['f', 'a.b']]);
  expect(new Redactor().approved('f', 'name', 'a.b')).toBe('a.b');
  expect([...counts.rules]).toEqual(['hook']);
});
