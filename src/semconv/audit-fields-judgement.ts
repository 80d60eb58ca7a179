/** Fields about what was decided, how the data is classified, and what was left out of the record. */
import { AUDIT_EVENTS, JUDGING_EVENTS, OPERATION_EVENTS } from './audit-events.js';
import { type AuditFieldGroup, registryPage } from './audit-field.js';

export const DECISION = {
  title: 'Decision',
  brief:
    'What was decided, by which rule. All of it comes from the application, or from a refusal that the protocol shows.',
  events: [...OPERATION_EVENTS, ...JUDGING_EVENTS],
  requirement: { conditionally_required: 'it is known' },
  fields: {
    'mcp_audit.access.decision': {
      type: 'string',
      redaction: 'ours',
      values: ['allow', 'deny', 'not_evaluated'],
      brief: 'Whether it was allowed. `not_evaluated` says that nobody decided.',
      requiredOn: ['mcp_audit.authorization'],
      stability: 'own',
    },
    'mcp_audit.access.reason': {
      type: 'string',
      redaction: 'name',
      brief: 'Why it was decided so, in a word or two that the application chose.',
      examples: ['missing_scope'],
      stability: 'own',
    },
    'mcp_audit.policy.id': {
      type: 'string',
      redaction: 'name',
      brief: 'The policy that decided.',
      examples: ['customer-data-access'],
      stability: 'own',
    },
    'security_rule.name': {
      type: 'string',
      redaction: 'name',
      brief: 'The rule of the policy that decided.',
      examples: ['deny-export-outside-eu'],
      stability: 'development',
      see: registryPage('security-rule'),
    },
    'security_rule.version': {
      type: 'string',
      redaction: 'name',
      brief: 'The version of the rule.',
      examples: ['v1.4.2'],
      stability: 'development',
      see: registryPage('security-rule'),
    },
    'mcp_audit.guardrail.verdict': {
      type: 'string',
      redaction: 'ours',
      values: ['allow', 'block', 'quarantine', 'sanitize'],
      brief: 'What the guardrail did with the content.',
      events: ['mcp_audit.guardrail'],
      requirement: 'required',
      stability: 'own',
    },
    'mcp_audit.guardrail.subject': {
      type: 'string',
      redaction: 'ours',
      values: ['prompt', 'arguments', 'result', 'resource', 'tool_definition', 'other'],
      brief: 'What the guardrail examined.',
      events: ['mcp_audit.guardrail'],
      stability: 'own',
    },
    'mcp_audit.authentication.event': {
      type: 'string',
      redaction: 'ours',
      values: ['login', 'logout', 'token_issued', 'token_refreshed', 'token_revoked', 'token_rejected'],
      brief: 'What happened to the identity.',
      events: ['mcp_audit.authentication'],
      requirement: 'required',
      stability: 'own',
    },
    'mcp_audit.authentication.method': {
      type: 'string',
      redaction: 'name',
      brief: 'How the identity was proven, or meant to be.',
      examples: ['bearer', 'mtls'],
      events: ['mcp_audit.authentication'],
      stability: 'own',
    },
    'mcp_audit.config.change': {
      type: 'string',
      redaction: 'ours',
      values: ['create', 'update', 'delete'],
      brief: 'What was done to the configuration.',
      events: ['mcp_audit.config.changed'],
      requirement: 'required',
      stability: 'own',
    },
  },
} as const satisfies AuditFieldGroup;

export const CLASSIFICATION = {
  title: 'Classification',
  brief: 'How the data and the tool are classified, by the rules of the application.',
  events: [...OPERATION_EVENTS, ...JUDGING_EVENTS],
  requirement: { conditionally_required: 'a rule says so' },
  fields: {
    'mcp_audit.data.sensitivity': {
      type: 'string',
      redaction: 'ours',
      values: ['public', 'internal', 'confidential', 'restricted', 'highly_restricted'],
      brief: 'How sensitive the data is, from least to most.',
      stability: 'own',
    },
    'mcp_audit.sensitive': {
      type: 'boolean',
      redaction: 'ours',
      brief: 'Whether the operation is one that deserves attention.',
      stability: 'own',
    },
    'mcp_audit.tool.verb': {
      type: 'string',
      redaction: 'ours',
      values: ['read', 'write', 'delete'],
      brief: 'What the tool does to data, by the rules and not as the server claims.',
      stability: 'own',
    },
    'mcp_audit.policy_tags': {
      type: 'string[]',
      redaction: 'name',
      brief: 'Frameworks and policies that the data falls under.',
      examples: [['HIPAA', 'SOC2']],
      stability: 'own',
    },
    'mcp_audit.classification.rules': {
      type: 'string[]',
      redaction: 'name',
      brief: 'Names of the rules that classified it.',
      examples: [['customer-tools']],
      stability: 'own',
    },
  },
} as const satisfies AuditFieldGroup;

export const REDACTION = {
  title: 'Redaction',
  brief: 'What was hidden, left out or cut, and by which rules.',
  events: AUDIT_EVENTS,
  requirement: { conditionally_required: 'something was hidden, left out or cut' },
  fields: {
    'mcp_audit.redaction.parameters_scrubbed': {
      type: 'boolean',
      redaction: 'ours',
      brief: 'Whether values of arguments were hidden or left out.',
      stability: 'own',
    },
    'mcp_audit.redaction.payload_redacted': {
      type: 'boolean',
      redaction: 'ours',
      brief: 'Whether the content of a message was hidden or left out.',
      stability: 'own',
    },
    'mcp_audit.redaction.count': {
      type: 'int',
      redaction: 'ours',
      brief: 'How many secrets were hidden in this record.',
      examples: [2],
      stability: 'own',
    },
    'mcp_audit.redaction.rules': {
      type: 'string[]',
      redaction: 'ours',
      brief: 'Names of the rules that hid something, sorted.',
      examples: [['email', 'jwt']],
      stability: 'own',
    },
    'mcp_audit.redaction.dropped': {
      type: 'string[]',
      redaction: 'ours',
      brief: 'Names of the fields that were left out, sorted.',
      examples: [['gen_ai.tool.call.arguments']],
      stability: 'own',
    },
    'mcp_audit.truncated': {
      type: 'string[]',
      redaction: 'ours',
      brief: 'Names of the fields that were cut, sorted.',
      examples: [['mcp_audit.tool.argument.keys']],
      stability: 'own',
    },
  },
} as const satisfies AuditFieldGroup;
