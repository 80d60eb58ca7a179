/**
 * A start without code: instruments the MCP SDKs and, unless an OpenTelemetry SDK is registered already, starts the
 * application's own `@opentelemetry/sdk-node` from the `OTEL_*` environment.
 */
import { currentLoggerProvider } from './emit/logger-provider.js';
import { isFailing, sentAtExit } from './emit/lost-exports.js';
import { endpointOf } from './emit/sdk-internals.js';
import { StderrLogRecordExporter } from './export/stderr.js';
import { stdioServers } from './hook/stdio/stdio-servers.js';
import { McpInstrumentation } from './instrumentation.js';
import { rfc3339, wallClock } from './lib/clock.js';
import { crashLine } from './lifecycle/crash-report-line.js';
import { crashReporter } from './lifecycle/crash-reports.js';
import { apiMismatch } from './lifecycle/earlier-sdk.js';
import { Telemetry } from './lifecycle/flush.js';
import { deliverAtEnd, flushAfterInput } from './lifecycle/process-end.js';
import { lockedOutApi } from './lifecycle/start-sdk.js';
import { resolveConfig } from './options/instrumentation.js';
import { resolve } from './options/resolve.js';
import { INSTRUMENTATION, REGISTER } from './options/table.js';
import { startOwnSdk } from './own-sdk.js';
import { Redactor } from './redact/redactor.js';
import { keepQuiet, whenMcpIsSeen } from './report/quiet.js';
import { warnOperator } from './report/report.js';

/** Called once per process. */
export function startWithoutCode(): void {
  keepQuiet();
  const bundles = resolve<boolean>('bundles', { ...INSTRUMENTATION.bundles, default: true }, undefined, process.env);
  const instrumentation = new McpInstrumentation({ bundles });
  const { standBack } = resolveConfig(instrumentation.getConfig());
  const started = startOwnSdk({ standBack, remedy: REMEDY });
  whenMcpIsSeen(() => {
    const text = apiMismatch(process.env, started?.apiVersion, () => lockedOutApi(process.argv[1], process.cwd()));
    if (text !== undefined) warnOperator(text);
  });
  const telemetry = new Telemetry({
    started: started?.providers,
    replaced: started?.replaced,
    logs: currentLoggerProvider,
    isFailing,
  });
  const endNow = deliverAtEnd(process, {
    telemetry,
    endAll: () => instrumentation.disable(),
    deliver: (limitMs) => {
      for (const parcel of started?.exitDelivery.deliver(limitMs) ?? [])
        sentAtExit(parcel, endpointOf(parcel.exporter));
    },
  });
  const onCrash = crashes(endNow);
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

const REMEDY =
  'Install one beside the application (npm install @opentelemetry/sdk-node), or set MCP_TRAIL_SDK=off if the application registers its own';
