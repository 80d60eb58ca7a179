/** The exporters in a real LoggerProvider. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchLogRecordProcessor,
  LoggerProvider,
  type LogRecordExporter,
  type LogRecordProcessor,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileLogRecordExporter } from '../../../src/export/file.js';
import { answerOf, start } from './children.js';

const AUDIT_BODY = '{"audit.record.id":"1","event_name":"mcp_audit.request"}';
const TRACE_ID = 'a'.repeat(32);
const SPAN_ID = 'b'.repeat(16);

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-export-'));
  path = join(folder, 'log.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

const PROCESSORS: Record<string, (exporter: LogRecordExporter) => LogRecordProcessor> = {
  SimpleLogRecordProcessor: (exporter) => new SimpleLogRecordProcessor({ exporter }),
  BatchLogRecordProcessor: (exporter) => new BatchLogRecordProcessor({ exporter }),
};

describe.each(Object.keys(PROCESSORS))('a LoggerProvider with a %s', (name) => {
  it('writes to the file', async () => {
    const exporter = new FileLogRecordExporter({ path });
    const provider = new LoggerProvider({
      resource: resourceFromAttributes({ 'service.name': 'weather', late: Promise.resolve('value') }),
      processors: [(PROCESSORS[name] as (exporter: LogRecordExporter) => LogRecordProcessor)(exporter)],
    });
    const logger = provider.getLogger('lib', '1.2.3');
    const span = { traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: 1 };
    logger.emit({
      timestamp: [1_795_253_400, 5],
      observedTimestamp: [1_795_253_400, 6],
      severityNumber: SeverityNumber.INFO,
      severityText: 'INFO',
      eventName: 'app.started',
      body: { list: [1, 'two', new Uint8Array([3])] },
      attributes: { a: 'b' },
      context: trace.setSpanContext(ROOT_CONTEXT, span),
    });
    logger.emit({ eventName: 'mcp_audit.request', body: AUDIT_BODY });
    await provider.forceFlush();
    await provider.shutdown();
    const [first, second, rest] = readFileSync(path, 'utf8').split('\n');
    expect(JSON.parse(first as string)).toEqual({
      time: '2026-11-21T09:30:00.000000005Z',
      observed_time: '2026-11-21T09:30:00.000000006Z',
      event_name: 'app.started',
      severity_number: 9,
      severity_text: 'INFO',
      trace_id: TRACE_ID,
      span_id: SPAN_ID,
      trace_flags: 1,
      body: { list: [1, 'two', 'Aw=='] },
      attributes: { a: 'b' },
      scope: { name: 'lib', version: '1.2.3' },
      resource: { 'service.name': 'weather', late: 'value' },
    });
    expect(second).toBe(AUDIT_BODY);
    expect(rest).toBe('');
    expect(exporter.write('{}')).toBe(false);
  });
});

describe('a LoggerProvider', () => {
  it('writes to stderr', async () => {
    const code = `
      const { LoggerProvider, SimpleLogRecordProcessor } = await import('@opentelemetry/sdk-logs');
      const exporter = new StderrLogRecordExporter();
      const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
      provider.getLogger('lib').emit({ eventName: 'mcp_audit.request', body: args.body });
      provider.getLogger('lib').emit({ body: 'hello', timestamp: [1795253400, 0] });
      await provider.shutdown();
      console.log('{}');
    `;
    const { stderr } = await answerOf(start(code, { body: AUDIT_BODY }));
    const [first, second] = stderr.split('\n');
    expect(first).toBe(AUDIT_BODY);
    expect(JSON.parse(second)).toMatchObject({
      time: '2026-11-21T09:30:00.000000000Z',
      body: 'hello',
      scope: { name: 'lib' },
    });
  });

  it('receives a record that could not be written', async () => {
    const code = `
      const { setGlobalErrorHandler } = await import('@opentelemetry/core');
      const { LoggerProvider, SimpleLogRecordProcessor } = await import('@opentelemetry/sdk-logs');
      const heard = [];
      setGlobalErrorHandler((error) => heard.push(error.code));
      const exporter = new FileLogRecordExporter({ path: '/dev/full', onError() {} });
      const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
      provider.getLogger('lib').emit({ body: 'hello' });
      await provider.shutdown();
      console.log(JSON.stringify({ heard }));
    `;
    expect(await answerOf(start(code))).toEqual({ heard: ['ENOSPC'], stderr: '' });
  });
});
