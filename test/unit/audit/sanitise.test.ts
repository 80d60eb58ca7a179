import { expect, it } from 'vitest';
import { RecordFields } from '../../../src/audit/record-fields.js';
import { addSafe, type RedactionContext } from '../../../src/audit/sanitise.js';
import { RedactionCounts } from '../../../src/redact/redaction-counts.js';
import { Redactor } from '../../../src/redact/redactor.js';

const redaction = (showId: RedactionContext['showId'] = (id) => id): RedactionContext => ({
  redactor: new Redactor(),
  counts: new RedactionCounts(),
  secret: undefined,
  showId,
  showDetail: undefined,
});
const ADA = 'CN=ada@example.com,O=Example';

it('the subject of a client certificate is complete, in the actor and in its own field', () => {
  const facts = { 'audit.actor.id': ADA, 'mcp_audit.actor.source': 'mtls', 'tls.client.subject': ADA } as const;
  const fields = addSafe(new RecordFields(), facts, redaction());
  expect(Object.fromEntries(fields.entries())).toEqual(facts);
});

it('every identity field, and no other, is shown in the form of identities', () => {
  const facts = {
    'audit.actor.id': ADA,
    'mcp_audit.actor.source': 'oauth',
    'user.id': ADA,
    'user.name': ADA,
    'user.roles': [ADA],
    'mcp_audit.oauth.client_id': ADA,
    'tls.client.subject': ADA,
    'mcp_audit.inventory.annotation.added_by': ADA,
    'mcp_audit.inventory.annotation.removed_by': ADA,
    'mcp_audit.inventory.annotation.reviewer': ADA,
    'mcp_audit.inventory.annotation.notes': ADA,
    'mcp_audit.team.id': ADA,
  } as const;
  const told = Object.fromEntries(
    addSafe(
      new RecordFields(),
      facts,
      redaction((id) => `told: ${id}`),
    ).entries(),
  );
  const hidden = ADA.replace('ada@example.com', '[REDACTED:email]');
  const expected = Object.keys(facts).map((key) => {
    if (key === 'mcp_audit.actor.source') return [key, 'oauth'];
    if (key === 'user.roles') return [key, [hidden]];
    return [key, /notes|team/.test(key) ? hidden : `told: ${ADA}`];
  });
  expect(told).toEqual(Object.fromEntries(expected));
});

it.each(['self_asserted', 'none'] as const)('an actor with the source %s is redacted like any name', (source) => {
  const fields = addSafe(
    new RecordFields(),
    { 'audit.actor.id': ADA, 'mcp_audit.actor.source': source },
    redaction(() => 'told'),
  );
  expect(fields.get('audit.actor.id')).toContain('[REDACTED:email]');
});
