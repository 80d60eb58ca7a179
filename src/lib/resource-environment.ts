/**
 * The service, as OpenTelemetry's environment variables describe it.
 *
 * @see https://opentelemetry.io/docs/specs/otel/resource/sdk/#specifying-resource-information-via-an-environment-variable
 */
import { attempt } from './attempt.js';

const MAX_LENGTH = 16_384;

/** `OTEL_RESOURCE_ATTRIBUTES`, and `OTEL_SERVICE_NAME` as `service.name`. Malformed values are left out. */
export function resourceFromEnvironment(env: Readonly<Record<string, string | undefined>>): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const pair of (env['OTEL_RESOURCE_ATTRIBUTES'] ?? '').slice(0, MAX_LENGTH).split(',')) {
    const at = pair.indexOf('=');
    if (at <= 0) continue;
    const value = decoded(pair.slice(at + 1).trim());
    if (value !== undefined && value !== '') attributes.set(pair.slice(0, at).trim(), value);
  }
  const name = env['OTEL_SERVICE_NAME']?.trim();
  if (name !== undefined && name !== '') attributes.set('service.name', name);
  return attributes;
}

function decoded(text: string): string | undefined {
  return attempt(() => decodeURIComponent(text.replace(/^"(.*)"$/, '$1')));
}

const PRODUCTION = /^prod(?:uction)?$/i;

/** Whether this is production, by the OpenTelemetry resource or by `NODE_ENV`. */
export function saysProduction(env: Readonly<Record<string, string | undefined>>): boolean {
  const resource = resourceFromEnvironment(env);
  const stated = resource.get('deployment.environment.name') ?? resource.get('deployment.environment');
  return PRODUCTION.test(stated ?? env['NODE_ENV'] ?? '');
}
