/** Which argument values of tool calls audit records contain: none by default. */
import type { Policy } from '../policy/rule.js';
import { type CaptureRule, captureArguments } from '../redact/captured-arguments.js';
import type { RedactionCounts } from '../redact/redaction-counts.js';
import type { Redactor } from '../redact/redactor.js';
import type { Reading } from '../redact/scrub.js';

/** The rules for a tool, by argument. */
export type CaptureRulesOf = (tool: string) => ReadonlyMap<string, CaptureRule> | undefined;

/** The allow-list of a policy. */
export function captureRulesOf(capture: Policy['capture']): CaptureRulesOf {
  const tools = Object.entries(capture?.tools ?? {});
  const byTool = new Map(tools.map(([tool, rules]) => [tool, new Map(Object.entries(rules?.arguments ?? {}))]));
  return (tool) => byTool.get(tool);
}

export interface CaptureSettings {
  readonly redactor: Redactor;
  /** `captureArguments` is on. */
  readonly captureAll: boolean;
  readonly captureRules: CaptureRulesOf;
}

interface Captured {
  readonly tool: string | undefined;
  readonly args: object;
  readonly settings: CaptureSettings;
  readonly counts: RedactionCounts;
  readonly reading: Reading;
}

/** All values while `captureArguments` is on, else those that the policy allows; redacted, as JSON. */
export function capturedText({ tool, args, settings, counts, reading }: Captured): string | undefined {
  const { redactor, captureAll, captureRules } = settings;
  const rules = captureAll || tool === undefined ? undefined : captureRules(tool);
  let values: unknown;
  if (captureAll) values = redactor.value('gen_ai.tool.call.arguments', args, counts, { reading });
  else if (rules !== undefined) values = captureArguments(args, rules, redactor, counts, undefined, reading);
  return values === undefined || typeof values === 'string' ? values : JSON.stringify(values);
}
