/**
 * Which call made a task: all that is asked and told about it later links there. Ids are the receiver's choice, and told
 * apart by connection; where each request has a connection of its own, as over stateless HTTP, by the process.
 */
import type { SpanContext } from '@opentelemetry/api';
import type { ConnectionInfo, Direction } from './connection-info.js';

/** Of each connection and direction, and of the process. */
const MAX_TASKS = 256;
/** A longer id is hostile. */
const MAX_ID_LENGTH = 256;

/** The calls that made tasks, by the id of the task; the oldest is forgotten first. */
export class Tasks {
  readonly #received = new Map<string, SpanContext | 'several'>();

  /** @param direction of the call */
  remember(connection: ConnectionInfo, direction: Direction, id: string, call: SpanContext): void {
    if (id.length > MAX_ID_LENGTH) return;
    put(connection.tasks(direction), id, call);
    // Of tasks that have the same id at the same time none is known: a missing link is better than a wrong one.
    if (direction === 'inbound') put(this.#received, id, this.#received.has(id) ? 'several' : call);
  }

  /** The call that made a task, if that was sent, or received, by this process. */
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
