/**
 * Which call made a task: later requests and notifications about the task link to it. The receiver chooses task ids, so
 * they are kept per connection and, for stateless HTTP, per process.
 */
import type { SpanContext } from '@opentelemetry/api';
import type { ConnectionInfo, Direction } from './connection-info.js';

/** Per connection and direction, and per process. */
const MAX_TASKS = 256;
/** Longer ids are hostile. */
const MAX_ID_LENGTH = 256;

/** Calls by task id; oldest first out. */
export class Tasks {
  readonly #received = new Map<string, SpanContext | 'several'>();

  /** @param direction of the call */
  remember(connection: ConnectionInfo, direction: Direction, id: string, call: SpanContext): void {
    if (id.length > MAX_ID_LENGTH) return;
    put(connection.tasks(direction), id, call);
    // Of concurrent tasks with one id, none is known: a missing link is better than a wrong one.
    if (direction === 'inbound') put(this.#received, id, this.#received.has(id) ? 'several' : call);
  }

  /** The call that made a task. */
  madeBy(connection: ConnectionInfo, direction: Direction, id: string): SpanContext | undefined {
    const here = connection.tasks(direction).get(id);
    if (here !== undefined || direction === 'outbound') return here;
    const call = this.#received.get(id);
    return call === 'several' ? undefined : call;
  }

  clear(): void {
    this.#received.clear();
  }
}

function put<V>(calls: Map<string, V>, id: string, call: V): void {
  calls.set(id, call);
  if (calls.size <= MAX_TASKS) return;
  const [oldest] = calls.keys();
  calls.delete(oldest as string);
}
