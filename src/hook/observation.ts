/** Creates what observes MCP with one set of options: a pipeline and, if enabled, its part of the audit trail. */
import { createAuditRecorder, spanSessionIds } from '../audit/create-recorder.js';
import type { AuditRecorder } from '../audit/recorder.js';
import type { Trail } from '../audit/trail.js';
import { showDiagnostics } from '../emit/diagnostics.js';
import type { LogsTarget } from '../emit/logger-provider.js';
import { Pipeline } from '../emit/pipeline.js';
import { Providers } from '../emit/providers.js';
import { reportLossesAtExit } from '../lifecycle/report-losses.js';
import type { ResolvedConfig } from '../options/instrumentation.js';
import { unknownVariables } from '../options/unknown-variables.js';
import { whenMcpIsSeen } from '../report/quiet.js';
import { warnOperator } from '../report/report.js';
import { currentHttpPeer, watchHttpServer } from './http/current-request.js';
import { watchHttpRefusals } from './http/refused-requests.js';
import type { Undo } from './replace-methods.js';

export interface Observation {
  readonly pipeline: Pipeline;
  /** Starts auditing, and watches the HTTP servers of the process. Returns a function that stops watching. */
  watch(): Undo;
  /** Stops auditing for one instrumented object, after its open operations have ended. */
  stopAuditing(): void;
}

/** What the first observation of the process starts. */
class FirstObservation {
  #made = false;

  make(): void {
    if (this.#made) return;
    this.#made = true;
    for (const text of unknownVariables(process.env)) warnOperator(text);
    // By the time that it uses MCP, an application with its own diagnostics logger has set it.
    whenMcpIsSeen(() => showDiagnostics());
    reportLossesAtExit();
  }
}

const first = new FirstObservation();

export interface ObservationOptions {
  readonly config: ResolvedConfig;
  readonly providers?: Providers;
  /** Where audit records go; by default to the global logger provider. */
  readonly target?: LogsTarget;
}

export function createObservation({ config, providers = new Providers(), target }: ObservationOptions): Observation {
  if (config.enabled) first.make();
  let pipeline: Pipeline;
  const recorder = createAuditRecorder(config, {
    currentPeer: () => currentHttpPeer(config.trustProxy),
    target,
    // Counted by the pipeline's own instruments: a provider that is shut down warns when it is asked for new ones.
    onLost: (sink, cause) => pipeline.lostRecord(sink, cause),
  });
  pipeline = new Pipeline({ config, providers, audit: recorder, showSessionId: spanSessionIds(config, recorder) });
  // When the trail ends, manual instrumentation that was never disabled ends too.
  recorder?.trail.endingWith(pipeline);
  return {
    pipeline,
    watch() {
      recorder?.start();
      const stops = [watchHttpServer(), ...(recorder === undefined ? [] : [refusalWatches.start(recorder, config)])];
      return () => {
        for (const stop of stops) stop();
      };
    },
    stopAuditing: () => recorder?.stop(),
  };
}

/** Watches for refused HTTP requests, once for each trail: servers made for one request each share a trail. */
class RefusalWatches {
  readonly #watches = new Map<Trail, { users: number; readonly stop: Undo }>();

  start(recorder: AuditRecorder, { trustProxy }: ResolvedConfig): Undo {
    const { trail, settings } = recorder;
    const watch = this.#watches.get(trail) ?? {
      users: 0,
      stop: watchHttpRefusals({ paths: settings.paths, trustProxy, onRefused: (refusal) => recorder.refused(refusal) }),
    };
    this.#watches.set(trail, watch);
    watch.users += 1;
    let stopped = false;
    return () => {
      if (stopped) return;
      stopped = true;
      watch.users -= 1;
      if (watch.users > 0) return;
      this.#watches.delete(trail);
      watch.stop();
    };
  }
}

const refusalWatches = new RefusalWatches();
