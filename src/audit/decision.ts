/** What the application decided about an operation. */
import type { AuthorizationDecision } from '../audit-types.js';
import type { Audited } from './audited.js';
import type { Facts } from './fields.js';

/** A decision, its strings redacted. */
export interface Decision {
  readonly decision: 'allow' | 'deny';
  readonly facts: Facts;
}

/** The facts of a decision as it was given. */
export function givenFacts({ decision, policyId, policyVersion, ruleName, reason }: AuthorizationDecision): Facts {
  return {
    'mcp_audit.access.decision': decision,
    'mcp_audit.policy.id': policyId,
    'security_rule.name': ruleName,
    'security_rule.version': policyVersion,
    'mcp_audit.access.reason': reason,
  };
}

/** On every record of an operation: also that nothing was decided. */
export function decisionFacts({ decision }: Audited): Facts {
  return decision?.facts ?? { 'mcp_audit.access.decision': 'not_evaluated' };
}
