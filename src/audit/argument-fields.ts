/** Fields about the arguments of a tool call: their names, a digest and, by opt-in, values. */
import { canonicalJson } from '../lib/canonical.js';
import { argumentNames } from '../redact/argument-names.js';
import { newReading } from '../redact/scrub.js';
import { containsSecret } from '../redact/secret-proof.js';
import type { RequestFacts } from '../session/message-facts.js';
import { capturedText } from './argument-capture.js';
import type { RecordFields } from './record-fields.js';
import { CREDENTIAL, type RedactionContext, withoutCredential } from './sanitise.js';
import type { AuditSettings } from './settings.js';

interface ArgumentParts {
  readonly facts: RequestFacts;
  readonly settings: AuditSettings;
  /** Argument names in the tool's definition. */
  readonly declared: ReadonlySet<string> | undefined;
  readonly redaction: RedactionContext;
}

/** Adds the redacted fields of a tool call; other operations have none. */
export function addArguments(fields: RecordFields, { facts, settings, declared, redaction }: ArgumentParts): void {
  const { row, target, args } = facts;
  if (row.content !== 'tool') return;
  if (args === undefined) {
    fields.set('mcp_audit.redaction.parameters_scrubbed', false);
    return;
  }
  const { counts, secret } = redaction;
  const { redactor } = settings;
  const reading = newReading();
  const { keys, unknownCount, dropped } = argumentNames(args, declared, redactor, counts, undefined, reading);
  const captured = capturedText({ tool: target, args, settings, counts, reading });
  fields.add({
    'mcp_audit.redaction.parameters_scrubbed': keys.length > 0 || dropped > 0 || (unknownCount ?? 0) > 0,
    'mcp_audit.tool.argument.keys': keys.length > 0 ? withoutCredential(keys, secret) : undefined,
    'mcp_audit.tool.argument.unknown_count': unknownCount,
    'mcp_audit.tool.argument.digest': digestOf(args, settings),
    'gen_ai.tool.call.arguments': containsSecret(captured ?? '', secret) ? CREDENTIAL : captured,
  });
  if (dropped > 0) fields.set('mcp_audit.truncated', ['mcp_audit.tool.argument.keys']);
}

function digestOf(args: object, { digester, digestArguments }: AuditSettings): string | undefined {
  if (!digestArguments) return undefined;
  try {
    return digester.digest(canonicalJson(args));
  } catch {
    // Too deep or too large for a digest.
    return undefined;
  }
}
