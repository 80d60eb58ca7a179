/** What an endpoint's answer means, in words. Pure. */
import { adviceFor, type Environment, type Signal } from '../emit/export-failure.js';

/** By the reason of a failed export: an error code or a status. */
const MEANINGS: readonly (readonly [when: RegExp, what: string])[] = [
  [/ECONNREFUSED/, 'nothing listens there'],
  [/ENOTFOUND|EAI_AGAIN/, 'its name is not known (DNS)'],
  [/EHOSTUNREACH|ENETUNREACH/, 'no way leads there'],
  [/EPROTO|WRONG_VERSION|SSL_/, 'it does not speak TLS, so the address begins with http://'],
  [/CERT|SIGNED|ALTNAME/, 'its TLS certificate is not trusted'],
  [/timed out|ETIMEDOUT|DEADLINE|no answer/, 'it does not answer in time'],
  [/HTTP 401|UNAUTHENTICATED/, 'it wants credentials, or other ones'],
  [/HTTP 403|PERMISSION_DENIED/, 'the credentials are not allowed to do this'],
  [
    /HTTP 404/,
    'it has no such path: a path such as /v1/traces is added to OTEL_EXPORTER_OTLP_ENDPOINT, and not to the endpoint of one signal',
  ],
  [/HTTP 405/, 'it takes no POST there: it is another service, or the path is wrong'],
  [/HTTP 400|HTTP 41[35]|INVALID_ARGUMENT/, 'it does not take this protocol or encoding'],
  [/HTTP 429|HTTP 50[234]|RESOURCE_EXHAUSTED/, 'it takes nothing for now'],
  [/HTTP 5/, 'it has failed'],
  [
    /HPE_|ECONNRESET|hang up|Protocol error/,
    'it speaks another protocol: gRPC in place of HTTP, or the other way round',
  ],
  [/UNIMPLEMENTED/, 'it has no such gRPC service'],
  [/UNAVAILABLE/, 'it cannot be reached, or speaks HTTP in place of gRPC'],
];

/** The failure with its reason, its meaning and what to do. */
export function failureText(reason: string, signal: Signal, endpoint: string, env: Environment): string {
  const meaning = MEANINGS.find(([when]) => when.test(reason))?.[1];
  return `${endpoint} failed (${reason})${meaning === undefined ? '' : `: ${meaning}`}. ${adviceFor(reason, signal, endpoint, env)}`;
}
