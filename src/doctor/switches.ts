/** The switches that turn everything off. */
import { isSwitchedOff } from '../options/switch.js';
import { type Findings, fail, ok, type Patient, warn } from './finding.js';

const QUIET = /^\s*(?:none|error)\s*$/i;

function isDisabled(env: Patient['env']): boolean {
  return env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true';
}

export function isAllOff(env: Patient['env']): boolean {
  return isDisabled(env) || isSwitchedOff(env);
}

export function switches({ env }: Patient): Findings {
  const findings: Findings[number][] = [];
  const off = (what: string) => fail(`${what} turns everything off, the audit trail included. Remove it`);
  if (isDisabled(env)) findings.push(off('OTEL_SDK_DISABLED=true'));
  if (isSwitchedOff(env)) findings.push(off('MCP_TRAIL_ENABLED=false'));
  if (QUIET.test(env['OTEL_LOG_LEVEL'] ?? ''))
    findings.push(warn('OTEL_LOG_LEVEL hides the warnings of OpenTelemetry. Remove it to see them'));
  return findings.length === 0 ? [ok('nothing is switched off')] : findings;
}
