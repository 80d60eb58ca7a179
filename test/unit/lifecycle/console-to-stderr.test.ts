import { DiagLogLevel, diag } from '@opentelemetry/api';
import { BasicTracerProvider, ConsoleSpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { levelOf } from '../../../src/emit/diagnostics.js';

const stderr = vi.spyOn(process.stderr, 'write');
const stdout = vi.spyOn(process.stdout, 'write');
const printed = () => stderr.mock.calls.map(([text]) => String(text)).join('');
const LEVELS = ['error', 'warn', 'info', 'debug', 'verbose'] as const;

/** The module as in a new process. */
async function fresh() {
  vi.resetModules();
  return import('../../../src/lifecycle/console-to-stderr.js');
}

beforeEach(() => {
  for (const stream of [stderr, stdout]) stream.mockReset().mockReturnValue(true);
});
afterEach(() => {
  diag.disable();
  expect(stdout).not.toHaveBeenCalled();
});

describe('the diagnostics of OpenTelemetry', () => {
  function said(): string[] {
    for (const level of LEVELS) diag[level](`a message at ${level}`);
    return LEVELS.filter((level) => printed().includes(`a message at ${level}`));
  }

  it.each([
    ['none', []],
    ['ERROR', ['error']],
    [' warn ', ['error', 'warn']],
    ['Info', ['error', 'warn', 'info']],
    ['debug', ['error', 'warn', 'info', 'debug']],
    ['VERBOSE', [...LEVELS]],
    ['all', [...LEVELS]],
  ])('go to stderr at the level %o: %o', async (level, levels) => {
    (await fresh()).logDiagnosticsToStderr(diag, levelOf(level) as DiagLogLevel);
    expect(said()).toEqual(levels);
  });

  it('replace an earlier logger silently', async () => {
    const other = vi.fn();
    diag.setLogger({ error: other, warn: other, info: other, debug: other, verbose: other });
    (await fresh()).logDiagnosticsToStderr(diag, DiagLogLevel.ERROR);
    diag.error('a message');
    expect(other).not.toHaveBeenCalledWith('a message');
    expect(printed()).toBe('[otel] a message\n');
  });
});

describe('a console exporter', () => {
  const METHODS = ['dir', 'log', 'info', 'debug'] as const;

  it('prints to stderr with every method', async () => {
    const { redirectConsoleExporter } = await fresh();
    class Exporter {
      export(...values: unknown[]): string {
        for (const method of METHODS) (console[method] as (...parts: unknown[]) => void)(method, ...values);
        return 'done';
      }
    }
    redirectConsoleExporter(Exporter);
    const before = METHODS.map((method) => console[method]);
    expect(new Exporter().export('a span')).toBe('done');
    for (const method of ['log', 'info', 'debug']) expect(printed()).toContain(`${method} a span\n`);
    expect(METHODS.map((method) => console[method])).toEqual(before);
  });

  it('restores the console when it throws, and passes the error on', async () => {
    const { redirectConsoleExporter } = await fresh();
    class Exporter {
      export() {
        throw new RangeError('broken');
      }
    }
    redirectConsoleExporter(Exporter);
    const before = METHODS.map((method) => console[method]);
    expect(() => new Exporter().export()).toThrow(RangeError);
    expect(METHODS.map((method) => console[method])).toEqual(before);
  });

  it('of the SDK prints its spans to stderr', async () => {
    const { redirectConsoleExporter } = await fresh();
    const original = ConsoleSpanExporter.prototype.export;
    redirectConsoleExporter(ConsoleSpanExporter as never);
    try {
      const provider = new BasicTracerProvider({
        spanProcessors: [new SimpleSpanProcessor(new ConsoleSpanExporter())],
      });
      provider.getTracer('test').startSpan('a span to be printed').end();
      await provider.shutdown();
    } finally {
      ConsoleSpanExporter.prototype.export = original;
    }
    expect(printed()).toContain('a span to be printed');
  });
});
