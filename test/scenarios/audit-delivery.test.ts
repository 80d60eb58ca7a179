import { context, TraceFlags, trace } from '@opentelemetry/api';
import { logs } from '@opentelemetry/api-logs';
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  type LoggerProviderOptions,
  type LogRecordProcessor,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { McpInstrumentation, recordConfigChange } from '../../src/index.js';
import { parse } from '../support/audit.js';
import { FLAVOURS, text } from '../support/flavours.js';
import { Telemetry } from '../support/telemetry.js';

const telemetry = new Telemetry();
const exporter = new InMemoryLogRecordExporter();
const config = { audit: true } as const;
let stderr: string[] = [];

beforeEach(() => {
  telemetry.reset();
  exporter.reset();
  stderr = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => {
    stderr.push(String(line));
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  logs.disable();
});
afterAll(() => telemetry.shutdown());

const taking = () => new SimpleLogRecordProcessor({ exporter });

function register(options: LoggerProviderOptions): LoggerProvider {
  const provider = new LoggerProvider(options);
  logs.setGlobalLoggerProvider(provider);
  return provider;
}

const records = () => exporter.getFinishedLogRecords().map(({ body }) => parse(String(body)));

/** Calls a tool once on each flavour of MCP; the calls succeed, whatever happens to the records. */
async function call(options: object = config): Promise<void> {
  for (const flavour of FLAVOURS) {
    let calls = 0;
    const handler = () => {
      calls += 1;
      return text('ok');
    };
    const pair = await flavour.pair({ config: options, tools: [{ name: 'fine', handler }] });
    const result = await pair.client.callTool({ name: 'fine', arguments: { secret: 'value' } });
    expect(result.content).toEqual(text('ok').content);
    expect(calls).toBe(1);
    await pair.close();
  }
}

const lost = () => stderr.filter((line) => line.includes('audit records'));

describe('audit records', () => {
  it('without a LoggerProvider are lost with one warning, and the application runs on', async () => {
    await call();
    await call();
    expect(lost()).toEqual([
      'mcp-trail: audit records are lost: no OpenTelemetry LoggerProvider is registered. Register one, or set MCP_TRAIL_AUDIT=file\n',
    ]);
  });

  it('reach a provider that is registered later', async () => {
    const instrumentation = new McpInstrumentation(config);
    register({ processors: [taking()] });
    recordConfigChange({ item: 'x' });
    expect(records().at(-1)).toMatchObject({ 'audit.target.id': 'x' });
    instrumentation.disable();
    expect(stderr).toEqual([]);
  });

  it('are lost with one warning if the provider has no processors', async () => {
    register({});
    await call();
    expect(lost()).toHaveLength(1);
    expect(lost()[0]).toMatch(/the OpenTelemetry logger is not enabled \(no log processor/);
  });

  it('are lost if the provider is shut down, and the application runs on', async () => {
    const other = new InMemoryLogRecordExporter();
    const provider = register({ processors: [new SimpleLogRecordProcessor({ exporter: other })] });
    await provider.shutdown();
    await call();
    expect(other.getFinishedLogRecords()).toEqual([]);
  });

  const processors: Readonly<Record<string, LogRecordProcessor>> = {
    throws: {
      onEmit() {
        throw new Error('no room for: secret');
      },
      forceFlush: async () => {},
      shutdown: async () => {},
    } as LogRecordProcessor,
    'has an exporter that throws': new SimpleLogRecordProcessor({
      exporter: {
        export() {
          throw new Error('no room for: secret');
        },
        forceFlush: async () => {},
        shutdown: async () => {},
      },
    }),
    'has an exporter that fails': new SimpleLogRecordProcessor({
      exporter: {
        export: (_records, done) => done({ code: 1, error: new Error('no room for: secret') }),
        forceFlush: async () => {},
        shutdown: async () => {},
      },
    }),
  };

  it.each(Object.entries(processors))('do not affect calls if a processor %s', async (what, processor) => {
    register({ processors: [processor] });
    await call();
    expect(stderr.join()).not.toContain('secret');
    const line = 'mcp-trail: audit records are lost: the OpenTelemetry logger or a log processor failed (Error)\n';
    // The SDK itself reports what happens to a record after its processor.
    expect(lost()).toEqual(what === 'throws' ? [line] : []);
  });

  it('of unsampled traces are kept, unless the logger is trace-based, which is reported', async () => {
    const unsampled = trace.setSpanContext(context.active(), {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      traceFlags: TraceFlags.NONE,
    });
    register({ processors: [taking()] });
    await context.with(unsampled, () => call());
    const responses = records().filter((each) => each.event_name === 'mcp_audit.response');
    expect(responses.filter((each) => each['mcp.method.name'] === 'tools/call')).toHaveLength(2 * FLAVOURS.length);
    expect(responses.at(-1)?.trace_id).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(stderr).toEqual([]);
    logs.disable();
    register({
      processors: [taking()],
      loggerConfigurator: () => ({ disabled: false, minimumSeverity: 0, traceBased: true }),
    });
    await call();
    expect(lost()).toEqual([
      'mcp-trail: audit records of unsampled traces are lost: the OpenTelemetry logger is configured as trace-based\n',
    ]);
  });

  it('are complete in their body if limits cut their attributes, which is reported', async () => {
    vi.stubEnv('OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT', '4');
    vi.stubEnv('OTEL_ATTRIBUTE_COUNT_LIMIT', '3');
    register({ processors: [taking()], logRecordLimits: { attributeValueLengthLimit: 4, attributeCountLimit: 3 } });
    await call();
    expect(lost()).toHaveLength(1);
    expect(lost()[0]).toMatch(
      /truncated or dropped: OTEL_ATTRIBUTE_COUNT_LIMIT, OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT is set/,
    );
    const [emitted] = exporter.getFinishedLogRecords().slice(-1);
    expect(Object.keys(emitted?.attributes ?? {})).toHaveLength(3);
    expect(parse(String(emitted?.body))).toMatchObject({ 'audit.target.id': expect.any(String) });
  });

  it('have no argument values if the debug switch is refused, as in production', async () => {
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'deployment.environment.name=production');
    register({ processors: [taking()] });
    await call({ ...config, captureArguments: true });
    expect(stderr.join()).toMatch(/captureArguments refused: the environment says production/);
    expect(exporter.getFinishedLogRecords().length).toBeGreaterThan(0);
    for (const record of records()) expect(Object.keys(record)).not.toContain('gen_ai.tool.call.arguments');
    expect(records().some((each) => each['audit.target.id'] === 'captureArguments')).toBe(false);
  });

  it('have them, and a record about it, if the switch is on', async () => {
    register({ processors: [taking()] });
    await call({ ...config, captureArguments: true });
    const captured = records().flatMap((each) => each['gen_ai.tool.call.arguments'] ?? []);
    expect(captured).toHaveLength(2 * 2 * FLAVOURS.length);
    expect(records().find((each) => each['audit.target.id'] === 'captureArguments')).toMatchObject({
      event_name: 'mcp_audit.config.changed',
      'mcp_audit.access.reason': 'debug_switch_on',
    });
  });

  it('go to the instrumentation’s own provider', async () => {
    register({});
    const instrumentation = new McpInstrumentation(config);
    instrumentation.setLoggerProvider(new LoggerProvider({ processors: [taking()] }));
    recordConfigChange({ item: 'mine' });
    expect(records().at(-1)).toMatchObject({ 'audit.target.id': 'mine' });
    instrumentation.disable();
  });
});
