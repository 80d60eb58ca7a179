/** What is said of the arguments of a tool call: their names, and of their values what was asked for. */
import { canonicalJson } from '../lib/canonical.js';
import { asRecord, asString } from '../protocol/jsonrpc.js';
import { argumentNames } from '../redact/argument-names.js';
import { captureArguments } from '../redact/captured-arguments.js';
import type { RedactionCounts } from '../redact/redaction-counts.js';
import { newReading, type Reading } from '../redact/scrub.js';
import { containsSecret } from '../redact/secret-proof.js';
import type { Operation } from '../session/operation.js';
import type { RecordFields } from './record-fields.js';
import { CREDENTIAL, type RedactionContext, withoutCredential } from './sanitise.js';
import type { AuditSettings } from './settings.js';

/** Adds what a call says of its arguments, redacted; nothing for other operations. */
export function addArguments(
  fields: RecordFields,
  { row }: Operation,
  params: unknown,
  settings: AuditSettings,
  declared: ReadonlySet<string> | undefined,
  { counts, secret }: RedactionContext,
): void {
  if (row.content !== 'tool') return;
  const call = asRecord(params);
  const args = asRecord(call?.['arguments']);
  if (args === undefined) {
    fields.set('mcp_audit.redaction.parameters_scrubbed', false);
    return;
  }
  const { redactor } = settings;
  const reading = newReading();
  const { keys, unknownCount, dropped } = argumentNames(args, declared, redactor, counts, undefined, reading);
  const captured = capturedText(asString(call?.['name']), args, settings, counts, reading);
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
    // Too deep or too large: without a digest, the call has a record all the same.
    return undefined;
  }
}

/** The values that were asked for: all, while the debug switch is on, or those on the tool's list. */
function capturedText(
  name: string | undefined,
  args: object,
  settings: AuditSettings,
  counts: RedactionCounts,
  reading: Reading,
): string | undefined {
  const { redactor, captureAll, captureRules } = settings;
  const values = captureAll
    ? redactor.value('gen_ai.tool.call.arguments', args, counts, { reading })
    : captureFor(name === undefined ? undefined : captureRules(name), args, settings, counts, reading);
  if (values === undefined) return undefined;
  return typeof values === 'string' ? values : JSON.stringify(values);
}

function captureFor(
  rules: ReturnType<AuditSettings['captureRules']>,
  args: object,
  { redactor }: AuditSettings,
  counts: RedactionCounts,
  reading: Reading,
): unknown {
  return rules === undefined ? undefined : captureArguments(args, rules, redactor, counts, undefined, reading);
}
