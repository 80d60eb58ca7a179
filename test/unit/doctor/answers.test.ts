/** Answers of endpoints in words. */
import { expect, it } from 'vitest';
import { failureText } from '../../../src/doctor/answers.js';

it.each([
  [
    'HTTP 413',
    'http://c:4318/v1/traces',
    'it does not take this protocol or encoding. Check OTEL_EXPORTER_OTLP_PROTOCOL',
  ],
  ['HTTP 405', 'http://c:4318/v1/traces', 'it takes no POST there'],
  ['HTTP 500', 'http://c:4318/v1/traces', 'it has failed. Is a Collector running there?'],
  [
    'HPE_INVALID_CONSTANT',
    'http://c:4317/v1/traces',
    'it speaks another protocol: gRPC in place of HTTP, or the other way round. Port 4317 is for gRPC: use port 4318',
  ],
  [
    'UNAVAILABLE',
    'c:4318',
    'it cannot be reached, or speaks HTTP in place of gRPC. Port 4318 is for HTTP: use port 4317',
  ],
  ['UNAUTHENTICATED', 'c:4317', 'it wants credentials, or other ones. Check OTEL_EXPORTER_OTLP_HEADERS'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'https://c/v1/traces', 'failed (UNABLE_TO_VERIFY_LEAF_SIGNATURE)'],
  [
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'https://c/v1/traces',
    'its TLS certificate is not trusted. Check OTEL_EXPORTER_OTLP_CERTIFICATE',
  ],
  ['EHOSTUNREACH', 'http://c/v1/traces', 'no way leads there'],
])('%s of %s', (reason, endpoint, says) => {
  expect(failureText(reason, 'traces', endpoint, {})).toContain(says);
});

it('an unknown reason stays as it is', () => {
  expect(failureText('no reason given', 'metrics', 'http://c', {})).toMatch(
    /^http:\/\/c failed \(no reason given\)\. /,
  );
});
