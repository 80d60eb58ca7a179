/** Assembles an audit recorder. Loaded on first use (`src/build.mjs`): without an audit trail, none of its parts is. */
import { ROOT_CONTEXT } from '@opentelemetry/api';
import type { AuditConfig } from '../audit-types.js';
import { Correlator } from '../emit/correlation.js';
import type { LogsTarget } from '../emit/logger-provider.js';
import { auditValues } from '../options/audit.js';
import type { ResolvedConfig } from '../options/instrumentation.js';
import type { Environment } from '../options/resolve.js';
import { Redactor } from '../redact/redactor.js';
import { unlessQuiet } from '../report/quiet.js';
import type { Peer } from '../session/peer.js';
import { InventoryFeed } from './inventory-feed.js';
import { sharedFor } from './process-trail.js';
import { AuditRecorder } from './recorder.js';
import { auditSettings } from './settings.js';

export { annotateServer } from './annotate-server.js';
export { erasableIn, eraseActor } from './erase-actor.js';
export { retentionTrail } from './retention-trail.js';

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

export function assembleRecorder(
  config: AuditConfig,
  instrumentation: ResolvedConfig,
  { env = process.env, currentPeer, onLost, target }: Surroundings,
): AuditRecorder {
  const values = auditValues(config, env, instrumentation.sessionIds);
  const { redact, detectors, captureArguments } = instrumentation;
  const redactor = new Redactor({
    ...(redact !== undefined && { redact }),
    ...(detectors !== undefined && { detectors }),
  });
  const shared = sharedFor(config, values, redactor, env);
  const settings = auditSettings({ config, values, captureAll: captureArguments, redactor, shared });
  if (values.actorIds === 'pseudonym') unlessQuiet(() => shared.pseudonyms()?.open());
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
