import { afterEach, describe, expect, test, vi } from 'vitest';
import { Redactor, type RedactorOptions } from '../../../src/redact/redactor.js';
import { AT, githubToken, LOOK_ALIKES, noise, SECRETS } from './samples.js';

const redactor = new Redactor();
const bytes = (text: string | undefined) => Buffer.byteLength(text ?? '');
const HOSTILE = [
  '\u0000\u001b[31m',
  '\ud800',
  '\udc00\ud800',
  '\u202eabc\u2066',
  'a\r\nb',
  '😀'.repeat(500),
  '\u0000'.repeat(1_000_000),
];

describe('name', () => {
  test.each(HOSTILE)('is short and well formed for hostile input %#', (input) => {
    const result = redactor.name('tool', input);
    expect(result.length).toBeLessThanOrEqual(256);
    expect(result).not.toMatch(/[\p{Cc}\p{Cs}\u202e\u2066]/u);
  });

  test.each([undefined, null, 42, {}, Symbol('x')])('never throws for what is not a string: %s', (input) => {
    expect(redactor.name('tool', input as unknown as string)).toBe('[REDACTED]');
  });

  test('hides every kind of secret', () => {
    for (const { secret, text = secret } of Object.values(SECRETS))
      expect(redactor.name('tool', text)).not.toContain(secret);
  });

  test('shows no part of a secret across its bound', () => {
    for (let lead = 215; lead <= 256; lead++) {
      expect(redactor.name('tool', `${'-'.repeat(lead)}${githubToken}`)).not.toContain(githubToken.slice(0, 8));
    }
  });

  test('marks a cut', () => {
    expect(redactor.name('tool', 'a'.repeat(1_000_000))).toBe(`${'a'.repeat(255)}…`);
    expect(redactor.name('tool', 'a'.repeat(256))).toBe('a'.repeat(256));
  });

  test('keeps look-alikes: 0 false hits', () => {
    expect(LOOK_ALIKES.filter((text) => redactor.name('tool', text) !== text)).toEqual([]);
  });
});

describe('text', () => {
  test.each([512, 1000, 8192])('keeps within %d bytes, and marks how much is missing', (maxContentBytes) => {
    const bounded = new Redactor({ maxContentBytes });
    for (const unit of ['a', 'é', '€', '😀', '\ud800', 'a😀']) {
      const result = bounded.text('result', unit.repeat(1_000_000)) ?? '';
      expect(bytes(result)).toBeLessThanOrEqual(maxContentBytes);
      expect(result).not.toMatch(/\p{Cs}/u);
      const [, kept = '', cut] = /^(.*)…\[cut (\d+) bytes\]$/su.exec(result) ?? [];
      expect(bytes(kept) + Number(cut)).toBe(bytes(unit.repeat(1_000_000)));
    }
  });

  test('keeps line breaks, and cuts nothing that fits', () => {
    expect(redactor.text('result', 'a\n\tb\u0000')).toBe('a\n\tb\ufffd');
    expect(redactor.text('result', 'a'.repeat(8192))).toBe('a'.repeat(8192));
  });

  test('shows no part of a secret across its bound', () => {
    const bounded = new Redactor({ maxContentBytes: 512 });
    for (let lead = 440; lead <= 512; lead++) {
      expect(bounded.text('result', `${' '.repeat(lead)}${githubToken}`)).not.toContain(noise(6));
    }
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])(
    'a senseless bound of %d becomes a sensible one',
    (maxContentBytes) => {
      const result = new Redactor({ maxContentBytes }).text('result', 'a'.repeat(100_000));
      expect(bytes(result)).toBeGreaterThan(400);
      expect(bytes(result)).toBeLessThanOrEqual(8192);
    },
  );
});

describe('the hook', () => {
  const unhandled = vi.fn();
  afterEach(() => process.off('unhandledRejection', unhandled));

  const failing: Record<string, unknown> = {
    throws: () => {
      throw new Error('no');
    },
    'returns nothing': () => undefined,
    'returns a number': () => 42,
    'returns an object': () => ({ toString: () => 'x' }),
    'is not a function': 'x',
  };
  test.each(Object.entries(failing))('that %s drops the value', (_, redact) => {
    const hooked = new Redactor({ redact } as RedactorOptions);
    expect(hooked.text('result', 'x')).toBeUndefined();
    expect(hooked.value('arguments', { x: 1 })).toBeUndefined();
    expect(hooked.name('tool', 'get_weather')).toBe('get_weather');
  });

  test('drops the value if it is async, and its rejection is ignored', async () => {
    process.on('unhandledRejection', unhandled);
    const redact = (async () => Promise.reject(new Error('no'))) as unknown as () => string;
    expect(new Redactor({ redact, now: () => 0 }).text('result', 'x')).toBeUndefined();
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).not.toHaveBeenCalled();
  });

  test('is called last: it never sees what the patterns hide', () => {
    const redact = vi.fn((_field: string, value: string) => value);
    const hooked = new Redactor({ redact, now: () => 0 });
    hooked.text('result', `see ${githubToken}`);
    hooked.value('arguments', { q: githubToken, password: 'x' });
    expect(redact.mock.calls).toEqual([
      ['result', 'see [REDACTED:github]'],
      ['arguments', '{"q":"[REDACTED:github]","password":"[REDACTED]"}'],
    ]);
  });

  test('replaces the value, still within the bound and well formed', () => {
    const replacing = (text: string) => new Redactor({ redact: () => text, now: () => 0 });
    expect(replacing('shorter').text('result', 'x')).toBe('shorter');
    expect(replacing('{"a":2}').value('arguments', { a: 1 })).toEqual({ a: 2 });
    expect(replacing('gone').value('arguments', { a: 1 })).toBe('gone');
    expect(bytes(replacing('€'.repeat(100_000)).text('result', 'x'))).toBeLessThanOrEqual(8192);
    expect(replacing('\ud800').text('result', 'x')).toBe('\ufffd');
  });
});

