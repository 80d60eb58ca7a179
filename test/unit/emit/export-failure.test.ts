import { describe, expect, it } from 'vitest';
import { adviceFor, reasonOf, shownEndpoint } from '../../../src/emit/export-failure.js';

const error = (message: string, more: object = {}) => Object.assign(new Error(message), more);
const SECRET = ['sk', 'live', 'a'.repeat(24)].join('_');

describe('the reason of a failed export', () => {
  it.each([
    ['a refused connection', error('connect ECONNREFUSED 127.0.0.1:4318', { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [
      'a name with two addresses',
      error('', { code: 'ECONNREFUSED', errors: [error('', { code: 'ECONNREFUSED' })] }),
      'ECONNREFUSED',
    ],
    ['a cause', error('fetch failed', { cause: error('', { code: 'ENOTFOUND' }) }), 'ENOTFOUND'],
    ['an answer over HTTP', error('Unauthorized', { name: 'OTLPExporterError', code: 401, data: SECRET }), 'HTTP 401'],
    ['an answer over gRPC', error('16 UNAUTHENTICATED: bad token', { code: 16, details: SECRET }), 'UNAUTHENTICATED'],
    [
      'gRPC without a connection',
      error('14 UNAVAILABLE: No connection established. Last error: connect ECONNREFUSED 127.0.0.1:4317', { code: 14 }),
      'UNAVAILABLE, ECONNREFUSED',
    ],
    ['a certificate', error('self-signed', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['a time limit', error('Request timed out'), 'Request timed out'],
    ['an answer that asks to try again', error('Export failed with retryable status'), 'HTTP 429, 502, 503 or 504'],
    ['an error without a word', error(''), 'no reason given'],
    ['no error', undefined, 'no reason given'],
    ['a text', 'no answer', 'no answer'],
  ])('is short: %s', (_, thrown, reason) => {
    expect(reasonOf(thrown)).toBe(reason);
  });

  it('contains no text of the other side', () => {
    const said = [
      error(`401 ${SECRET}`, { code: 401, data: `{"token":"${SECRET}"}` }),
      error(`7 PERMISSION_DENIED: ${SECRET}`, { code: 7, details: SECRET }),
      error(`no code, but ${SECRET}\nand more`),
    ];
    for (const each of said) {
      expect(reasonOf(each)).not.toContain(SECRET);
      expect(reasonOf(each)).not.toContain('\n');
    }
  });

  it('ends with circular causes', () => {
    const one = error('one', { code: 'EONE' });
    Object.assign(one, { cause: error('two', { code: 'ETWO', cause: one }) });
    expect(reasonOf(one)).toBe('EONE, ETWO');
  });
});

describe('an endpoint', () => {
  it.each([
    ['http://localhost:4318/v1/traces', 'http://localhost:4318/v1/traces'],
    ['https://user:password@collector.example/v1/logs?api-key=1#x', 'https://collector.example/v1/logs'],
    ['user:password@host:4317', 'host:4317'],
    ['127.0.0.1:4317', '127.0.0.1:4317'],
    ['localhost:4318', 'localhost:4318'],
    ['https://host/', 'https://host'],
  ])('is shown without credentials: %s', (endpoint, shown) => {
    expect(shownEndpoint(endpoint)).toBe(shown);
  });
});

describe('the advice', () => {
  const HTTP = 'http://collector/v1/traces';
  it.each([
    ['ECONNREFUSED', HTTP, {}, /OTEL_EXPORTER_OTLP_ENDPOINT;.*OTEL_TRACES_EXPORTER=none/],
    ['ECONNREFUSED', HTTP, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: HTTP }, /OTEL_EXPORTER_OTLP_TRACES_ENDPOINT/],
    ['HTTP 401', HTTP, {}, /OTEL_EXPORTER_OTLP_HEADERS/],
    [
      'UNAUTHENTICATED',
      'collector:1',
      { OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'a=b' },
      /OTEL_EXPORTER_OTLP_TRACES_HEADERS/,
    ],
    ['HTTP 404', HTTP, {}, /path in OTEL_EXPORTER_OTLP_ENDPOINT/],
    ['UNIMPLEMENTED', 'collector:1', {}, /OTEL_EXPORTER_OTLP_PROTOCOL/],
    ['HTTP 415', HTTP, {}, /OTEL_EXPORTER_OTLP_PROTOCOL/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', HTTP, {}, /OTEL_EXPORTER_OTLP_CERTIFICATE/],
    ['Concurrent export limit reached', HTTP, {}, /OTEL_BSP_MAX_EXPORT_BATCH_SIZE/],
    ['HPE_INVALID_CONSTANT', 'http://c:4317/v1/traces', {}, /Port 4317 is for gRPC.*OTEL_EXPORTER_OTLP_PROTOCOL=grpc/],
    ['UNAVAILABLE', 'c:4318', {}, /Port 4318 is for HTTP.*OTEL_EXPORTER_OTLP_PROTOCOL=http/],
  ])('for %s at %s with %o names the setting', (reason, endpoint, env, advice) => {
    expect(adviceFor(reason, 'traces', endpoint, env)).toMatch(advice);
  });
});
