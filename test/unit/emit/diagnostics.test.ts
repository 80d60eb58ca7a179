import { context, diag } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const stderr = vi.spyOn(process.stderr, 'write');
const stdout = vi.spyOn(process.stdout, 'write');
const printed = () => stderr.mock.calls.map(([text]) => String(text));
const SECRET = ['sk', 'live', 'b'.repeat(24)].join('_');
const { setLogger } = diag;

/** The module as it is in a fresh process. */
async function fresh() {
  vi.resetModules();
  return import('../../../src/emit/diagnostics.js');
}

beforeEach(() => {
  vi.stubEnv('OTEL_LOG_LEVEL', undefined);
  for (const stream of [stderr, stdout]) stream.mockReset().mockReturnValue(true);
});
afterEach(() => {
  diag.setLogger = setLogger;
  diag.disable();
  vi.unstubAllEnvs();
  expect(stdout).not.toHaveBeenCalled();
});

describe('OpenTelemetry’s diagnostics without a logger of the application', () => {
  it('are shown from warnings on', async () => {
    (await fresh()).showDiagnostics(diag);
    for (const level of ['verbose', 'debug', 'info', 'warn', 'error'] as const) diag[level](`at ${level}`);
    expect(printed()).toEqual(['mcp-trail: OpenTelemetry: at warn\n', 'mcp-trail: OpenTelemetry: at error\n']);
  });

  it('are shown once each, even with other numbers', async () => {
    (await fresh()).showDiagnostics(diag);
    for (let n = 0; n < 1000; n++) diag.warn(`attempt ${n} failed`);
    expect(printed()).toEqual(['mcp-trail: OpenTelemetry: attempt 0 failed\n']);
  });

  it('are shown in twenty lines at most, and a line on how to see more', async () => {
    (await fresh()).showDiagnostics(diag);
    for (let n = 0; n < 1000; n++) diag.warn(`${'x'.repeat(n)} failed`);
    expect(printed()).toHaveLength(21);
    expect(printed().at(-1)).toBe(
      'mcp-trail: further OpenTelemetry warnings are not shown; set OTEL_LOG_LEVEL=warn to see them\n',
    );
  });

  it('are one line each, without secrets and responses of servers', async () => {
    (await fresh()).showDiagnostics(diag);
    diag.warn('component', `cannot send to https://user:${SECRET}@collector/x?key=${SECRET}`, Buffer.from(SECRET));
    diag.error(
      JSON.stringify({ name: 'SomeError', message: 'refused', data: SECRET, stack: `SomeError\n at ${SECRET}` }),
    );
    diag.error('failed', new RangeError('out of range'), { answer: SECRET });
    diag.warn(`with a stack\n    at ${SECRET} (file.js:1:1)`);
    expect(printed()).toHaveLength(4);
    for (const line of printed()) expect(line).toMatch(/^mcp-trail: OpenTelemetry: [^\n]{1,400}\n$/);
    expect(printed().join('')).not.toContain(SECRET);
    expect(printed()[1]).toContain('SomeError: refused');
    expect(printed()[2]).toContain('RangeError: out of range');
  });

  it('leave out expected messages', async () => {
    (await fresh()).showDiagnostics(diag);
    diag.warn('OTEL_TRACES_EXPORTER contains "none". SDK will not be initialized.');
    diag.warn('invalid attempt to force flush after LoggerProvider shutdown');
    diag.warn('shutdown may only be called once per MeterProvider');
    diag.warn('Cannot forceFlush on already shutdown MetricReader.');
    expect(printed()).toEqual([]);
  });

  it('leave out messages that other code reports', async () => {
    const { saidElsewhere, showDiagnostics } = await fresh();
    saidElsewhere(['OTEL_TRACES_SAMPLER', /^Failed to read \w+ file/]);
    showDiagnostics(diag);
    diag.error('unknown OTEL_TRACES_SAMPLER value "x", using default');
    diag.warn('Failed to read certificate file');
    diag.warn('something else');
    expect(printed()).toEqual(['mcp-trail: OpenTelemetry: something else\n']);
  });

  it('explain a duplicate registration', async () => {
    const { explainDuplicates, showDiagnostics } = await fresh();
    const explained = vi.fn();
    explainDuplicates(explained);
    showDiagnostics(diag);
    diag.error('Error: @opentelemetry/api: Attempted duplicate registration of API: metrics\n    at x');
    expect(explained.mock.calls).toEqual([['metrics']]);
    expect(printed()).toEqual([]);
  });

  it('show our own failures as ours', async () => {
    (await fresh()).showDiagnostics(diag);
    diag.warn('mcp-trail: starting a span failed (RangeError)');
    expect(printed()).toEqual(['mcp-trail: starting a span failed (RangeError)\n']);
  });
});

