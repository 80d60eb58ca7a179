/**
 * Facts that messages state about their operation, read once for its span and its audit records. Raw values, to be redacted
 * later. Open operations do not keep facts, which hold the whole message.
 */
import { jsonSize } from '../lib/json-size.js';
import { asRecord, asString, type RequestId, type ResponseMessage } from '../protocol/jsonrpc.js';
import { metaOf } from '../protocol/meta.js';
import { type MethodRow, methodRow, targetOf } from '../protocol/methods.js';
import { taskMade, taskNamed, taskStatusOf } from '../protocol/tasks.js';
import type { Direction } from './connection-info.js';

/** A request or notification. */
export interface MethodMessage {
  readonly method: string;
  readonly id?: RequestId;
  readonly params?: unknown;
  /** Id of its task, if params do not name it yet. */
  readonly task?: string | undefined;
}

/** Has a part that is measured when somebody asks, and then never again. */
interface Measurable {
  /** Bytes of the part as JSON; `null` if it has no known size, undefined until somebody asks. */
  size?: number | null;
}

export interface RequestFacts extends Measurable {
  readonly direction: Direction;
  readonly method: string;
  readonly row: MethodRow;
  readonly id: RequestId | undefined;
  readonly params: unknown;
  readonly meta: Record<string, unknown> | undefined;
  /** Name of the tool or prompt. */
  readonly target: string | undefined;
  /** URI of the resource. */
  readonly uri: string | undefined;
  /** Arguments of a tool call or prompt. */
  readonly args: Record<string, unknown> | undefined;
  /** Id of the task that the message names. */
  readonly task: string | undefined;
  /** Status of that task, in a notification about it. */
  readonly taskStatus: string | undefined;
}

/** @param task id of the task, where this process knows it and params do not name it yet. Never taken from a peer */
export function requestFacts(
  { method, id, params }: MethodMessage,
  kind: 'request' | 'notification',
  direction: Direction,
  task?: string,
): RequestFacts {
  const row = methodRow(method, kind);
  const meta = metaOf(params);
  const given = row.resource || row.content !== undefined ? asRecord(params) : undefined;
  return {
    direction,
    method,
    row,
    id,
    params,
    meta,
    target: targetOf(row, params),
    uri: row.resource ? asString(given?.['uri']) : undefined,
    args: row.content === undefined ? undefined : asRecord(given?.['arguments']),
    task: task ?? taskNamed(row, params, meta),
    taskStatus: kind === 'notification' && row.result === 'task' ? taskStatusOf(params) : undefined,
  };
}

export interface AnswerFacts extends Measurable {
  readonly message: ResponseMessage;
  readonly result: Record<string, unknown> | undefined;
  /** Id of the task that the result stands for. */
  readonly task: string | undefined;
}

export function answerFacts(message: ResponseMessage, row: MethodRow): AnswerFacts {
  const result = asRecord(message.result);
  const task = result === undefined ? undefined : asString(taskMade(row, result)?.['taskId']);
  return { message, result, task };
}

/** Bytes of the params as JSON. */
export function paramsSize(facts: RequestFacts): number | undefined {
  return measured(facts, facts.params);
}

/** Bytes of the result or the error as JSON. */
export function answerSize(facts: AnswerFacts): number | undefined {
  return measured(facts, facts.message.error ?? facts.message.result);
}

function measured(facts: Measurable, part: unknown): number | undefined {
  if (facts.size === undefined) facts.size = jsonSize(part) ?? null;
  return facts.size ?? undefined;
}
