/** Runs a client and a server process and returns their exports and inventories. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startNode } from '../../../examples/demo/child.mjs';
import type { LogRecord, Span } from '../../../examples/support/otlp-json.mjs';
import { startOtlpReceiver } from '../../../examples/support/otlp-receiver.mjs';
import type { InventorySnapshot } from '../../../src/index.js';
import type { AuditEventName, AuditRecord } from '../../../src/semconv/audit-record.js';
import { parse } from '../../support/audit.js';
import { selfSigned } from '../../unit/hook/http/certificates.js';

export interface Setting {
  readonly sdk: 'v1' | 'v2';
  readonly transport: 'stdio' | 'https';
  readonly sampler: 'always_on' | 'always_off';
  readonly protocolVersion: string;
}

/** Each transport and SDK line once, sampled and unsampled. */
export const SETTINGS: readonly Setting[] = [
  { transport: 'stdio', sdk: 'v1', sampler: 'always_on', protocolVersion: '2025-11-25' },
  { transport: 'https', sdk: 'v1', sampler: 'always_off', protocolVersion: '2025-11-25' },
  { transport: 'stdio', sdk: 'v2', sampler: 'always_off', protocolVersion: '2026-07-28' },
  { transport: 'https', sdk: 'v2', sampler: 'always_on', protocolVersion: '2026-07-28' },
];

/** An exported log record, and the audit record in its body. */
export interface Exported {
  readonly log: LogRecord;
  readonly record: AuditRecord;
}

export interface Run {
  readonly setting: Setting;
  readonly exported: readonly Exported[];
  readonly spans: readonly Span[];
  /** Lines of the server's file. */
  readonly lines: readonly string[];
  readonly inventories: { readonly client: InventorySnapshot; readonly server: InventorySnapshot };
  readonly clientPid: number;
  readonly certificate: string;
  readonly token: string;
}

export const CORRELATION_ID = 'order-4711.2026-11-21';
/** The mark of values in fixtures that must never be recorded. */
export const CONTENT = 'is content';

const FIXTURES = fileURLToPath(new URL('../../fixtures/', import.meta.url));
const REGISTER = new URL('../../../dist/esm/register.js', import.meta.url).href;

export async function run(setting: Setting): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-trail-'));
  const receiver = await startOtlpReceiver();
  try {
    const { certificate, token, shared } = await secrets(folder);
    const file = join(folder, 'audit.jsonl');
    const telemetry = (service: string) => ({ ...shared, ...environment(service, setting, receiver.url) });
    const serverEnv = { ...telemetry('customers-server'), MCP_TRAIL_AUDIT_FILE: file };
    const serverArgs = ['--import', `${FIXTURES}audit-telemetry.mjs`, `${FIXTURES}audit-server.mjs`];
    const { sdk, transport } = setting;
    const server =
      transport === 'https' ? startNode('the server', [...serverArgs, sdk, transport], serverEnv) : undefined;
    const target = server === undefined ? [...serverArgs, sdk, transport] : [(await server.firstLine()) as string];
    const clientEnv = {
      ...telemetry('agent-platform'),
      MCP_TRAIL_AUDIT: 'otel',
      SERVER_ENVIRONMENT: JSON.stringify(serverEnv),
    };
    const clientArgs = ['--import', REGISTER, `${FIXTURES}audit-client.mjs`, sdk, transport, ...target];
    const client = startNode('the client', clientArgs, clientEnv);
    const { code } = await client.closed;
    const stopped = await server?.stop();

    if (code !== 0 || (stopped?.code ?? 0) !== 0) {
      throw new Error(`client ${code}, server ${stopped?.code}: ${client.output.stderr}\n${server?.output.stderr}`);
    }
    // Over stdio, the client of SDK v2 starts the server twice, the first time to probe its protocol.
    const ended = (service: string) => {
      const count = (event: AuditEventName) =>
        receiver.logs.filter((log) => log.resource['service.name'] === service && log.eventName === event).length;
      return count('mcp_audit.stopped') > 0 && count('mcp_audit.started') === count('mcp_audit.stopped');
    };
    const what = 'record that auditing has stopped, of all processes';
    await receiver.waitFor(() => ended('agent-platform') && ended('customers-server'), { what });
    const { pid, ...inventories } = JSON.parse(client.output.stdout);
    return {
      setting,
      exported: receiver.logs.map((log) => ({ log, record: parse(String(log.body)) })),
      spans: receiver.spans,
      lines: (await readFile(file, 'utf8')).trimEnd().split('\n'),
      inventories,
      clientPid: pid,
      certificate,
      token,
    };
  } finally {
    await receiver.close();
    await rm(folder, { recursive: true });
  }
}

/** A certificate that both sides present and trust, and a token. */
async function secrets(folder: string) {
  const { key, cert, sha256 } = selfSigned([
    ['O', 'Example'],
    ['CN', 'agent-gateway.internal'],
  ]);
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  await writeFile(keyFile, key, { mode: 0o600 });
  await writeFile(certFile, cert);
  const token = ['opaque', 'token', 'of', 'the', 'test', '4f1c'].join('-');
  const shared = { TEST_KEY: keyFile, TEST_CERT: certFile, TEST_CA: certFile, TEST_TOKEN: token };
  return { certificate: sha256, token, shared };
}

function environment(service: string, { sampler }: Setting, endpoint: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    TEST_CORRELATION_ID: CORRELATION_ID,
    OTEL_SERVICE_NAME: service,
    OTEL_RESOURCE_ATTRIBUTES: 'service.version=2.7.1,service.instance.id=i-1,deployment.environment.name=staging',
    OTEL_NODE_RESOURCE_DETECTORS: 'env',
    OTEL_TRACES_SAMPLER: sampler,
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_LOGS_EXPORTER: 'otlp',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_BSP_SCHEDULE_DELAY: '20',
    OTEL_BLRP_SCHEDULE_DELAY: '20',
  };
}

/** Selects a record of a run by event, side and subject. */
export interface Selector {
  readonly event: AuditEventName;
  readonly side?: 'client' | 'server';
  readonly where?: Partial<AuditRecord>;
}

/** The first matching record; if there is none, the error lists all records. */
export function find({ exported }: Run, { event, side, where = {} }: Selector): Exported {
  const wanted = { event_name: event, ...(side !== undefined && { 'mcp_audit.side': side }), ...where };
  const found = exported.find(({ record }) =>
    Object.entries(wanted).every(([key, value]) => record[key as keyof AuditRecord] === value),
  );
  if (found !== undefined) return found;
  const all = exported.map(({ record }) => summaryOf(record)).join('\n');
  throw new Error(`no record with ${JSON.stringify(wanted)} among\n${all}`);
}

function summaryOf(record: AuditRecord): string {
  const keys = ['mcp_audit.side', 'event_name', 'mcp.method.name', 'audit.target.id', 'mcp_audit.status'] as const;
  return keys.map((key) => record[key] ?? '-').join(' ');
}
