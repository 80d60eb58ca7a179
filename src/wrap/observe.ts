/** Observes what is relayed, as a server does what it receives, with every option of one. */
import { basename, extname } from 'node:path';
import { nameService } from '../audit/service.js';
import { currentLoggerProvider } from '../emit/logger-provider.js';
import { isFailing } from '../emit/lost-exports.js';
import { createObservation } from '../hook/observation.js';
import { resourceFromEnvironment } from '../lib/resource-environment.js';
import { Telemetry } from '../lifecycle/flush.js';
import { pendingWork } from '../lifecycle/pending-work.js';
import { takeOverLosses } from '../lifecycle/report-losses.js';
import { END_LIMIT_MS, shareWithCheckpoints, TimeLimit } from '../lifecycle/time-limit.js';
import { connectionLimit } from '../lifecycle/unref.js';
import { auditConfig } from '../options/audit.js';
import { type ResolvedConfig, resolveConfig } from '../options/instrumentation.js';
import { startOwnSdk } from '../own-sdk.js';
import { Redactor } from '../redact/redactor.js';
import { reportFailure } from '../report/report.js';
import { identityIn } from './identity.js';
import { Messages } from './messages.js';
import type { Inspector } from './relay.js';
import type { WrapRequest } from './request.js';
import { ServiceName } from './service-name.js';

export interface Observer {
  readonly fromHost: Inspector;
  readonly fromServer: Inspector;
  /** The host sends nothing more. */
  hostEnded(): void;
  /** The server is gone: ends what is open, and sends what is pending, within a time limit. Never rejects. */
  end(limitMs: number): Promise<void>;
}

const REMEDY =
  'Install one beside mcp-trail: npx takes a second -p @opentelemetry/sdk-node. MCP_TRAIL_SDK=off ends this line where only an audit trail is wanted';

/** To be called once, after the command has started: it changes the environment of this process. */
export function observe({ command, serviceName, osUser, maxLineBytes }: WrapRequest): Observer {
  keepRunning();
  const fallback = basename(command, extname(command)) || command;
  const name = isNamed(serviceName) ? undefined : new ServiceName(fallback);
  const config = withIdentity(resolveConfig(), osUser);
  const started = startOwnSdk({
    standBack: config.standBack,
    remedy: REMEDY,
    detectors: name === undefined ? [] : [{ detect: () => ({ attributes: { 'service.name': name.settled } }) }],
  });
  if (started !== undefined) name?.limitWaiting();
  // What needs a name at once, as the path of a file does, takes the preliminary one.
  if (name !== undefined) process.env['OTEL_SERVICE_NAME'] = fallback;
  const telemetry = new Telemetry({
    started: started?.providers,
    replaced: started?.replaced,
    logs: currentLoggerProvider,
    isFailing,
  });
  shareWithCheckpoints();
  const reportLosses = takeOverLosses();
  const { pipeline, watch } = createObservation({ config });
  const stop = watch();
  const redactor = new Redactor();
  const messages = new Messages({
    pipeline,
    maxLineBytes,
    onName: (said) => {
      const safe = redactor.name('service.name', said);
      if (name?.said(safe)) nameService(safe);
    },
  });
  return {
    fromHost: messages.fromHost,
    fromServer: messages.fromServer,
    hostEnded: () => messages.hostEnded(),
    async end(limitMs) {
      try {
        messages.serverEnded();
        name?.end();
        stop();
        pipeline.shutdown();
        connectionLimit.limitMs = limitMs;
        const work = pendingWork(true);
        if (telemetry.pending) work.push(telemetry.flush());
        const limit = new TimeLimit(() => limitMs);
        await limit.hold(Promise.all(work));
        // Nothing is left for what waits while the process exits.
        limit.spend(END_LIMIT_MS);
        reportLosses();
      } catch (error) {
        reportFailure('ending', error);
      }
    },
  };
}

/** Whether the option or the environment names the service. */
function isNamed(given: string | undefined): boolean {
  if (given !== undefined) process.env['OTEL_SERVICE_NAME'] = given;
  return resourceFromEnvironment(process.env).has('service.name');
}

/** Auditing takes the actor from the environment; it is on or off as without that. */
function withIdentity(config: ResolvedConfig, osUser: boolean): ResolvedConfig {
  const audit = auditConfig(config, process.env);
  const identity = audit && identityIn(process.env, osUser);
  return identity === undefined ? config : { ...config, audit: { ...audit, identity: () => identity } };
}

/** A failure of ours, or of the OpenTelemetry SDK, must not take the server's connection away. */
function keepRunning(): void {
  const survive = (error: unknown) => reportFailure('observing', error);
  process.on('uncaughtException', survive);
  process.on('unhandledRejection', survive);
}
