/** Which parts of messages are content, and the attributes that record them by opt-in. Pure. */
import { asRecord } from '../protocol/jsonrpc.js';
import type { MethodRow } from '../protocol/methods.js';
import {
  ATTR_GEN_AI_PROMPT_VARIABLE,
  ATTR_GEN_AI_TOOL_CALL_ARGUMENTS,
  ATTR_GEN_AI_TOOL_CALL_RESULT,
} from '../semconv/attributes.js';
import type { RequestFacts } from '../session/message-facts.js';

/** Opt-ins of content. */
export interface ContentOptions {
  readonly captureArguments: boolean;
  readonly captureResults: boolean;
  readonly capturePromptVariables: boolean;
}

/** Attribute key and raw value; redact both before use. */
export type Content = readonly (readonly [key: string, value: unknown])[];

const NONE: Content = [];
/** More variables are hostile. */
const MAX_VARIABLES = 64;

export function requestContent({ row, args }: Pick<RequestFacts, 'row' | 'args'>, options: ContentOptions): Content {
  if (args === undefined) return NONE;
  if (row.content === 'tool') return options.captureArguments ? [[ATTR_GEN_AI_TOOL_CALL_ARGUMENTS, args]] : NONE;
  if (!options.capturePromptVariables) return NONE;
  return Object.keys(args)
    .slice(0, MAX_VARIABLES)
    .map((name) => [ATTR_GEN_AI_PROMPT_VARIABLE(name), args[name]] as const);
}

/** Successful results only: a failed one is error text. */
export function resultContent(row: MethodRow, result: unknown, options: ContentOptions): Content {
  if (row.content !== 'tool' || !options.captureResults) return NONE;
  const record = asRecord(result);
  return record === undefined || record['isError'] === true ? NONE : [[ATTR_GEN_AI_TOOL_CALL_RESULT, record]];
}
