/** The options of the trail that a command writes: those of the processes beside it, as far as they fit a command. */
import type { AuditConfig } from '../audit-types.js';
import { auditValues } from '../options/audit.js';
import type { Environment } from '../options/resolve.js';
import type { AuditValues } from '../options/table.js';

/** @param stateDirectory keeps what pseudonyms and digests need */
export function commandValues(config: AuditConfig, env: Environment, stateDirectory: string | undefined): AuditValues {
  const given = auditValues(config, env);
  return {
    ...given,
    // The command has no OpenTelemetry SDK.
    delivery: given.delivery.filter((each) => each !== 'otel'),
    // With plain ids, no key is needed, and none is made.
    stateDirectory: given.actorIds === 'plain' ? undefined : stateDirectory,
    toolLock: undefined,
  };
}
