/** Addresses of OTLP endpoints that lead nowhere. Pure. */
import {
  cut,
  type Environment,
  type Problem,
  perSignal,
  SIGNALS,
  type Signal,
  settingOf,
  show,
} from './otel-settings.js';

export function wrongEndpoints(env: Environment): readonly Problem[] {
  return perSignal('ENDPOINT').flatMap((name) => wrongEndpoint(env, name) ?? []);
}

/** Signals that a setting for everything is used for: those that have no setting of their own. */
function signalsOf(env: Environment, name: string): readonly Signal[] {
  const own = SIGNALS.filter((signal) => name.includes(`_${signal.toUpperCase()}_`));
  if (own.length > 0) return own;
  const setting = name.slice('OTEL_EXPORTER_OTLP_'.length);
  return SIGNALS.filter((signal) => settingOf(env, `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${setting}`) === '');
}

function protocolOf(env: Environment, signal: Signal): string {
  const own = settingOf(env, `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_PROTOCOL`);
  return own === '' ? settingOf(env, 'OTEL_EXPORTER_OTLP_PROTOCOL') : own;
}

const PATH = /\/v1\/(traces|metrics|logs)\/?$/;

/** What is wrong with an address, and how it should be; nothing where it is right. */
function wrongEndpoint(env: Environment, name: string): Problem | undefined {
  const value = settingOf(env, name);
  if (value === '') return undefined;
  const fails = signalsOf(env, name);
  // For gRPC, an address without a scheme is one with TLS.
  const http = fails.filter((signal) => protocolOf(env, signal) !== 'grpc');
  const problem = (says: string): Problem => ({
    text: `${name} is ${show(safe(value))}${says}`,
    sdkSays: [value],
    fails: http,
  });
  if (http.length === 0) return undefined;
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) {
    const example = /^[\w.-]+(?::\d+)?(?:\/|$)/.test(value) ? `http://${cut(value)}` : 'http://localhost:4318';
    return problem(`, which has no scheme: nothing is exported. Set it to ${example}`);
  }
  if (!URL.canParse(value) || !/^https?:/i.test(value)) {
    return problem('; accepted: an address such as http://localhost:4318. Nothing is exported');
  }
  const { pathname } = new URL(value);
  const [, path] = PATH.exec(pathname) ?? [];
  const isForAll = name === 'OTEL_EXPORTER_OTLP_ENDPOINT';
  const rest = cut(safe(value.replace(/(?:\/v1\/(?:traces|metrics|logs))+\/?$/, '')));
  if (isForAll && path !== undefined) {
    return problem(
      `, to which the path of each signal is added: ${cut(pathname)}/v1/traces and the like do not exist. Set it to ${rest}`,
    );
  }
  const doubled = /(?:\/v1\/(?:traces|metrics|logs)){2}\/?$/.test(pathname);
  if (!isForAll && path !== undefined && (doubled || path !== fails[0])) {
    return problem(`, whose path is ${doubled ? 'doubled' : `that of ${path}`}. Set it to ${rest}/v1/${fails[0]}`);
  }
  return undefined;
}

/** Without user info. */
function safe(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/?#]*@/i, '$1').replace(/[?#].*$/, '');
}
