import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../collector-config/stack/ports.mjs';
import { authority, certificates } from './support/certificates.js';
import { type Choice, collectorPlace, type Place } from './support/collector.js';
import { eventually } from './support/eventually.js';
import { logsRequest, post } from './support/otlp.js';

let place: Place;
let secured: Record<string, string>;

beforeAll(async () => {
  place = await collectorPlace();
  secured = (await certificates(place.folder)).server;
});
afterAll(() => place.remove());

const DEBUG: Choice = { backends: ['debug'] };
const SYSLOG: Choice = { backends: ['syslog-cef', 'debug'] };

/** Variables of the tier files, so that a test can leave out one. */
const TIER = () => ({
  MCP_GATEWAYS: '[127.0.0.1:1]',
  MCP_GATEWAY_ENDPOINT: '127.0.0.1:1',
  MCP_GATEWAY_CA_FILE: secured['MCP_TLS_CLIENT_CA_FILE'],
  MCP_GATEWAY_CERT_FILE: secured['MCP_TLS_CERT_FILE'],
  MCP_GATEWAY_KEY_FILE: secured['MCP_TLS_KEY_FILE'],
  MCP_KAFKA_BROKERS: '[127.0.0.1:1]',
  MCP_KAFKA_CA_FILE: secured['MCP_TLS_CLIENT_CA_FILE'],
  MCP_KAFKA_CERT_FILE: secured['MCP_TLS_CERT_FILE'],
  MCP_KAFKA_KEY_FILE: secured['MCP_TLS_KEY_FILE'],
});

/** Variables that protect access and secrets. */
const SECURITY: [string, Choice][] = [
  ['MCP_REDACTION_HMAC_KEY_FILE', DEBUG],
  ['MCP_ELASTIC_API_KEY_FILE', { backends: ['elastic'] }],
  ['MCP_DATADOG_API_KEY_FILE', { backends: ['datadog'] }],
  ['MCP_OTLP_EXPORT_HEADERS_FILE', { backends: ['otlp-http'] }],
  ['MCP_SYSLOG_CA_FILE', { backends: ['syslog-cef', 'debug'] }],
  ['MCP_TLS_CERT_FILE', { ...DEBUG, overlays: ['tls'] }],
  ['MCP_TLS_KEY_FILE', { ...DEBUG, overlays: ['tls'] }],
  ['MCP_TLS_CLIENT_CA_FILE', { ...DEBUG, overlays: ['tls'] }],
  ['MCP_TLS_CERT_FILE', { ...DEBUG, overlays: ['auth-bearer'] }],
  ['MCP_TLS_KEY_FILE', { ...DEBUG, overlays: ['auth-bearer'] }],
  ['MCP_INGEST_TOKEN_FILE', { ...DEBUG, overlays: ['auth-bearer'] }],
  ['MCP_TLS_CLIENT_CA_FILE', { ...DEBUG, overlays: ['tls', 'auth-bearer'] }],
  ['MCP_INGEST_TOKEN_FILE', { ...DEBUG, overlays: ['tls', 'auth-bearer'] }],
];

describe('an unset security variable fails the start by name', () => {
  it.each<[string, Choice]>([
    ...SECURITY,
    ['MCP_GATEWAY_CA_FILE', { more: ['tiers/agent'] }],
    ['MCP_GATEWAY_CERT_FILE', { more: ['tiers/agent'] }],
    ['MCP_GATEWAY_KEY_FILE', { more: ['tiers/agent'] }],
    ['MCP_KAFKA_CA_FILE', { more: ['tiers/agent-kafka'] }],
    ['MCP_KAFKA_CERT_FILE', { more: ['tiers/agent-kafka'] }],
    ['MCP_KAFKA_KEY_FILE', { more: ['tiers/agent-kafka'] }],
    ['MCP_KAFKA_CA_FILE', { ...DEBUG, more: ['tiers/gateway-kafka'] }],
    ['MCP_KAFKA_CERT_FILE', { ...DEBUG, more: ['tiers/gateway-kafka'] }],
    ['MCP_KAFKA_KEY_FILE', { ...DEBUG, more: ['tiers/gateway-kafka'] }],
  ])('%s, with %j', async (name, choice) => {
    const { code, output } = await place.failedStart(choice, { ...secured, ...TIER(), [name]: undefined });
    expect(code).toBe(1);
    expect(output).toContain(`open /${name}-is-not-set: no such file or directory`);
  });
});