describe('uri', () => {
  test.each([
    [`https://joe:hunter2${AT}example.com:8080/a/b?token=hunter2#hunter2`, 'https://example.com:8080/a/b'],
    [`postgres://joe:hunt/er2${AT}db/app`, 'postgres://[REDACTED]'],
    [`postgres://joe:hunt#er2${AT}db/app`, 'postgres://[REDACTED]'],
    [`postgres://joe:hun@ter2${AT}db/app`, 'postgres://db/app'],
    [`https://${'hunter2'.repeat(10_000)}:x@example.com/`, 'https://example.com/'],
    [`jdbc:postgresql://joe:hunter2${AT}db/app`, 'jdbc:postgresql://db/app'],
    [`//joe:hunter2${AT}example.com/a`, '//example.com/a'],
    [`https:\\\\joe:hunter2${AT}example.com\\a`, 'https:\\\\example.com\\a'],
    [`https://proxy/https://joe:hunter2${AT}example.com/`, 'https://proxy/https://[REDACTED:userinfo]@example.com/'],
    ['https://[::1]:8080/a', 'https://[::1]:8080/a'],
    ['https://example.com/@scope/package', 'https://example.com/@scope/package'],
    ['docs://key:value/path', 'docs://key:value/path'],
    ['docs://key:value/path@2', 'docs://key:value/path@2'],
    ['docs://key:value?user=a@b', 'docs://key:value'],
    ['npm://@scope/pkg@1.2.3', 'npm://@scope/pkg@1.2.3'],
    ['npm://react@18.2.0/README.md', 'npm://react@18.2.0/README.md'],
    [`npm://joe:hunter2${AT}18.2.0/a`, 'npm://18.2.0/a'],
    ['https://@example.com/a', 'https://@example.com/a'],
    [`x://@hunter2${AT}example.com/a`, 'x://example.com/a'],
    ['repo://lib@1.2.3.tgz', 'repo://1.2.3.tgz'],
    ['https://{host}:{port}/a', 'https://{host}:{port}/a'],
    [`git+ssh://joe:hunt/er2${AT}example.com/a`, 'git+ssh://[REDACTED]'],
    ['file:///home/notes.md', 'file:///home/notes.md'],
    ['note://today', 'note://today'],
    ['urn:isbn:0451450523', 'urn:isbn:0451450523'],
    ['weather/{city}', 'weather/{city}'],
    ['not a uri', 'not a uri'],
    ['', ''],
    ['data:text/plain;base64,aHVudGVyMg==', 'data:text/plain,[REDACTED:data]'],
    ['DATA:,hunter2', 'data:,[REDACTED:data]'],
    [' \n data:text/plain,hunter2', 'data:text/plain,[REDACTED:data]'],
    ['da\nta:text/plain,hunter2', 'data:text/plain,[REDACTED:data]'],
    [`data:${githubToken}/x,hunter2`, 'data:,[REDACTED:data]'],
    [`files://a/${githubToken}/b`, 'files://a/[REDACTED:github]/b'],
    ['https://example.com/a;jsessionid=hunter2', 'https://example.com/a;jsessionid=[REDACTED:assignment]'],
    ['mailto:joe@example.com', 'mailto:[REDACTED:email]'],
  ])('%j', (input, expected) => {
    expect(redactor.uri('uri', input)).toBe(expected);
  });

  test.each([
    ...HOSTILE,
    `file:///${'a/'.repeat(500_000)}`,
    `${'a:'.repeat(500_000)}//`,
    '@'.repeat(1_000_000),
    `x://${'@'.repeat(1e6)}`,
  ])('is bounded and well formed for hostile input %#', (input) => {
    const result = redactor.uri('uri', input);
    expect(result.length).toBeLessThanOrEqual(1024);
    expect(result).not.toMatch(/[\p{Cc}\p{Cs}]/u);
  });

  test('never throws for anything but a string', () => {
    expect(redactor.uri('uri', undefined as unknown as string)).toBe('[REDACTED]');
  });
});
