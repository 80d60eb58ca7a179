import { diag } from '@opentelemetry/api';
import { afterEach, expect, test, vi } from 'vitest';
import { show } from '../../../src/options/problem.js';
import { shown } from '../../../src/redact/scrub.js';
import { reportFailure, warnOperator } from '../../../src/report/report.js';

const TOKEN = ['gh', 'p_', 'a1B2'.repeat(9)].join('');
const URL_WITH_PASSWORD = ['postgres://joe:', 'hunter2hunter2hunter2hunter2', '@', 'db.example.com/app'].join('');

afterEach(() => {
  vi.restoreAllMocks();
  diag.disable();
});

test('a value is shown on one line, and cut', () => {
  expect(shown('a\nb', 10)).toBe('a\ufffdb');
  expect(shown('x'.repeat(50), 40)).toBe(`${'x'.repeat(39)}…`);
});

test('a secret is recognised before the value is cut', () => {
  expect(shown(URL_WITH_PASSWORD, 20)).toBe('postgres://[REDACTE…');
  expect(show(TOKEN)).toBe('"[REDACTED:github]"');
  expect(show(URL_WITH_PASSWORD)).not.toContain('hunter2');
});

test('a warning contains no secret, wherever it came from', () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  warnOperator(`/run/${TOKEN}/policy.json cannot be read`);
  expect(write).toHaveBeenCalledWith('mcp-trail: /run/[REDACTED:github]/policy.json cannot be read\n');
});

test('a failure is reported without a secret in its class name', () => {
  const told: string[] = [];
  const tell = (text: string) => told.push(text);
  diag.setLogger({ error: tell, warn: tell, info: tell, debug: tell, verbose: tell });
  const Class = { [TOKEN]: class extends Error {} }[TOKEN] as ErrorConstructor;
  reportFailure('a place of this test', new Class('x'));
  expect(told.join()).toContain('([REDACTED:github])');
  expect(told.join()).not.toContain(TOKEN);
});
