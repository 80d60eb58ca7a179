/** Starts the `@opentelemetry/sdk-node` that is found beside the application, from the `OTEL_*` environment. */
import { explainDuplicates, levelOf, saidElsewhere, showDiagnostics } from './emit/diagnostics.js';
import { explained } from './emit/lost-exports.js';
import { noticeOther } from './emit/other-instrumentation.js';
import { watchRegistered } from './emit/providers.js';
import { watchSpans } from './emit/sdk-internals.js';
import { HERE } from './lib/location.js';
import { keptHere, sdkIsRegistered, signalsElsewhere, takenBefore } from './lifecycle/earlier-sdk.js';
import { otelProblems } from './lifecycle/otel-settings.js';
import type { Detector } from './lifecycle/resource-detectors.js';
import { diagOf, findSdk, type StartedSdk, SUPPORTED_VERSIONS, startSdk } from './lifecycle/start-sdk.js';
import { resolve } from './options/resolve.js';
import { REGISTER } from './options/table.js';
import { shown } from './redact/scrub.js';
import { whenMcpIsSeen } from './report/quiet.js';
import { warnOperator } from './report/report.js';

export interface OwnSdkOptions {
  /** Whether spans are left to another instrumentation of MCP. */
  readonly standBack: boolean;
  /** What to do if there is no SDK. */
  readonly remedy: string;
  /** Add to the resource, after those of the environment. */
  readonly detectors?: readonly Detector[];
}

/** The SDK that was started, if one was. */
export function startOwnSdk({ standBack, remedy, detectors = [] }: OwnSdkOptions): StartedSdk | undefined {
  const logLevel = levelOf(process.env['OTEL_LOG_LEVEL']);
  if (resolve('sdk', REGISTER.sdk, undefined, process.env) === 'off') return undefined;
  if (sdkIsRegistered()) {
    whenMcpIsSeen(() => {
      for (const text of signalsElsewhere(process.env)) warnOperator(text);
    });
    return undefined;
  }
  const { require: found, passedOver } = findSdk(process.argv[1], process.cwd(), HERE);
  if (found === undefined) {
    warnOperator(noSdk(passedOver, remedy));
    return undefined;
  }
  const problems = otelProblems(process.env);
  for (const { text } of problems) warnOperator(text);
  explained(problems.flatMap(({ fails = [] }) => fails));
  saidElsewhere(problems.flatMap(({ sdkSays }) => sdkSays));
  explainDuplicates((api) => {
    const text = takenBefore(api);
    if (text !== undefined) warnOperator(text);
  });
  let holds: StartedSdk['holds'] = () => false;
  try {
    showDiagnostics(diagOf(found));
    const onKept = (endpoints: readonly string[]) => whenMcpIsSeen(() => warnOperator(keptHere(endpoints)));
    const started = startSdk(found, { logLevel, warn: warnOperator, onKept, detectors });
    holds = started.holds;
    watchRegistered();
    if (!standBack) watchSpans(noticeOther);
    return started;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    warnOperator(`@opentelemetry/sdk-node could not be started, nothing is exported: ${shown(reason, 200)}`);
    return undefined;
  } finally {
    // Elsewhere, the application stands in its own way.
    explainDuplicates((api) => {
      if (holds(api)) warnOperator(SECOND_SDK);
    });
  }
}

/** @param passedOver versions that cannot be used */
export function noSdk(passedOver: readonly string[], remedy: string): string {
  const found =
    passedOver.length === 0
      ? 'no OpenTelemetry SDK found'
      : `@opentelemetry/sdk-node ${shown(passedOver.join(', '), 300)} cannot be used (accepted: ${SUPPORTED_VERSIONS})`;
  return `${found}, spans and metrics are not exported. ${remedy}`;
}

const SECOND_SDK =
  'the application registers an OpenTelemetry SDK of its own, which is ignored because mcp-trail/register has started ' +
  "one with another version of @opentelemetry/api. Set MCP_TRAIL_SDK=off to use only the application's";
