/** The record of a verification, for alerts: in a chain of its own, appended to a file. */
import { NO_RECORD_HASH } from '../../chain/hash.js';
import { AppendFile } from '../../export/append-file.js';
import { canonicalJson } from '../../lib/canonical.js';
import { rfc3339 } from '../../lib/clock.js';
import { resourceFromEnvironment } from '../../lib/resource-environment.js';
import { startOf } from '../../lib/text.js';
import { createUuidV7 } from '../../lib/uuid-v7.js';
import { AUDIT_SCHEMA_VERSION, type AuditRecord } from '../../semconv/audit-record.js';
import type { World } from '../command.js';
import type { Result, Totals } from './report.js';

const SEVERITY: Readonly<Record<Result, readonly [number, 'INFO' | 'WARN' | 'FATAL']>> = {
  intact: [9, 'INFO'],
  unproven: [13, 'WARN'],
  incomplete: [13, 'WARN'],
  tampered: [21, 'FATAL'],
};
const MAX_NAME = 256;

/** The text of the record. */
export function verifiedRecord(
  { result, records, chains, missing, altered }: Totals,
  env: World['env'],
  now = Date.now(),
): string {
  const newId = createUuidV7();
  const time = rfc3339(now);
  const [number, text] = SEVERITY[result];
  const record: AuditRecord = {
    time,
    observed_time: time,
    event_name: 'mcp_audit.verified',
    severity_number: number,
    severity_text: text,
    'service.name': startOf(resourceFromEnvironment(env).get('service.name') ?? 'mcp-trail', MAX_NAME),
    'audit.record.id': newId(),
    'audit.schema.version': AUDIT_SCHEMA_VERSION,
    'audit.sequence.number': 1,
    'audit.prev.hash': NO_RECORD_HASH,
    'mcp_audit.chain.id': newId(),
    'audit.action': 'EVALUATE',
    'audit.outcome': result === 'intact' ? 'success' : 'failure',
    'audit.target.type': 'config',
    'audit.target.id': 'audit',
    'audit.actor.id': 'mcp-trail',
    'audit.actor.type': 'system',
    'mcp_audit.actor.source': 'none',
    'mcp_audit.correlation.id': newId(),
    'mcp_audit.verified.result': result,
    'mcp_audit.verified.records': records,
    'mcp_audit.verified.chains': chains,
    'mcp_audit.verified.missing': missing,
    'mcp_audit.verified.altered': altered,
  };
  return canonicalJson(record);
}

/**
 * Appends a line to a file, which is made if it is missing, for its owner alone.
 *
 * @throws errors of the file system, and for a symbolic link
 */
export function appendLine(path: string, text: string): void {
  const file = AppendFile.open(path);
  try {
    file.append(Buffer.from(`${text}\n`));
  } finally {
    file.close();
  }
}
