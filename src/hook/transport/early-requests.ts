/**
 * The requests that a transport delivers before it is known whether they belong to a relay. A relay may make its other
 * transport only when its first message has arrived, as `@stripe/mcp` does: that request is then observed after all, to
 * its answer, and what the relay does for it runs in its context.
 */
import { type Context, context } from '@opentelemetry/api';
import { DeferredContext } from '../../emit/deferred-context.js';
import type { Pipeline } from '../../emit/pipeline.js';
import {
  classify,
  type NotificationMessage,
  type RequestId,
  type RequestMessage,
  type ResponseMessage,
} from '../../protocol/jsonrpc.js';
import { guarded } from '../../report/guarded.js';
import type { Connection } from '../../session/connection.js';
import { kept } from '../../session/operation.js';
import { type ApplicationCall, callIn } from '../application-call.js';
import { sightings } from '../unobserved/sightings.js';
import { idNamedBy } from './related-request.js';

interface EarlyRequest {
  readonly message: RequestMessage;
  readonly arrivedAt: number;
  readonly arrivedIn: Context;
  readonly deliveredIn: DeferredContext;
}

/** More at once are not noted. */
const MAX_REQUESTS = 8;

const NOTING = 'noting a request';

export class EarlyRequests {
  readonly #unanswered = new Map<RequestId, EarlyRequest>();

  /** @param call `onmessage(message, extra)` */
  deliver(call: ApplicationCall): unknown {
    const target = guarded(NOTING, () => this.#note(call.first));
    return callIn(target, call);
  }

  /** An answer leaves. */
  answered(message: ResponseMessage): void {
    guarded(NOTING, () => this.#unanswered.delete(kept(message.id)));
  }

  /** They belong to a relay: starts the operations of those that are not answered yet. */
  observe(pipeline: Pipeline, connection: Connection): void {
    for (const { message, arrivedAt, arrivedIn, deliveredIn } of this.#unanswered.values()) {
      guarded(NOTING, () => {
        sightings.arrived(message);
        const origin = { waitedMs: performance.now() - arrivedAt };
        const operation = context.with(arrivedIn, () => pipeline.receive(connection, message, 'request', origin));
        if (operation === undefined) return;
        // It is being handled already.
        operation.refusal = undefined;
        deliveredIn.become(operation.context);
      });
    }
    this.#unanswered.clear();
  }

  /** Returns the context to deliver a message in; undefined for the active one. */
  #note(message: unknown): Context | undefined {
    const kind = classify(message);
    if (kind === 'notification') {
      const cancelled = idNamedBy(message as NotificationMessage, 'requestId');
      if (cancelled !== undefined) this.#unanswered.delete(kept(cancelled));
    }
    if (kind !== 'request' || this.#unanswered.size >= MAX_REQUESTS) return undefined;
    const request = message as RequestMessage;
    const arrivedIn = context.active();
    const deliveredIn = new DeferredContext(arrivedIn);
    this.#unanswered.set(kept(request.id), {
      message: request,
      arrivedAt: performance.now(),
      arrivedIn,
      deliveredIn,
    });
    return deliveredIn;
  }
}
