import { diag } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const warn = vi.fn();
const quiet = () => {};

beforeEach(() => {
  warn.mockReset();
  vi.resetModules();
  diag.setLogger({ error: quiet, warn, info: quiet, debug: quiet, verbose: quiet });
});
afterEach(() => diag.disable());

const load = () => import('../../../src/report/guarded.js');

describe('a hook of the application', () => {
  it('is reported and returns nothing if it throws', async () => {
    const { callHook } = await load();
    const hook = () => {
      throw new TypeError('secret');
    };
    expect(callHook('the requestHook', hook)).toBeUndefined();
    expect(warn.mock.calls.join()).toMatch(/the requestHook failed \(TypeError\)/);
    expect(warn.mock.calls.join()).not.toContain('secret');
  });

  it('is reported and leaves no unhandled rejection if it rejects', async () => {
    const { callHook } = await load();
    const unhandled = vi.fn();
    process.once('unhandledRejection', unhandled);
    const answer = callHook('the requestHook', async () => {
      throw new TypeError('secret');
    });
    await expect(answer).rejects.toThrow(TypeError);
    await new Promise((resolve) => setImmediate(resolve));
    process.removeListener('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    expect(warn.mock.calls.join()).toMatch(/the requestHook failed \(TypeError\)/);
  });

  it('gets its arguments, and its result is returned', async () => {
    const { callHook } = await load();
    expect(callHook('a hook', (...words: string[]) => words.join(' '), 'good', 'day')).toBe('good day');
    expect(warn).not.toHaveBeenCalled();
  });
});
