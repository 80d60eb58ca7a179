import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { describe, expect, it } from 'vitest';
import type { LogRecord } from '../../../src/emit/logger-provider.js';
import { Logs } from '../../../src/emit/logs.js';

const RECORD: LogRecord = {
  eventName: 'mcp_audit.request',
  timestamp: [1, 0],
  observedTimestamp: [1, 0],
  severityNumber: 9,
  severityText: 'INFO',
  body: '{}',
  attributes: {},
  context: undefined,
};

function provider() {
  const exporter = new InMemoryLogRecordExporter();
  return new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
}

describe('a lost record is reported with its reason:', () => {
  it('no LoggerProvider', () => {
    const said: string[] = [];
    expect(
      new Logs(
        () => undefined,
        (text) => said.push(text),
      ).emit(RECORD),
    ).toBe(false);
    expect(said).toEqual([
      'audit records are lost: no OpenTelemetry LoggerProvider is registered. Register one, or set MCP_TRAIL_AUDIT=file',
    ]);
  });

  it('a logger that never accepts', () => {
    const said: string[] = [];
    const logs = new Logs(
      () => new LoggerProvider(),
      (text) => said.push(text),
    );
    expect(logs.emit(RECORD)).toBe(false);
    expect(said).toEqual([
      expect.stringMatching(/^audit records are lost: the OpenTelemetry logger is not enabled \(/),
    ]);
  });

  it('a shut down logger, until another replaces it', async () => {
    const said: string[] = [];
    let current = provider();
    const logs = new Logs(
      () => current,
      (text) => said.push(text),
    );
    expect(logs.emit(RECORD)).toBe(true);
    await current.shutdown();
    expect(logs.emit(RECORD)).toBe(false);
    expect(said).toEqual([expect.stringMatching(/no longer accepts them.*disable the instrumentation first$/)]);
    current = provider();
    expect(logs.emit(RECORD)).toBe(true);
  });
});
