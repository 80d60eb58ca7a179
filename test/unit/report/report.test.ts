import { diag } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const stderr = vi.spyOn(process.stderr, 'write');
const warn = vi.fn();
const quiet = () => {};

/** The module in a fresh process. */
async function fresh() {
  vi.resetModules();
  return import('../../../src/report/report.js');
}

beforeEach(() => {
  stderr.mockReset().mockReturnValue(true);
  warn.mockReset();
  diag.setLogger({ error: quiet, warn, info: quiet, debug: quiet, verbose: quiet });
});
afterEach(() => {
  vi.unstubAllEnvs();
  diag.disable();
});

describe('a failure of ours', () => {
  it('never shows the message of the error, or anything else of it', async () => {
    const { reportFailure } = await fresh();
    const error = Object.assign(new RangeError('secret'), { secret: 'secret', stack: 'secret', cause: 'secret' });
    reportFailure('starting a span', error);
    expect(warn.mock.calls).toEqual([
      ['mcp-trail: starting a span failed (RangeError); telemetry was dropped, the application was not affected'],
    ]);
  });

  it.each([
    ['secret', 'string'],
    [undefined, 'undefined'],
    [null, 'object'],
    [{ message: 'secret' }, 'object'],
  ])('that is %o is named by its type: %s', async (error, name) => {
    (await fresh()).reportFailure('a place', error);
    expect(warn.mock.calls.join()).toContain(`failed (${name})`);
    expect(warn.mock.calls.join()).not.toContain('secret');
  });

  it.each([undefined, '', 'warn', 'debug'])(
    'goes to stderr where there is no logger (OTEL_LOG_LEVEL=%s)',
    async (level) => {
      vi.stubEnv('OTEL_LOG_LEVEL', level);
      diag.disable();
      (await fresh()).reportFailure('a place', new RangeError('secret'));
      expect(stderr.mock.calls).toEqual([
        ['mcp-trail: a place failed (RangeError); telemetry was dropped, the application was not affected\n'],
      ]);
    },
  );

  it.each(['none', ' ERROR '])('is not shown where OTEL_LOG_LEVEL=%s hides warnings', async (level) => {
    vi.stubEnv('OTEL_LOG_LEVEL', level);
    diag.disable();
    (await fresh()).reportFailure('a place', new Error());
    expect(stderr).not.toHaveBeenCalled();
  });

  it('is reported once per site', async () => {
    const { reportFailure } = await fresh();
    for (let time = 0; time < 3; time++)
      for (const site of ['one', 'two']) reportFailure(site, new Error(String(time)));
    expect(warn).toHaveBeenCalledTimes(2);
  });

  it('is reported for a bounded number of sites', async () => {
    const { reportFailure } = await fresh();
    for (let site = 0; site < 1000; site++) reportFailure(`place ${site}`, new Error());
    expect(warn).toHaveBeenCalledTimes(105);
  });

  it('does not throw, whatever the logger or the error does', async () => {
    const { reportFailure } = await fresh();
    warn.mockImplementation(() => {
      throw new Error('the logger is broken');
    });
    const trap = Object.defineProperty(new Error(), 'constructor', {
      get() {
        throw new Error('the error is broken');
      },
    });
    expect(() => reportFailure('one', new Error())).not.toThrow();
    expect(() => reportFailure('two', trap)).not.toThrow();
  });

  it('is not written to stderr, which is the logger’s decision', async () => {
    (await fresh()).reportFailure('a place', new Error());
    expect(stderr).not.toHaveBeenCalled();
  });
});

describe('a warning for the operator', () => {
  it('is one line on stderr, once', async () => {
    const { warnOperator } = await fresh();
    warnOperator('something is set wrongly');
    warnOperator('something is set wrongly');
    warnOperator('something else');
    expect(stderr.mock.calls).toEqual([['mcp-trail: something is set wrongly\n'], ['mcp-trail: something else\n']]);
    expect(warn).not.toHaveBeenCalled();
  });
});
