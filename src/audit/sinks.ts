/** Where finished records go: the Logs API, or lines of JSON. */
import type { LogRecord, Logs } from '../emit/logs.js';
import { SEVERITIES } from './status.js';
import type { Finished, Sink } from './trail.js';

/** The log record of a finished record: its text is the body, its fields are attributes, for queries. */
function logRecordOf({ name, severity, fields, text, timestamp, observedTimestamp, context }: Finished): LogRecord {
  const attributes: LogRecord['attributes'] = { 'log.record.uid': fields.get('audit.record.id') as string };
  fields.addAttributesTo(attributes);
  return {
    eventName: name,
    timestamp,
    observedTimestamp,
    severityNumber: SEVERITIES[severity],
    severityText: severity,
    body: text,
    attributes,
    context,
  };
}

/** Delivery `otel`. */
export function logsSink(logs: Logs): Sink {
  return { accept: (finished) => logs.emit(logRecordOf(finished)) };
}

/** Something that takes one line at a time. */
export interface LineWriter {
  write(line: string): boolean;
  shutdown(): Promise<void>;
}

/** Deliveries `file` and `stderr`. */
export function lineSink(writer: LineWriter): Sink {
  return { accept: ({ text }) => writer.write(text), close: () => void writer.shutdown() };
}
