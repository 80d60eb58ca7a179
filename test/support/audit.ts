/**
 * A real LoggerProvider in the test's process, with its audit records; one that is invalid, or not linked to the one before
 * it, fails the test.
 */
import { readFileSync } from 'node:fs';
import { logs } from '@opentelemetry/api-logs';
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  type ReadableLogRecord,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { AuditEventName, AuditRecord } from '../../src/semconv/audit-record.js';
import { ChainCheck, expectChained } from './chain.js';
import { until } from './telemetry.js';

const SCHEMA = JSON.parse(
  readFileSync(new URL('../../src/semconv/registry/audit-record.schema.json', import.meta.url), 'utf8'),
);
const validate = new Ajv2020({ strict: false, allErrors: true }).compile(SCHEMA);

/** An emitted record: the parsed body and its log record. */
export interface Emitted {
  readonly record: AuditRecord;
  readonly text: string;
  readonly log: ReadableLogRecord;
}

export class AuditLog {
  readonly #exporter = new InMemoryLogRecordExporter();
  readonly provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: this.#exporter })] });

  readonly #chains = new ChainCheck();
  #checked = 0;

  constructor() {
    logs.setGlobalLoggerProvider(this.provider);
  }

  get emitted(): Emitted[] {
    const emitted = this.#exporter.getFinishedLogRecords().map((log) => {
      const text = String(log.body);
      return { record: parse(text), text, log };
    });
    expectChained(
      emitted.slice(this.#checked).map(({ text }) => text),
      this.#chains,
    );
    this.#checked = emitted.length;
    return emitted;
  }

  get records(): AuditRecord[] {
    return this.emitted.map(({ record }) => record);
  }

  /** Records of one event, optionally of one side. */
  of(event: AuditEventName, side?: 'client' | 'server'): AuditRecord[] {
    return this.records.filter(
      (record) => record.event_name === event && (side === undefined || record['mcp_audit.side'] === side),
    );
  }

  /** The only record of an event about a method on a side; fails if there is none, or more than one. */
  one(event: AuditEventName, side: 'client' | 'server', method: string): AuditRecord {
    const found = this.of(event, side).filter((record) => record['mcp.method.name'] === method);
    if (found.length === 1) return found[0] as AuditRecord;
    const all = this.records.map((each) => `${each['mcp_audit.side']} ${each.event_name} ${each['mcp.method.name']}`);
    throw new Error(`expected one ${side} ${event} of ${method}, found ${found.length} among: ${all.join(', ')}`);
  }

  /** Waits for {@link one}. */
  async reached(event: AuditEventName, side: 'client' | 'server', method: string): Promise<AuditRecord> {
    const is = (each: AuditRecord) => each['mcp.method.name'] === method;
    await until(() => this.of(event, side).some(is), `${side} ${event} of ${method}`);
    return this.one(event, side, method);
  }

  reset(): void {
    void this.emitted;
    this.#exporter.reset();
    this.#checked = 0;
  }

  async shutdown(): Promise<void> {
    await this.provider.shutdown();
    logs.disable();
  }
}

/** Parses and validates; errors include the record. */
export function parse(text: string): AuditRecord {
  const record: AuditRecord = JSON.parse(text);
  if (!validate(record as unknown)) {
    const wrong = validate.errors?.map(({ instancePath, message }) => `${instancePath} ${message}`).join('; ');
    throw new Error(`not a valid audit record: ${wrong}\n${text}`);
  }
  return record;
}
