import { describe, expect, it } from 'vitest';
import { type Environment, otelProblems } from '../../../src/lifecycle/otel-settings.js';

const FILES = new Set(['/etc/ssl/collector.pem']);
const problems = (env: Environment) => otelProblems(env, (path) => FILES.has(path));
const said = (env: Environment) => problems(env).map(({ text }) => text);

/** A variable, a value that cannot work, and what the warning has to contain beside the variable's name. */
const WRONG: readonly (readonly [string, string, RegExp])[] = [
  [
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'localhost:4318',
    /"localhost:4318", which has no scheme.*Set it to http:\/\/localhost:4318/,
  ],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector', /no scheme.*http:\/\/collector/],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', '//collector:4318', /no scheme/],
  ['OTEL_EXPORTER_OTLP_LOGS_ENDPOINT', '10.0.0.1:4318/v1/logs', /no scheme.*http:\/\/10\.0\.0\.1:4318\/v1\/logs/],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'grpc://localhost:4317', /accepted: an address such as/],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://', /accepted: an address such as/],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://c:4318/v1/traces', /\/v1\/traces\/v1\/traces .*Set it to http:\/\/c:4318$/],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://c:4318/otlp/v1/logs/', /Set it to http:\/\/c:4318\/otlp$/],
  ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'http://c/v1/traces/v1/traces', /doubled.*Set it to http:\/\/c\/v1\/traces$/],
  ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'http://c/v1/logs', /that of logs.*Set it to http:\/\/c\/v1\/traces$/],
  ['OTEL_TRACES_EXPORTER', 'otpl', /"otpl"; accepted: otlp, console, zipkin, none/],
  ['OTEL_TRACES_EXPORTER', 'otlp,jaeger2', /"jaeger2"; accepted/],
  ['OTEL_METRICS_EXPORTER', 'statsd', /"statsd"; accepted: otlp, console, prometheus, none/],
  ['OTEL_LOGS_EXPORTER', 'OTLP', /"OTLP"; accepted: otlp, console, none/],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'http', /"http"; accepted: http\/protobuf, http\/json, grpc\. Using http\/protobuf/],
  ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'protobuf', /accepted: http\/protobuf/],
  ['OTEL_EXPORTER_OTLP_METRICS_PROTOCOL', 'x', /accepted: http\/protobuf/],
  ['OTEL_EXPORTER_OTLP_LOGS_PROTOCOL', 'GRPC', /accepted: http\/protobuf/],
  ['OTEL_EXPORTER_OTLP_COMPRESSION', 'zstd', /accepted: gzip, none/],
  ['OTEL_EXPORTER_OTLP_INSECURE', 'yes', /accepted: true, false/],
  ['OTEL_TRACES_SAMPLER', 'nonsense', /accepted: always_on, .*Using parentbased_always_on/],
  ['OTEL_TRACES_SAMPLER', 'jaeger_remote', /accepted: always_on/],
  ['OTEL_PROPAGATORS', 'tracecontext,xray', /"xray"; accepted: tracecontext, baggage/],
  ['OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE', 'x', /accepted: cumulative, delta, lowmemory/],
  ['OTEL_LOG_LEVEL', 'loud', /accepted: none, error, warn/],
  ['OTEL_SDK_DISABLED', 'yes', /accepted: true, false/],
  ['OTEL_EXPORTER_OTLP_TIMEOUT', '10s', /a number above 0, in milliseconds/],
  ['OTEL_EXPORTER_OTLP_LOGS_TIMEOUT', '0', /a number above 0, in milliseconds/],
  ['OTEL_BSP_SCHEDULE_DELAY', '-1', /a number above 0, in milliseconds/],
  ['OTEL_BLRP_MAX_QUEUE_SIZE', 'many', /a number above 0\. Using the default/],
  ['OTEL_METRIC_EXPORT_INTERVAL', '1m', /a number above 0, in milliseconds/],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'authorization', /entry 1 is not name=value/],
  ['OTEL_EXPORTER_OTLP_TRACES_HEADERS', 'a=b,=c, d = %zz', /entry 2, 3 is not name=value/],
  ['OTEL_RESOURCE_ATTRIBUTES', 'a=b,c=d=e', /entry 2 is not name=value/],
  ['OTEL_EXPORTER_OTLP_CERTIFICATE', '/nowhere.pem', /"\/nowhere\.pem", which cannot be read/],
  ['OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY', '/nowhere.key', /cannot be read/],
  [
    'OTEL_EXPORTER_OTLP_CLIENT_KEY',
    'MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/Vpg',
    /is a text that does not look like a path, which/,
  ],
  ['OTEL_CONFIG_FILE', '/etc/otel.yaml', /is not read by mcp-trail\/register/],
];

