/** Creates audit recorders from the options. */
import { auditConfig, idleAuditSettings } from '../options/audit.js';
import type { ResolvedConfig } from '../options/instrumentation.js';
import type { Environment } from '../options/resolve.js';
import { whenMcpIsSeen } from '../report/quiet.js';
import { warnOperator } from '../report/report.js';
import { assembleRecorder, type Surroundings } from './assemble.js';
import { processDigester } from './digest-key.js';
import type { AuditRecorder } from './recorder.js';
import { latestRecorder } from './registry.js';

/** The recorder that the options ask for; undefined if auditing is off. */
export function createAuditRecorder(
  instrumentation: ResolvedConfig,
  surroundings: Surroundings,
): AuditRecorder | undefined {
  const { env = process.env } = surroundings;
  if (!instrumentation.enabled) return undefined;
  const config = auditConfig(instrumentation, env);
  if (config === undefined) {
    warnOfIdleSettings(instrumentation, env);
    return undefined;
  }
  return assembleRecorder(config, instrumentation, surroundings);
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
