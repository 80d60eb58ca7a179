/** How sensitive is what is touched? The rules that say so, and what they say. */
import type { CaptureRule } from '../redact/captured-arguments.js';
import type { AuditFields } from '../semconv/audit-record.js';

/** Classes of data, as in `mcp_audit.data.sensitivity`. */
export type Sensitivity = NonNullable<AuditFields['mcp_audit.data.sensitivity']>;
/** What is done to data, as in `mcp_audit.tool.verb`. */
export type Verb = NonNullable<AuditFields['mcp_audit.tool.verb']>;
type Scalar = string | number | boolean;

/** From the lowest to the highest. */
export const SENSITIVITIES = [
  'public',
  'internal',
  'confidential',
  'restricted',
  'highly_restricted',
] as const satisfies readonly Sensitivity[];

/** From the weakest to the strongest. */
export const VERBS = ['read', 'write', 'delete'] as const satisfies readonly Verb[];

/** From here on an operation is sensitive, unless the rule says otherwise. */
const SENSITIVE_FROM: Sensitivity = 'restricted';

/** Longest text in a rule: pattern, path, value. In UTF-16 units. */
export const MAX_PATTERN_CHARS = 256;
/** Entries of one list in a rule. */
export const MAX_LIST_ENTRIES = 256;
/** Arguments that one rule looks at, and how deep they may be. */
export const MAX_RULE_ARGUMENTS = 32;
export const MAX_ARGUMENT_DEPTH = 8;
/** Rules of one policy. */
export const MAX_RULES = 1000;
/** Tags, and ids of rules, on one record: the effects of other rules count, their names are left out. */
export const MAX_NAMES = 64;

/**
 * One rule: conditions, all of which have to hold, and what follows from them. It has at least one of each.
 *
 * Patterns know `*` (any characters), `?` (any one character) and `{a,b}` (one of these); they have to match as a whole,
 * and their case counts. In a list, one of the entries has to match. An operation that has no tool matches no rule with
 * `tool`, and so on.
 */
export interface ClassificationRule {
  /** Names the rule on the record, in `mcp_audit.classification.rules`: 1 to 64 of `A-Z a-z 0-9 . _ -`. */
  readonly id: string;
  /** Patterns for the name of the tool. */
  readonly tool?: string | readonly string[];
  /**
   * Patterns for the URI of the resource; `**` crosses `/`, `*` and `?` do not. One that begins with `/`, `~/` or a drive
   * is for the path of `file:` URIs, without the `..` and `%2e` in it.
   */
  readonly resource?: string | readonly string[];
  /** Patterns for the name of the prompt. */
  readonly prompt?: string | readonly string[];
  /** Patterns for the name of the server. */
  readonly server?: string | readonly string[];
  /** Patterns for the MCP method, such as `tools/call`. */
  readonly method?: string | readonly string[];
  /**
   * Arguments and what has to hold for their values, which are looked at and never recorded. The name of a nested one
   * has dots, `*` is any name, and of a list any element: `files.path`, `*`. At most 32, of 8 parts.
   */
  readonly arguments?: Readonly<Record<string, ArgumentPredicate>>;
  /** What the operation does. Of several rules the strongest counts: delete, write, read. */
  readonly verb?: Verb;
  /** Of several rules the highest counts. */
  readonly sensitivity?: Sensitivity;
  /**
   * Whether the operation is one to look at. One rule that says so is enough.
   * @defaultValue true where the rule's `sensitivity` is `restricted` or higher
   */
  readonly sensitive?: boolean;
  /** Names such as `HIPAA`, which backends filter by: up to 256, each 1 to 64 of `A-Z a-z 0-9 . _ : / -`. */
  readonly tags?: readonly string[];
}

/**
 * What has to hold for the value of an argument, all of it for the same value. Values that cannot be looked at, because
 * there are too many, they are too long or belong to an object with code of its own, count as matching.
 */
export interface ArgumentPredicate {
  /** The value is this one, of the same type. */
  readonly equals?: Scalar;
  /** The value is one of these. */
  readonly in?: readonly Scalar[];
  /** The value is a text that one of these patterns matches. */
  readonly glob?: string | readonly string[];
  /**
   * The value is one of these folders or in it: a POSIX or Windows path or a `file:` URI, read without `.`, `..` and
   * percent signs. `~/.ssh` is that folder of anybody's home. Relative paths are in relative folders only, and links are
   * not followed.
   */
  readonly underPath?: string | readonly string[];
  /** The value is a number of at least this. */
  readonly min?: number;
  /** The value is a number of at most this. */
  readonly max?: number;
  /** Whether there is such an argument. False stands alone. */
  readonly present?: boolean;
}

/** What is classified: one operation. */
export interface Subject {
  readonly method: string;
  readonly tool?: string | undefined;
  readonly resource?: string | undefined;
  readonly prompt?: string | undefined;
  readonly server?: string | undefined;
  readonly arguments?: unknown;
}

/** What the rules say of one operation. */
export interface Classification {
  /** Ids of the rules that match, in the order of the policy: the first 64. */
  readonly rules: readonly string[];
  readonly sensitivity?: Sensitivity;
  readonly sensitive: boolean;
  readonly verb?: Verb;
  /** Sorted, each once: the first 64. */
  readonly tags: readonly string[];
}

/** What holds for all operations. */
export interface ClassificationDefaults {
  /** Of operations for which no rule says one. */
  readonly sensitivity?: Sensitivity;
  /** Of all operations. */
  readonly tags?: readonly string[];
}

/** The arguments of one tool whose values are recorded, by path: `filter.lang`. At most 64, of 8 names. */
export interface ToolCapture {
  readonly arguments: Readonly<Record<string, CaptureRule>>;
}

/** A policy document, in a file or in code: how sensitive operations are, and which argument values are recorded. */
export interface PolicyDocument {
  /** The JSON Schema, for editors: `mcp-trail/policy.schema.json`. Not read. */
  readonly $schema?: string;
  /** The version of the format. */
  readonly version: 1;
  /** For operations to which no rule gives a sensitivity. */
  readonly defaults?: { readonly sensitivity?: Sensitivity };
  /** At most 1000, each with an id that no other rule has. */
  readonly rules?: readonly ClassificationRule[];
  /** Tags of all operations: at most 256. */
  readonly tags?: readonly string[];
  /** By the name of the tool; at most 1000. */
  readonly capture?: { readonly tools: Readonly<Record<string, ToolCapture>> };
}

/** A policy that was read. */
export type Policy = Pick<PolicyDocument, 'capture'> & Required<Omit<PolicyDocument, '$schema' | 'capture'>>;

/** What a rule, or the defaults, have an effect by. */
export type Effects = Pick<ClassificationRule, 'sensitivity' | 'sensitive' | 'verb' | 'tags'>;

/** What several rules say together. No rule takes away what another one says. */
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

/** The last of the words that is among the given ones. */
function highest<T>(words: readonly T[], given: readonly (T | undefined)[]): T | undefined {
  return words.findLast((word) => given.includes(word));
}
