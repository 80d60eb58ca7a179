/** Fields that prove that no record was changed or left out, and those of the records that say so. */
import { AUDIT_EVENTS } from './audit-events.js';
import { AUDIT_DRAFT, type AuditFieldGroup, NANOSECOND_TIME, UUID_V7 } from './audit-field.js';

/** The thumbprint of a key, in base64url. */
const THUMBPRINT = '[A-Za-z0-9_-]{43}';

export const CHAIN = {
  title: 'Chain',
  brief: 'The place of the record in the chain of its trail. A trail belongs to one thread and one set of options.',
  events: AUDIT_EVENTS,
  requirement: 'required',
  fields: {
    'mcp_audit.chain.id': {
      type: 'string',
      redaction: 'ours',
      brief: 'The chain that the record is part of. A trail that stops and goes on keeps its chain.',
      examples: ['019aa5b2-7c30-7f11-8a2b-3c4d5e6f7a8b'],
      pattern: UUID_V7,
      stability: 'own',
    },
    'audit.sequence.number': {
      type: 'int',
      redaction: 'ours',
      brief: 'The number of the record in its chain, from 1. No number is left out.',
      examples: [1, 4711],
      stability: 'draft',
      see: AUDIT_DRAFT,
    },
    'audit.prev.hash': {
      type: 'string',
      redaction: 'ours',
      bodyOnly: true,
      brief: 'SHA-256 of the body of the record before it in the chain; of nothing, for number 1.',
      examples: ['e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
      pattern: '[0-9a-f]{64}',
      stability: 'draft',
      see: AUDIT_DRAFT,
    },
  },
} as const satisfies AuditFieldGroup;

export const CHECKPOINT = {
  title: 'Checkpoint',
  brief: 'What a key vouches for: how many records the chain had, and the hash of the last of them.',
  events: ['mcp_audit.checkpoint', 'mcp_audit.key.rotated'],
  requirement: 'required',
  fields: {
    'mcp_audit.checkpoint.size': {
      type: 'int',
      redaction: 'ours',
      brief: 'How many records it covers: all before it.',
      examples: [100],
      stability: 'own',
    },
    'mcp_audit.checkpoint.note': {
      type: 'string',
      redaction: 'ours',
      bodyOnly: true,
      brief: 'Chain, size, hash and time, signed with Ed25519: a signed note with a checkpoint, as C2SP defines them.',
      examples: [
        'mcp-trail/019aa5b2-7c30-7f11-8a2b-3c4d5e6f7a8b\n100\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\ntime 2026-11-21T09:20:07.123000000Z\n\n',
      ],
      stability: 'own',
    },
    'mcp_audit.key.id': {
      type: 'string',
      redaction: 'ours',
      brief: 'The key that signs: its thumbprint (RFC 7638).',
      examples: ['kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k'],
      pattern: THUMBPRINT,
      events: ['mcp_audit.started', 'mcp_audit.checkpoint', 'mcp_audit.key.rotated'],
      requirement: { conditionally_required: 'the chain is signed' },
      requiredOn: ['mcp_audit.key.rotated'],
      stability: 'own',
    },
    'mcp_audit.key.not_before': {
      type: 'string',
      redaction: 'ours',
      brief: 'From when on the key is valid, in UTC.',
      examples: ['2026-11-01T00:00:00.000000000Z'],
      pattern: NANOSECOND_TIME,
      requirement: { conditionally_required: 'the key says so' },
      stability: 'own',
    },
    'mcp_audit.key.not_after': {
      type: 'string',
      redaction: 'ours',
      brief: 'When the key expires, in UTC.',
      examples: ['2027-11-01T00:00:00.000000000Z'],
      pattern: NANOSECOND_TIME,
      requirement: { conditionally_required: 'the key says so' },
      stability: 'own',
    },
    'mcp_audit.key.next_id': {
      type: 'string',
      redaction: 'ours',
      brief: 'The key that signs from here on: its thumbprint. The old key vouches for it.',
      examples: ['2DkYgHNOHsDHrOGcyd5hGN2XYxKIYRRkmd9VIBLOwsI'],
      pattern: THUMBPRINT,
      events: ['mcp_audit.key.rotated'],
      stability: 'own',
    },
  },
} as const satisfies AuditFieldGroup;

export const VERIFIED = {
  title: 'Verified',
  brief: 'What `mcp-trail verify` found.',
  events: ['mcp_audit.verified'],
  requirement: 'required',
  fields: {
    'mcp_audit.verified.result': {
      type: 'string',
      redaction: 'ours',
      values: ['intact', 'unproven', 'incomplete', 'tampered'],
      brief: 'The worst that was found.',
      stability: 'own',
    },
    'mcp_audit.verified.records': {
      type: 'int',
      redaction: 'ours',
      brief: 'How many records were read, without copies.',
      examples: [10_000],
      stability: 'own',
    },
    'mcp_audit.verified.chains': {
      type: 'int',
      redaction: 'ours',
      brief: 'How many chains they are part of.',
      examples: [4],
      stability: 'own',
    },
    'mcp_audit.verified.missing': {
      type: 'int',
      redaction: 'ours',
      brief: 'How many records are missing that no record of a gap explains.',
      examples: [0],
      stability: 'own',
    },
    'mcp_audit.verified.altered': {
      type: 'int',
      redaction: 'ours',
      brief: 'How many records were changed, or do not fit where they are.',
      examples: [0],
      stability: 'own',
    },
  },
} as const satisfies AuditFieldGroup;
