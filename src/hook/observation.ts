/** A pipeline and, where that is asked for, an audit trail that is told of everything it sees. */

import { createAuditRecorder, spanSessionIds } from '../audit/create.js';
import type { AuditRecorder } from '../audit/recorder.js';
import type { Trail } from '../audit/trail.js';
import { showDiagnostics } from '../emit/diagnostics.js';
import type { LogsTarget } from '../emit/logger-provider.js';
import { Pipeline } from '../emit/pipeline.js';
import { Providers } from '../emit/providers.js';
import type { ResolvedConfig } from '../options/instrumentation.js';
import { unknownVariables } from '../options/unknown-variables.js';
import { whenMcpIsSeen } from '../report/quiet.js';
import { warnOperator } from '../report/report.js';
import { currentHttpPeer, watchHttpServer } from './http/current-request.js';
import { watchHttpRefusals } from './http/refused-requests.js';
import type { Undo } from './replace-methods.js';

export interface Observation {
  readonly pipeline: Pipeline;
  /** Starts to audit, and to watch the HTTP servers of the process; returns how to stop watching. */
  watch(): Undo;
  /** Ends auditing for one of those who watch, once what was open has ended. */
  stopAuditing(): void;
}

let looked = false;

/** What the environment has for us and we have no use for. Once per process. */
function lookAtEnvironment(): void {
  if (looked) return;
  looked = true;
  for (const text of unknownVariables(process.env)) warnOperator(text);
  // An application that has a logger of its own has set it up by the time that it uses MCP.
  whenMcpIsSeen(showDiagnostics);
}

/** @param target where audit records go, unless it is where those of the whole process do */
export function observe(config: ResolvedConfig, providers = new Providers(), target?: LogsTarget): Observation {
  if (config.enabled) lookAtEnvironment();
  let pipeline: Pipeline;
  const recorder = createAuditRecorder(config, {
    currentPeer: () => currentHttpPeer(config.trustProxy),
    target,
    // By the instruments that measure: a provider that is shut down warns when it is asked for more.
    onLost: (sink, cause) => pipeline.lostRecord(sink, cause),
  });
  pipeline = new Pipeline(config, providers, undefined, recorder, spanSessionIds(config, recorder));
  // Also what is instrumented by hand, and disabled by nobody.
  recorder?.trail.endingWith(pipeline);
  return {
    pipeline,
    watch() {
      recorder?.start();
      const stops = [watchHttpServer(), ...(recorder === undefined ? [] : [watchRefusals(recorder, config)])];
      return () => {
        for (const stop of stops) stop();
      };
    },
    stopAuditing: () => recorder?.stop(),
  };
}

interface Watch {
  users: number;
  readonly stop: Undo;
}

/** One for each trail: servers that are made for one request each are still one server. */
const watches = new Map<Trail, Watch>();

function watchRefusals(recorder: AuditRecorder, { trustProxy }: ResolvedConfig): Undo {
  const { trail, settings } = recorder;
  const watch = watches.get(trail) ?? {
    users: 0,
    stop: watchHttpRefusals({ paths: settings.paths, trustProxy, onRefused: (refusal) => recorder.refused(refusal) }),
  };
  watches.set(trail, watch);
  watch.users += 1;
  let stopped = false;
  return () => {
    if (stopped) return;
    stopped = true;
    watch.users -= 1;
    if (watch.users > 0) return;
    watches.delete(trail);
    watch.stop();
  };
}
