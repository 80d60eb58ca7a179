/** The mark on every object of the SDKs that we are attached to: at most one copy of this package attaches to an object. */
import type { Pipeline } from '../../emit/pipeline.js';
import { reportFailure } from '../../report/report.js';
import type { Connection } from '../../session/connection.js';
import type { Undo } from '../replace-methods.js';

/** Global, so that another copy of this package sees it and leaves the object alone. */
const ATTACHED = Symbol.for('mcp-trail.attached');

export class Attachment {
  readonly pipeline: Pipeline;
  readonly undos: Undo[] = [];
  connection: Connection;

  constructor(pipeline: Pipeline, connection: Connection) {
    this.pipeline = pipeline;
    this.connection = connection;
  }

  undo(): void {
    for (const undo of this.undos.splice(0).reverse()) {
      try {
        undo();
      } catch (error) {
        reportFailure('detaching', error);
      }
    }
  }
}

/** The attachment of this copy of the package; `foreign` if another copy is attached. */
export function attachmentOf(target: object): Attachment | 'foreign' | undefined {
  const found = (target as Record<symbol, unknown>)[ATTACHED];
  if (found === undefined) return undefined;
  return found instanceof Attachment ? found : 'foreign';
}

export function mark(target: object, attachment: Attachment): void {
  Object.defineProperty(target, ATTACHED, { value: attachment, configurable: true });
  attachment.undos.push(() => {
    delete (target as Record<symbol, unknown>)[ATTACHED];
  });
}

/** Removes our hooks from an object. */
export function detach(target: object): void {
  const attachment = attachmentOf(target);
  if (attachment instanceof Attachment) attachment.undo();
}
