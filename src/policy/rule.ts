/** The rules that decide how sensitive operations are, and how the matching ones combine. */
import type { CaptureRule } from '../redact/captured-arguments.js';
import type { AuditFields } from '../semconv/audit-record.js';

/** How sensitive data is: `mcp_audit.data.sensitivity`. */
export type Sensitivity = NonNullable<AuditFields['mcp_audit.data.sensitivity']>;
/** What an operation does to data: `mcp_audit.tool.verb`. */
export type Verb = NonNullable<AuditFields['mcp_audit.tool.verb']>;
type Scalar = string | number | boolean;

/** From lowest to highest. */
export const SENSITIVITIES = [
  'public',
  'internal',
  'confidential',
  'restricted',
  'highly_restricted',
] as const satisfies readonly Sensitivity[];

/** From weakest to strongest. */
export const VERBS = ['read', 'write', 'delete'] as const satisfies readonly Verb[];

/** From this sensitivity on, an operation is sensitive unless the rule says otherwise. */
const SENSITIVE_FROM: Sensitivity = 'restricted';

/** Longest pattern, path or value in a rule, in UTF-16 units. */
export const MAX_PATTERN_CHARS = 256;
/** Entries of a list in a rule. */
export const MAX_LIST_ENTRIES = 256;
/** Arguments in one rule, and their depth. */
export const MAX_RULE_ARGUMENTS = 32;
export const MAX_ARGUMENT_DEPTH = 8;
/** Rules in one policy. */
export const MAX_RULES = 1000;
/** Tags and rule ids on one record. Further rules still have their effects, without their ids. */
export const MAX_NAMES = 64;

/**
 * One rule: conditions that all have to hold, and their effects. At least one of each is required.
 *
 * Patterns consist of `*` (any characters), `?` (any one character), `{a,b}` (one of several) and literal characters. They match
 * the whole text, and case counts. In a list, one entry has to match. An operation without a tool matches no rule with
 * `tool`, and so on.
 */
export interface ClassificationRule {
  /** The id of the rule in `mcp_audit.classification.rules`: 1 to 64 of `A-Z a-z 0-9 . _ -`, different for each rule. */
  readonly id: string;
  /** Patterns for the tool name. */
  readonly tool?: string | readonly string[];
  /**
   * Patterns for the resource URI; `**` crosses `/`, `*` and `?` do not. A pattern that begins with `/`, `~/` or a drive matches
   * the path of `file:` URIs, with `..` and `%2e` resolved.
   */
  readonly resource?: string | readonly string[];
  /** Patterns for the prompt name. */
  readonly prompt?: string | readonly string[];
  /** Patterns for the server name. */
  readonly server?: string | readonly string[];
  /** Patterns for the MCP method, such as `tools/call`. */
  readonly method?: string | readonly string[];
  /**
   * Conditions on the values of arguments, which are tested and never recorded. Dots separate the names of nested arguments,
   * `*` is any name, and every element of a list is tested: `files.path`, `*`. At most 32 arguments of 8 parts.
   */
  readonly arguments?: Readonly<Record<string, ArgumentPredicate>>;
  /** What the operation does. Of several matching rules, the strongest verb counts: delete, write, read. */
  readonly verb?: Verb;
  /** How sensitive the data is. Of several matching rules, the highest counts. */
  readonly sensitivity?: Sensitivity;
  /**
   * Whether the operation deserves attention. One matching rule is enough.
   * @defaultValue true if the rule's `sensitivity` is `restricted` or higher
   */
  readonly sensitive?: boolean;
  /** Tags such as `HIPAA`, for filters in backends: up to 256, each 1 to 64 of `A-Z a-z 0-9 . _ : / -`. */
  readonly tags?: readonly string[];
}

/**
 * Conditions on the value of an argument, which the same value has to meet. Values that cannot be read, because there are
 * too many, they are too long, or reading them would run code, count as matching.
 */
