/** Creates audit recorders from the options. */
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { Correlator } from '../emit/correlation.js';
import type { LogsTarget } from '../emit/logger-provider.js';
import { auditConfig, auditValues, idleAuditSettings } from '../options/audit.js';
import type { ResolvedConfig } from '../options/instrumentation.js';
import type { Environment } from '../options/resolve.js';
import { Redactor } from '../redact/redactor.js';
import { whenMcpIsSeen } from '../report/quiet.js';
import { warnOperator } from '../report/report.js';
import type { Peer } from '../session/peer.js';
import { InventoryFeed } from './inventory-feed.js';
import { processDigester } from './key.js';
import { AuditRecorder } from './recorder.js';
import { latestRecorder } from './registry.js';
import { auditSettings } from './settings.js';
import { sharedFor } from './shared.js';

/** What a recorder needs besides options. */
export interface Surroundings {
  /** The sender of the current HTTP request. */
  readonly currentPeer: () => Peer | undefined;
  /** Counts a lost record. */
  readonly onLost?: (sink: string, cause: string) => void;
  readonly env?: Environment;
  /** LoggerProvider of this instrumentation, if it has its own. */
  readonly target?: LogsTarget | undefined;
}

/** The recorder that the options ask for; undefined if auditing is off. */
export function createAuditRecorder(
  instrumentation: ResolvedConfig,
  surroundings: Surroundings,
): AuditRecorder | undefined {
  const { env = process.env, currentPeer, onLost, target } = surroundings;
  if (!instrumentation.enabled) return undefined;
  const config = auditConfig(instrumentation, env);
  if (config === undefined) {
    warnOfIdleSettings(instrumentation, env);
    return undefined;
  }
  const values = auditValues(config, env, instrumentation.sessionIds);
  const { redact, detectors, captureArguments } = instrumentation;
  const redactor = new Redactor({
    ...(redact !== undefined && { redact }),
    ...(detectors !== undefined && { detectors }),
  });
  const shared = sharedFor(config, values, redactor, env);
  const settings = auditSettings({ config, values, captureAll: captureArguments, redactor, key: shared.key });
  const recorder = new AuditRecorder({
    settings,
    trail: shared.trail,
    target,
    service: shared.service,
    correlator: new Correlator(shared.newId, () => currentPeer()?.http, instrumentation.trustIncomingContext),
    currentPeer,
    onLost,
    inventory: new InventoryFeed({ ...settings, inventory: shared.inventory, trail: shared.trail, target }),
  });
  if (settings.captureAll) {
    shared.trail.opening('captureArguments', () => {
      const place = { active: ROOT_CONTEXT, peer: undefined };
      recorder.events.configChange({ item: 'captureArguments', reason: 'debug_switch_on' }, place);
    });
  }
  return recorder;
}

/** Warns late: another instrumentation of this process may audit, which is known once MCP is in use. */
function warnOfIdleSettings(instrumentation: ResolvedConfig, env: Environment): void {
  const text = idleAuditSettings(instrumentation, env);
  if (text === undefined) return;
  const say = () => {
    if (latestRecorder() === undefined) warnOperator(text);
  };
  whenMcpIsSeen(() => setImmediate(say));
}

/** How spans show session ids. Digests equal those of records. */
export function spanSessionIds(
  { sessionIds = 'plain' }: ResolvedConfig,
  recorder: AuditRecorder | undefined,
  env: Environment = process.env,
): ((id: string) => string | undefined) | undefined {
  if (sessionIds === 'plain') return undefined;
  if (sessionIds === 'none') return () => undefined;
  const digester = recorder?.settings.digester ?? processDigester(env);
  return (id) => digester.digest(id);
}