describe('any other unset required variable fails the start by name', () => {
  it.each<[string, Choice]>([
    ['MCP_S3_BUCKET', { backends: ['archive-s3', 'debug'] }],
    ['MCP_SYSLOG_HOST', { backends: ['syslog-cef', 'debug'] }],
    ['MCP_GATEWAYS', { more: ['tiers/agent'] }],
    ['MCP_GATEWAY_ENDPOINT', { more: ['tiers/agent'] }],
    ['MCP_KAFKA_BROKERS', { more: ['tiers/agent-kafka'] }],
    ['MCP_KAFKA_BROKERS', { ...DEBUG, more: ['tiers/gateway-kafka'] }],
  ])('%s, with %j', async (name, choice) => {
    const { code, output } = await place.failedStart(choice, { ...TIER(), [name]: undefined });
    expect(code).toBe(1);
    expect(output).toContain(`exporters::file/${name}: path must be non-empty`);
  });
});

describe('a malformed variable fails the start', () => {
  it.each<[string, string, Choice, RegExp]>([
    ['MCP_REDACTION_HMAC_KEY_FILE', 'short', DEBUG, /redaction\/safety: hmac_key must be at least 32 bytes long/],
    ['MCP_TRACE_SAMPLE_PERCENT', 'ten', DEBUG, /sampling_percentage' expected type 'float64'/],
    ['MCP_TRACE_DECISION_WAIT', 'soon', DEBUG, /decision_wait' time: invalid duration/],
    ['MCP_TRACE_MAX_PENDING', 'many', DEBUG, /num_traces' expected type 'uint64'/],
    ['MCP_SENSITIVE_TOOLS', '{read_file: 1}', DEBUG, /string_attribute.*values/s],
    ['MCP_AUDIT_QUEUE_BYTES', 'large', { backends: ['loki'] }, /loki_audit.*queue_size' expected type 'int64'/s],
    ['MCP_AUDIT_QUEUE_BYTES', '0', { backends: ['loki'] }, /loki_audit::sending_queue: `queue_size` must be positive/],
    ['MCP_DEBUG_VERBOSITY', 'loud', DEBUG, /verbosity.*"loud"/s],
    ['MCP_OTLP_HTTP_PORT', 'http-alt-x', DEBUG, /http-alt-x/],
    ['MCP_OTLP_GRPC_PORT', '70000', DEBUG, /70000/],
    ['MCP_HEALTH_PORT', '70000', DEBUG, /70000/],
    ['MCP_SELF_METRICS_PORT', 'none', DEBUG, /port' expected type 'int'/],
    [
      'MCP_OTLP_EXPORT_ENDPOINT',
      'otlp.example.com',
      { backends: ['otlp-http'] },
      /MCP_OTLP_EXPORT_ENDPOINT: invalid endpoint/,
    ],
    ['MCP_SYSLOG_HOST', 'siem:6514', SYSLOG, /otlp_grpc\/MCP_SYSLOG_HOST.*too many colons/],
    ['MCP_SYSLOG_PORT', '70000', SYSLOG, /syslog\/audit: unsupported port/],
    ['MCP_SYSLOG_CEF_BYTES', 'many', SYSLOG, /transform\/syslog_cef.*<= many/s],
    ['MCP_ELASTIC_ENDPOINT', 'es:9200', { backends: ['elastic'] }, /elasticsearch\/\w+: invalid endpoint "es:9200"/],
    [
      'MCP_S3_DISABLE_TLS',
      'maybe',
      { backends: ['archive-s3', 'debug'] },
      /s3uploader\.disable_ssl' expected type 'bool'/,
    ],
  ])('%s=%s', async (name, value, choice, message) => {
    const short = join(place.folder, 'short');
    await writeFile(short, 'too short');
    const { code, output } = await place.failedStart(choice, { [name]: value === 'short' ? short : value });
    expect(output).toMatch(message);
    expect(code).toBe(1);
  });

  it('a missing file fails the start', async () => {
    const { code, output } = await place.failedStart({ backends: ['debug'], more: ['backends/papyrus'] });
    expect(code).toBe(1);
    expect(output).toMatch(/unable to read the file .*papyrus\.yaml/);
  });
});

describe('a certificate file', () => {
  it.each([
    ['MCP_TLS_CERT_FILE', 'tls'],
    ['MCP_TLS_KEY_FILE', 'tls'],
    ['MCP_TLS_CLIENT_CA_FILE', 'tls'],
    ['MCP_TLS_KEY_FILE', 'auth-bearer'],
  ])('%s without a certificate fails the start with %s', async (name, overlay) => {
    const garbage = join(place.folder, 'garbage.pem');
    await writeFile(garbage, 'not a certificate');
    const { code, output } = await place.failedStart(
      { ...DEBUG, overlays: [overlay] },
      { ...secured, [name]: garbage },
    );
    expect(code).toBe(1);
    expect(output).toMatch(/failed to load (TLS|client) .*(PEM|garbage\.pem)/s);
  });
});

it.each(['tls', 'auth-bearer'])('a key of another certificate fails the start with %s', async (overlay) => {
  const { key } = await (await authority(place.folder, 'other')).issue('other');
  const { code, output } = await place.failedStart(
    { ...DEBUG, overlays: [overlay] },
    { ...secured, MCP_TLS_KEY_FILE: key },
  );
  expect(code).toBe(1);
  expect(output).toMatch(/failed to load TLS .*private key does not match public key/s);
});

describe('a port in use', () => {
  it.each([
    ['MCP_OTLP_GRPC_PORT', DEBUG],
    ['MCP_OTLP_HTTP_PORT', DEBUG],
    ['MCP_HEALTH_PORT', DEBUG],
    ['MCP_SELF_METRICS_PORT', DEBUG],
    ['MCP_ELASTIC_RELAY_PORT', { backends: ['elastic'] }],
    ['MCP_S3_RELAY_PORT', { backends: ['archive-s3', 'debug'] }],
  ])('%s', async (name, choice) => {
    const port = await freePort();
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    const { code, output } = await place.failedStart(choice, { [name]: String(port) });
    server.close();
    expect(output).toMatch(new RegExp(`127\\.0\\.0\\.1:${port}: bind: address already in use`));
    expect(code).toBe(1);
  });
});

describe('a folder', () => {
  it.each<[string, Choice]>([
    ['MCP_QUEUE_DIR', { backends: ['loki'] }],
    ['MCP_ARCHIVE_DIR', { backends: ['debug', 'archive-file'] }],
  ])('%s is named if it is a file', async (name, choice) => {
    const file = join(place.folder, `${name}-file`);
    await writeFile(file, '');
    const { code, output } = await place.failedStart(choice, { [name]: join(file, 'below') });
    expect(output).toContain(file);
    expect(code).toBe(1);
  });

  it('is refused if another Collector uses it for its queue', async () => {
    const first = await place.start({ backends: ['loki'] });
    const other = await collectorPlace();
    const { code, output } = await other.failedStart(
      { backends: ['loki'] },
      { MCP_QUEUE_DIR: place.env({})['MCP_QUEUE_DIR'] },
    );
    await first.kill();
    await other.remove();
    expect(output).toMatch(/"otlp_http\/loki_audit".*timeout/s);
    expect(code).toBe(1);
  });
});

it('the Collector does not print secrets of its configuration', async () => {
  const secret = join(place.folder, 'recognisable');
  await writeFile(secret, 'recognisable-recognisable-recognisable');
  await mkdir(join(place.folder, 'x'), { recursive: true });
  await chmod(secret, 0o600);
  const env = {
    MCP_REDACTION_HMAC_KEY_FILE: secret,
    MCP_ELASTIC_API_KEY_FILE: secret,
    MCP_DATADOG_API_KEY_FILE: secret,
    MCP_DEBUG_VERBOSITY: 'detailed',
  };
  const collector = await place.start({ backends: ['debug', 'elastic', 'datadog'] }, env);
  const records = [
    { eventName: 'mcp_audit.response', body: '{}' },
    { body: 'password: x', attributes: { password: 'x' } },
  ];
  expect((await post(place.otlp, '/v1/logs', logsRequest(records))).status).toBe(200);
  // Error messages about failed requests could contain a header.
  await eventually('complaint of the exporter', () => /elasticsearch\/\w+.*(refused|failed)/i.test(collector.output));
  await collector.kill();
  expect(collector.output).not.toContain('recognisable-');
});