export interface ArgumentPredicate {
  /** The value equals this one, type included. */
  readonly equals?: Scalar;
  /** The value is one of these. */
  readonly in?: readonly Scalar[];
  /** The value is a string that matches one of these patterns. */
  readonly glob?: string | readonly string[];
  /**
   * The value is one of these folders or in one of them: a POSIX or Windows path or a `file:` URI, with `.`, `..` and percent
   * signs resolved. `~/.ssh` is that folder in any user's home. Relative paths match only relative folders, and links are not
   * followed.
   */
  readonly underPath?: string | readonly string[];
  /** The value is a number, and at least this one. */
  readonly min?: number;
  /** The value is a number, and at most this one. */
  readonly max?: number;
  /** Whether the argument is present. `false` allows no other condition. */
  readonly present?: boolean;
}

/** An operation to classify. */
export interface Subject {
  readonly method: string;
  readonly tool?: string | undefined;
  readonly resource?: string | undefined;
  readonly prompt?: string | undefined;
  readonly server?: string | undefined;
  readonly arguments?: unknown;
}

/** The classification of one operation. */
export interface Classification {
  /** Ids of the matching rules in the order of the policy; the first 64. */
  readonly rules: readonly string[];
  readonly sensitivity?: Sensitivity;
  readonly sensitive: boolean;
  readonly verb?: Verb;
  /** Sorted, without repetition; the first 64. */
  readonly tags: readonly string[];
}

/** Defaults for all operations. */
export interface ClassificationDefaults {
  /** The sensitivity of operations to which no rule gives one. */
  readonly sensitivity?: Sensitivity;
  /** Tags of all operations. */
  readonly tags?: readonly string[];
}

/** The argument values of one tool that are recorded, by path: `filter.lang`. At most 64 paths of 8 names. */
export interface ToolCapture {
  readonly arguments: Readonly<Record<string, CaptureRule>>;
}

/** A policy document, in a file or in code: how sensitive operations are, and which argument values are recorded. */
export interface PolicyDocument {
  /** The JSON Schema, for editors: `mcp-trail/policy.schema.json`. Not read. */
  readonly $schema?: string;
  /** The version of the format. */
  readonly version: 1;
  /** Defaults for operations to which no rule gives a sensitivity. */
  readonly defaults?: { readonly sensitivity?: Sensitivity };
  /** The rules; at most 1000. */
  readonly rules?: readonly ClassificationRule[];
  /** Tags of all operations: at most 256. */
  readonly tags?: readonly string[];
  /** Argument values to record, by tool name; at most 1000 tools. */
  readonly capture?: { readonly tools: Readonly<Record<string, ToolCapture>> };
}

/** A policy that was read. */
export type Policy = Pick<PolicyDocument, 'capture'> & Required<Omit<PolicyDocument, '$schema' | 'capture'>>;

/** The effects of a rule or of the defaults. */
export type Effects = Pick<ClassificationRule, 'sensitivity' | 'sensitive' | 'verb' | 'tags'>;

/** Combines rules. No rule reduces the effect of another. */
export function combine(
  rules: readonly Pick<ClassificationRule, 'id' | keyof Effects>[],
  defaults: ClassificationDefaults,
): Classification {
  const said = highest(
    SENSITIVITIES,
    rules.map((rule) => rule.sensitivity),
  );
  const sensitivity = said ?? defaults.sensitivity;
  const verb = highest(
    VERBS,
    rules.map((rule) => rule.verb),
  );
  const byDefault = said === undefined && rules.every((rule) => rule.sensitive === undefined);
  const tags = new Set([...(defaults.tags ?? []), ...rules.flatMap((rule) => rule.tags ?? [])]);
  return Object.freeze({
    rules: Object.freeze(rules.slice(0, MAX_NAMES).map((rule) => rule.id)),
    ...(sensitivity !== undefined && { sensitivity }),
    sensitive: rules.some(isSensitive) || (byDefault && isSensitive(defaults)),
    ...(verb !== undefined && { verb }),
    tags: Object.freeze([...tags].sort().slice(0, MAX_NAMES)),
  });
}

function isSensitive({ sensitivity, sensitive }: Effects): boolean {
  if (sensitive !== undefined) return sensitive;
  return sensitivity !== undefined && SENSITIVITIES.indexOf(sensitivity) >= SENSITIVITIES.indexOf(SENSITIVE_FROM);
}

/** The last of the ordered words that is given. */
function highest<T>(words: readonly T[], given: readonly (T | undefined)[]): T | undefined {
  return words.findLast((word) => given.includes(word));
}
