/** Which OpenTelemetry SDK `mcp-trail/register` starts, and with which variables. */
import { attempt } from '../lib/attempt.js';
import { HERE } from '../lib/location.js';
import { packageVersion } from '../lib/package-version.js';
import { otelProblems } from '../lifecycle/otel-settings.js';
import { findSdk } from '../lifecycle/start-sdk.js';
import { parsed, textOf } from '../options/resolve.js';
import { REGISTER } from '../options/table.js';
import { noSdk } from '../own-sdk.js';
import { type Findings, fail, type OtelSdk, ok, type Patient, warn } from './finding.js';
import { isAllOff } from './switches.js';

type Environment = Patient['env'];

/** @param entry the entry file of the application, where it is known */
export function otelFor(env: Environment, entry: string | undefined, workingDirectory: string): OtelSdk {
  const stated = textOf(REGISTER.sdk.env, env);
  const isOff = stated !== undefined && parsed(REGISTER.sdk, stated) === 'off';
  const off = isOff ? `${REGISTER.sdk.env}=off` : isAllOff(env) ? 'the switch above' : undefined;
  return { off, found: findSdk(entry, workingDirectory, HERE) };
}

const REMEDY =
  'Install one beside the application (npm install @opentelemetry/sdk-node; npx takes it with -p), or set MCP_TRAIL_SDK=off if the application registers its own or only an audit trail is wanted';

export function sdk({ otel: { off, found } }: Patient): Findings {
  if (off !== undefined) return [ok(`none is started: ${off}`)];
  if (found.require === undefined) return [fail(noSdk(found.passedOver, REMEDY))];
  const versions = ['@opentelemetry/sdk-node', '@opentelemetry/api'].map((name) => {
    const file = attempt(() => found.require?.resolve(name));
    return `${name} ${(file && packageVersion(name, file)) ?? 'of unknown version'}`;
  });
  return [ok(versions.join(', '))];
}

/** Variables of OpenTelemetry that cannot work. */
export function settings({ env }: Patient): Findings {
  const problems = otelProblems(env).map(({ text }) => fail(text));
  return problems.length === 0 ? [ok('the OTEL_* variables can be used')] : problems;
}

export function propagators({ env }: Patient): Findings {
  const stated = env['OTEL_PROPAGATORS']?.trim();
  const names = (stated || 'tracecontext,baggage').split(',').map((name) => name.trim());
  if (names.includes('tracecontext')) return [ok(names.join(', '))];
  return [
    warn(`OTEL_PROPAGATORS=${names.join(',')} has no tracecontext: spans of client and server are not linked. Add it`),
  ];
}