describe('a variable of OpenTelemetry with a value that cannot work', () => {
  it.each(WRONG)('is reported: %s=%s', (name, value, text) => {
    const all = said({ [name]: value });
    expect(all).toHaveLength(1);
    expect(all[0]).toMatch(text);
    expect(all[0]?.startsWith(name)).toBe(true);
    expect(all[0]).not.toContain('\n');
  });

  it('is reported together with the variable that it depends on', () => {
    const ratio = (value: string) => ({
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: value,
    });
    expect(said(ratio('2'))[0]).toMatch(/^OTEL_TRACES_SAMPLER_ARG is "2"; accepted with parentbased_traceidratio/);
    expect(said(ratio('often'))[0]).toMatch(/^OTEL_TRACES_SAMPLER_ARG is "often"/);
    expect(said(ratio(''))[0]).toMatch(/^OTEL_TRACES_SAMPLER_ARG is not set/);
    expect(said(ratio('0.5'))).toEqual([]);
  });

  it('is reported without possible credentials', () => {
    const secret = ['s3cr3t', 'value'].join('-');
    const env = {
      OTEL_EXPORTER_OTLP_HEADERS: `authorization ${secret},api-key=%${secret}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: `user:${secret}@collector:4318`,
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `https://user:${secret}@collector/v1/traces?key=${secret}`,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `https://${secret}@collector/v1/traces/v1/traces`,
    };
    expect(said(env)).toHaveLength(4);
    expect(said(env).join()).not.toContain(secret);
  });

  it('lists the signals whose exports fail, without those that override it', () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'c:4318',
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://c:4318/v1/metrics',
    };
    expect(problems(env).map(({ fails }) => fails)).toEqual([['traces', 'logs']]);
  });

  it('is reported in short, however long it is', () => {
    for (const name of new Set(WRONG.map(([each]) => each)))
      for (const text of said({ [name]: 'x'.repeat(100_000) })) expect(text.length).toBeLessThan(500);
  });
});

/** Valid values of every variable. */
const RIGHT: readonly Environment[] = [
  {},
  { OTEL_TRACES_EXPORTER: '', OTEL_EXPORTER_OTLP_ENDPOINT: ' ', OTEL_TRACES_SAMPLER: '' },
  { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
  {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example/otlp/',
    OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20b, x=Basic%20YQ==',
  },
  { OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Basic YWJj,' },
  // With gRPC, a host and a port are an address.
  {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_EXPORTER_OTLP_INSECURE: 'TRUE',
  },
  { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'unix:///run/otel.sock', OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'grpc' },
  {
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c:4318/v1/traces',
    OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://c/ingest',
  },
  { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' },
  { OTEL_TRACES_EXPORTER: 'otlp, console', OTEL_METRICS_EXPORTER: 'prometheus', OTEL_LOGS_EXPORTER: 'console,otlp' },
  { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' },
  { OTEL_TRACES_SAMPLER: 'always_off', OTEL_TRACES_SAMPLER_ARG: 'unused' },
  { OTEL_PROPAGATORS: 'tracecontext,baggage,b3,b3multi,jaeger' },
  { OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip', OTEL_EXPORTER_OTLP_TIMEOUT: '2500', OTEL_BSP_SCHEDULE_DELAY: '1e3' },
  { OTEL_EXPORTER_OTLP_CERTIFICATE: '/etc/ssl/collector.pem', OTEL_LOG_LEVEL: 'DEBUG' },
  { OTEL_RESOURCE_ATTRIBUTES: 'service.namespace=a,deployment.environment.name=b%2Cc,empty=', OTEL_SERVICE_NAME: 'x' },
  { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'DELTA', OTEL_SDK_DISABLED: 'False' },
];

it.each(RIGHT)('there is no warning about %o', (env) => {
  expect(said(env)).toEqual([]);
});
