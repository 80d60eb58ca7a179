/** The mark on every object of the SDKs that we are attached to: at most one copy of this package attaches to an object. */
import type { Pipeline } from '../../emit/pipeline.js';
import { reportFailure } from '../../report/report.js';
import type { Connection } from '../../session/connection.js';
import type { Undo } from '../replace-methods.js';
import type { EarlyRequests } from './early-requests.js';

/** Global, so that another copy of this package sees it and leaves the object alone. */
const ATTACHED = Symbol.for('mcp-trail.attached');

export class Attachment {
  readonly pipeline: Pipeline;
  readonly undos: Undo[] = [];
  connection: Connection;
  /** Of a transport: whether only messages of listen streams are observed, which never reach an instance that is hooked itself. */
  listensOnly = false;
  /** Of a transport, until it is known whether an instance that is hooked itself gets its messages. */
  early: EarlyRequests | undefined;

  constructor(pipeline: Pipeline, connection: Connection) {
    this.pipeline = pipeline;
    this.connection = connection;
  }

  undo(): void {
    this.early = undefined;
    for (const undo of this.undos.splice(0).reverse()) {
      try {
        undo();
      } catch (error) {
        reportFailure('detaching', error);
      }
    }
  }
}

/** The attachment of this copy of the package; `foreign` if another copy is attached and not disabled. */
export function attachmentOf(target: object): Attachment | 'foreign' | undefined {
  const found = (target as Record<symbol, unknown>)[ATTACHED];
  if (found === undefined || found instanceof Attachment) return found;
  const { pipeline } = found as { readonly pipeline?: { readonly enabled?: unknown } };
  return pipeline?.enabled === false ? undefined : 'foreign';
}

export function mark(target: object, attachment: Attachment): void {
  Object.defineProperty(target, ATTACHED, { value: attachment, configurable: true });
  attachment.undos.push(() => {
    if (attachmentOf(target) === attachment) delete (target as Record<symbol, unknown>)[ATTACHED];
  });
}

/** Removes our hooks from an object. */
export function detach(target: object): void {
  const attachment = attachmentOf(target);
  if (attachment instanceof Attachment) attachment.undo();
}
