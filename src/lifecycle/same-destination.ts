/**
 * Whether a provider of the application sends where ours does, and nowhere else. What is not known for sure counts as
 * elsewhere: MCP telemetry then stays where the operator has sent it.
 */
import { type Environment, isSet, type Signal } from '../emit/export-failure.js';
import { addressOf, processorsOf } from '../emit/sdk-internals.js';

export function sendsToSame(signal: Signal, theirs: object, ours: object, env: Environment): boolean {
  // One address can serve many customers, told apart by a header, which may be another in the application.
  const headers = ['OTEL_EXPORTER_OTLP_HEADERS', `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_HEADERS`];
  if (headers.some((name) => isSet(env, name))) return false;
  const own = addressesOf(signal, ours);
  const other = addressesOf(signal, theirs);
  return own.size > 0 && !own.has(undefined) && own.size === other.size && [...own].every((each) => other.has(each));
}

/** Of its exporters; undefined stands for each that is unknown or does not use the network. */
function addressesOf(signal: Signal, provider: object): ReadonlySet<string | undefined> {
  return new Set(processorsOf(signal, provider)?.map(({ _exporter }) => addressOf(_exporter)));
}