describe('OpenTelemetry’s diagnostics where no SDK is started here', () => {
  const API = Symbol.for('opentelemetry.js.api.1');
  const globals = globalThis as { [API]?: { version?: string } | undefined };
  const before = globals[API];
  afterEach(() => {
    globals[API] = before;
  });

  it('register nothing before the application has, in whatever version of the API', async () => {
    delete globals[API];
    (await fresh()).showDiagnostics();
    expect(API in globalThis).toBe(false);
  });

  it('are shown once the application has registered something', async () => {
    delete globals[API];
    context.setGlobalContextManager(new AsyncLocalStorageContextManager());
    (await fresh()).showDiagnostics();
    diag.warn('a message');
    context.disable();
    expect(printed()).toEqual(['mcp-trail: OpenTelemetry: a message\n']);
  });

  it('leave alone what another version of the API has registered', async () => {
    globals[API] = Object.freeze({ version: '1.99.0' });
    (await fresh()).showDiagnostics();
    expect(globals[API]).toEqual({ version: '1.99.0' });
    expect(diag.setLogger).toBe(setLogger);
  });
});

describe('a logger of the application', () => {
  const own = () => {
    const warn = vi.fn();
    return { warn, logger: { error: warn, warn, info: warn, debug: warn, verbose: warn } };
  };

  it('that was there first stays, as the only one', async () => {
    const { warn, logger } = own();
    diag.setLogger(logger);
    (await fresh()).showDiagnostics(diag);
    diag.warn('a message');
    expect(warn.mock.calls).toEqual([['a message']]);
    expect(printed()).toEqual([]);
  });

  it('that comes later takes over, without a warning about the replaced logger', async () => {
    const { warn, logger } = own();
    (await fresh()).showDiagnostics(diag);
    diag.setLogger(logger);
    diag.warn('a message');
    expect(warn.mock.calls).toEqual([['a message']]);
    expect(printed()).toEqual([]);
    diag.setLogger(own().logger);
    expect(warn.mock.calls.join()).toContain('Current logger will be overwritten');
  });

  it('takes over without a warning from another copy of the API, too', async () => {
    const otherCopy = new (diag.constructor as new () => typeof diag)();
    const { warn, logger } = own();
    (await fresh()).showDiagnostics(diag);
    otherCopy.setLogger(logger);
    diag.warn('a message');
    expect(warn.mock.calls).toEqual([['a message']]);
    expect(printed()).toEqual([]);
  });

  it.each(['none', 'ERROR', ' debug '])('is left in charge by OTEL_LOG_LEVEL=%s', async (level) => {
    vi.stubEnv('OTEL_LOG_LEVEL', level);
    (await fresh()).showDiagnostics(diag);
    diag.error('a message');
    expect(printed()).toEqual([]);
  });

  it.each(['', 'loud', '1', '__proto__', 'toString'])('is not assumed with OTEL_LOG_LEVEL=%s', async (level) => {
    vi.stubEnv('OTEL_LOG_LEVEL', level);
    (await fresh()).showDiagnostics(diag);
    diag.error('a message');
    expect(printed()).toEqual(['mcp-trail: OpenTelemetry: a message\n']);
  });
});
