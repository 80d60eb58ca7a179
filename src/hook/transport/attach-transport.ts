/** Attaching to one transport, and what hangs on every object we are attached to. */
import { CONNECTION_CLOSED } from '../../describe/outcome.js';
import type { Pipeline } from '../../emit/pipeline.js';
import { mcpSeen } from '../../report/quiet.js';
import { reportFailure } from '../../report/report.js';
import { Connection } from '../../session/connection.js';
import type { Role } from '../../session/connection-info.js';
import type { Undo } from '../replace-methods.js';
import { installTap, type TapScope } from './tap.js';

/** Marks what is attached to. Global: another copy of this package must see it, and leave the object alone. */
const ATTACHED = Symbol.for('mcp-trail.attached');

/** What hangs on an object we are attached to. */
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

/** The attachment of this copy of the package; `foreign` when another copy was there first. */
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

/** Taps a transport. Returns what is known of it, or nothing when it cannot be tapped or another copy has done it. */
export function attachTransport(
  transport: object,
  pipeline: Pipeline,
  role: Role = 'unknown',
  scope: TapScope = 'all',
): Connection | undefined {
  let attachment: Attachment | undefined;
  try {
    const existing = attachmentOf(transport);
    if (existing === 'foreign') return undefined;
    if (existing?.pipeline.enabled) {
      if (scope === 'all') existing.connection.narrow(role);
      return existing.connection;
    }
    existing?.undo();
    mcpSeen();
    const connection = new Connection(transport, role);
    attachment = new Attachment(pipeline, connection);
    installTap(transport, pipeline, connection, scope, attachment.undos);
    attachment.undos.push(() => {
      // Nobody will see them end.
      for (const operation of [...connection.openRequests(), ...connection.openUnnumbered()]) {
        pipeline.end(operation, CONNECTION_CLOSED);
      }
    });
    mark(transport, attachment);
    return connection;
  } catch (error) {
    // Half a tap would start what it never sees end.
    attachment?.undo();
    reportFailure('attaching to a transport', error);
    return undefined;
  }
}

/** Takes our hooks off an object again. */
export function detach(target: object): void {
  const attachment = attachmentOf(target);
  if (attachment instanceof Attachment) attachment.undo();
}
