/**
 * The task of a message: a call can return a task, whose result is requested later.
 *
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks
 */
import { asRecord, asString } from './jsonrpc.js';
import type { MethodRow } from './methods.js';

const RELATED_TASK_KEY = 'io.modelcontextprotocol/related-task';

/** The task that a message names, in the params of a task method or in its metadata. */
export function taskNamed(
  row: MethodRow,
  params: unknown,
  meta: Record<string, unknown> | undefined,
): string | undefined {
  if (row.task === 'names') {
    const { taskId, task } = asRecord(params) ?? {};
    return asString(taskId) ?? asString(asRecord(task)?.['taskId']);
  }
  return meta === undefined ? undefined : asString(asRecord(meta[RELATED_TASK_KEY])?.['taskId']);
}

/** The task that a result stands for, if the call can create one: in `task`, and since 2026-07-28 the result itself. */
export function taskMade(row: MethodRow, result: Record<string, unknown>): Record<string, unknown> | undefined {
  if (row.task !== 'makes') return undefined;
  return result['resultType'] === 'task' ? result : asRecord(result['task']);
}

/** Task states of the protocol; anything else a peer says is not repeated. */
const TASK_STATUSES: ReadonlySet<string> = new Set(['working', 'input_required', 'completed', 'failed', 'cancelled']);

/** The task status in a result or in a notification's params. */
export function taskStatusOf(value: unknown): string | undefined {
  const status = asString(asRecord(value)?.['status']);
  return status !== undefined && TASK_STATUSES.has(status) ? status : undefined;
}
