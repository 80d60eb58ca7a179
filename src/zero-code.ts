/**
 * A start without code: instruments the MCP SDKs and, unless an OpenTelemetry SDK is registered already, starts the
 * application's own `@opentelemetry/sdk-node` from the `OTEL_*` environment.
 */
import { explainDuplicates, levelOf, saidElsewhere, showDiagnostics } from './emit/diagnostics.js';
import { currentLoggerProvider } from './emit/logger-provider.js';
import { explained, isFailing, sentAtExit, takeOverLosses } from './emit/lost-exports.js';
import { noticeOther } from './emit/other-instrumentation.js';
import { watchRegistered } from './emit/providers.js';
import { endpointOf, watchSpans } from './emit/sdk-internals.js';
import { StderrLogRecordExporter } from './export/stderr.js';
import { stdioServers } from './hook/stdio/stdio-servers.js';
import { onUnobserved } from './hook/unobserved-mcp.js';
import { McpInstrumentation } from './instrumentation.js';
import { rfc3339, wallClock } from './lib/clock.js';
import { HERE } from './lib/location.js';
import { crashLine } from './lifecycle/crash-report-line.js';
import { crashReporter } from './lifecycle/crash-reports.js';
import { sdkIsRegistered, signalsElsewhere, takenBefore } from './lifecycle/earlier-sdk.js';
import { Telemetry } from './lifecycle/flush.js';
import { otelProblems } from './lifecycle/otel-settings.js';
import { deliverAtEnd, flushAfterInput } from './lifecycle/process-end.js';
import { findSdk, type StartedSdk, startSdk } from './lifecycle/start-sdk.js';
import { resolveConfig } from './options/instrumentation.js';
import { resolve } from './options/resolve.js';
import { REGISTER } from './options/table.js';
import { Redactor } from './redact/redactor.js';
import { shown } from './redact/scrub.js';
import { isMcpSeen, keepQuiet, mcpSeen, whenMcpIsSeen } from './report/quiet.js';
import { warnOperator } from './report/report.js';

/** Called once per process. */
export function startWithoutCode(): void {
  keepQuiet();
  const instrumentation = new McpInstrumentation();
  const started = start(instrumentation);
  const telemetry = new Telemetry({ started: started?.providers, logs: currentLoggerProvider, isFailing });
  const endNow = deliverAtEnd(process, {
    telemetry,
    endAll: () => instrumentation.disable(),
    deliver: (limitMs) => {
      for (const parcel of started?.exitDelivery.deliver(limitMs) ?? [])
        sentAtExit(parcel, endpointOf(parcel.exporter));
    },
    onLost: takeOverLosses(),
  });
  const onCrash = crashes(endNow);
  onUnobserved(process, isMcpSeen, (where) => {
    mcpSeen();
    warnOperator(
      `MCP traffic over ${where} is not observed: the MCP SDK is bundled into the application, or mcp-trail ` +
        'does not know it. Keep the SDK out of the bundle, or use instrumentServer, instrumentTransport',
    );
  });
  stdioServers.onStart((streams) => {
    flushAfterInput(streams.input, telemetry);
    onCrash?.(streams);
  });
}

/** The function to call with the streams of each stdio server; undefined if crash reports are off. */
function crashes(endNow: () => Promise<unknown>) {
  if (resolve('crashReports', REGISTER.crashReports, undefined, process.env) === 'off') return undefined;
  const stderr = new StderrLogRecordExporter();
  const redactor = new Redactor();
  const serviceName = process.env['OTEL_SERVICE_NAME']?.trim() || undefined;
  const workingDirectory = process.cwd();
  const hide = (name: string) => redactor.name('code.stacktrace', name);
  return crashReporter(process, {
    lineFor: (thrown, origin) =>
      crashLine(thrown, origin, { time: rfc3339(wallClock()), serviceName, workingDirectory, hide }),
    write: (line) => stderr.write(line),
    finish: () => Promise.all([endNow(), stderr.forceFlush()]),
  });
}

/** The SDK that was started, if one was. */
function start(instrumentation: McpInstrumentation): StartedSdk | undefined {
  const logLevel = levelOf(process.env['OTEL_LOG_LEVEL']);
  showDiagnostics();
  if (resolve('sdk', REGISTER.sdk, undefined, process.env) === 'off') return undefined;
  if (sdkIsRegistered()) {
    whenMcpIsSeen(() => {
      for (const text of signalsElsewhere(process.env)) warnOperator(text);
    });
    return undefined;
  }
  const found = findSdk(process.argv[1], process.cwd(), HERE);
  if (found === undefined) {
    warnOperator(
      'no OpenTelemetry SDK found, spans and metrics are not exported. Install one beside the application ' +
        '(npm install @opentelemetry/sdk-node), or set MCP_TRAIL_SDK=off if the application registers its own',
    );
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
  try {
    const started = startSdk(found, instrumentation, logLevel, warnOperator);
    watchRegistered();
    if (!resolveConfig(instrumentation.getConfig()).standBack) watchSpans(noticeOther);
    return started;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    warnOperator(`@opentelemetry/sdk-node could not be started, nothing is exported: ${shown(reason, 200)}`);
    return undefined;
  } finally {
    explainDuplicates(() => warnOperator(SECOND_SDK));
  }
}

const SECOND_SDK =
  'the application registers an OpenTelemetry SDK of its own, which is ignored because mcp-trail/register has started ' +
  "one. Set MCP_TRAIL_SDK=off to use only the application's";
