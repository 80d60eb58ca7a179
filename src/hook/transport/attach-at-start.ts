/**
 * Attaches to transports that are used without a protocol instance: relays pass messages from one to another. What a
 * protocol instance would tell, the transport's own functions tell here.
 */
import { CANCELLED_BY_PEER, CONNECTION_CLOSED } from '../../describe/error-type.js';
import type { Pipeline } from '../../emit/pipeline.js';
import { guarded } from '../../report/guarded.js';
import type { Connection } from '../../session/connection.js';
import type { Role } from '../../session/connection-info.js';
import { isOurs, replaceMethod, wrapAssigned } from '../replace-methods.js';
import { propagateToChildProcess } from '../stdio/propagate-to-child-processes.js';
import { stdioServers } from '../stdio/stdio-servers.js';
import { attachTransport } from './attach-transport.js';
import { Attachment, attachmentOf, detach } from './attachment.js';

const ATTACHING = 'attaching to a transport';

/**
 * A transport starts. One that no client or server is connected to belongs to a relay, or is inside of another that a client
 * or server is connected to: then its messages are observed there.
 */
export function attachAtStart(transport: object, pipeline: Pipeline, role: RelayRole): void {
  if (!pipeline.enabled) return;
  guarded(ATTACHING, () => {
    if (isObserved(transport)) relaysOf(pipeline).ownerStarts(transport);
    else relaysOf(pipeline).starts(transport, role);
  });
}

/** A client or server is about to connect to a transport. */
export function ownerConnects(transport: object, pipeline: Pipeline): void {
  relaysOf(pipeline).ownerConnects(transport);
}

/** A client or server has called what connects it. */
export function ownerConnected(transport: object, pipeline: Pipeline): void {
  if (pipeline.enabled) guarded('detaching', () => relaysOf(pipeline).ownerConnected(transport));
}

/** Attaches for a client or server that is no protocol instance of an SDK. */
export function attachForOwner(transport: object, pipeline: Pipeline, role: Role): void {
  if (!pipeline.enabled) return;
  guarded(ATTACHING, () => {
    ownerConnects(transport, pipeline);
    if (!isObserved(transport)) attachUnowned(transport, pipeline, role);
  });
}

type RelayRole = 'client' | 'server';

/** A transport without an owner, as far as is known. */
interface Started {
  readonly transport: WeakRef<object>;
  readonly role: RelayRole;
}

/** More transports at once are not kept track of. */
const MAX_TRANSPORTS = 256;

/** Which transports belong to relays. Those of an SDK show that they start; others may have one of an SDK inside. */
class Relays {
  readonly #pipeline: Pipeline;
  /** Transports that clients and servers are connected to, and that have not shown that they start. */
  readonly #silent = new Set<WeakRef<object>>();
  readonly #started = new Set<Started>();
  #hasClient = false;

  constructor(pipeline: Pipeline) {
    this.#pipeline = pipeline;
  }

  ownerConnects(transport: object): void {
    makeRoom(this.#silent, (each) => each.deref() !== undefined);
    if (this.#silent.size < MAX_TRANSPORTS) this.#silent.add(new WeakRef(transport));
  }

  ownerStarts(transport: object): void {
    for (const each of this.#silent) if (each.deref() === transport) this.#silent.delete(each);
  }

  ownerConnected(transport: object): void {
    const isSilent = [...this.#silent].some((each) => each.deref() === transport);
    if (isSilent && this.#started.size > 0) this.#takeBack();
  }

  starts(transport: object, role: RelayRole): void {
    if ([...this.#silent].some((each) => each.deref() !== undefined)) {
      this.#attachToStreams(transport, role);
      return;
    }
    makeRoom(this.#started, (each) => each.transport.deref() !== undefined);
    if (this.#started.size < MAX_TRANSPORTS) this.#started.add({ transport: new WeakRef(transport), role });
    if (role === 'client' && !this.#hasClient) {
      this.#hasClient = true;
      for (const each of this.#undecided()) attachUnowned(each, this.#pipeline, 'server');
    }
    this.#attach(transport, role);
  }

  /** One of those that have started may be inside of another. */
  #takeBack(): void {
    for (const { transport, role } of this.#started) {
      const started = transport.deref();
      if (started === undefined) continue;
      detach(started);
      this.#attachToStreams(started, role);
    }
    this.#started.clear();
  }

  /** A server of SDK v2 on stdio gets an instance after its first message. A relay has another transport to pass it on. */
  #attach(transport: object, role: RelayRole): void {
    const isUndecided = role === 'server' && isStdioServer(transport) && !this.#hasClient;
    if (isUndecided) attachTransport(transport, this.#pipeline, role, 'undecided');
    else attachUnowned(transport, this.#pipeline, role);
  }

  /** The first message of a connection may be one that listens, which no instance sees. */
  #attachToStreams(transport: object, role: RelayRole): void {
    if (role === 'server' && isStdioServer(transport)) attachTransport(transport, this.#pipeline, role, 'listen');
  }

  *#undecided(): Iterable<object> {
    for (const { transport } of this.#started) {
      const started = transport.deref();
      const attachment = started === undefined ? undefined : attachmentOf(started);
      if (started !== undefined && attachment instanceof Attachment && attachment.early !== undefined) yield started;
    }
  }
}

/** Removes what is no longer there from a set that is full. */
function makeRoom<T>(set: Set<T>, isThere: (each: T) => boolean): void {
  if (set.size < MAX_TRANSPORTS) return;
  for (const each of set) if (!isThere(each)) set.delete(each);
}

const relays = new WeakMap<Pipeline, Relays>();

function relaysOf(pipeline: Pipeline): Relays {
  let known = relays.get(pipeline);
  if (known === undefined) {
    known = new Relays(pipeline);
    relays.set(pipeline, known);
  }
  return known;
}

function isStdioServer({ _stdin }: { readonly _stdin?: unknown }): boolean {
  return typeof _stdin === 'object' && _stdin !== null;
}

/** Attaches to a transport without a protocol instance that could tell of its end. */
export function attachUnowned(transport: object, pipeline: Pipeline, role?: Role): void {
  const connection = attachTransport(transport, pipeline, role);
  const attachment = attachmentOf(transport);
  if (connection === undefined || !(attachment instanceof Attachment)) return;
  connection.hasOwner = false;
  hookClosing(transport, attachment);
  stdioServers.connecting(transport, () => pipeline.sessionOver(connection));
  if (pipeline.config.propagateToChildProcesses) attachment.undos.push(propagateToChildProcess(transport));
}

/** Ends what is open when the transport closes, or is closed. */
function hookClosing(transport: object, { pipeline, connection, undos }: Attachment): void {
  undos.push(
    wrapAssigned(
      transport,
      'onclose',
      (onclose) =>
        function (this: unknown, ...args: unknown[]) {
          closed(pipeline, connection);
          return onclose.apply(this, args);
        },
    ),
    replaceMethod(
      transport,
      'close',
      (close) =>
        function (this: unknown, ...args: unknown[]) {
          const result: unknown = close.apply(this, args);
          closed(pipeline, connection);
          return result;
        },
    ),
  );
}

function closed(pipeline: Pipeline, connection: Connection): void {
  pipeline.closed(connection, ({ peerSignal }) => (peerSignal?.aborted ? CANCELLED_BY_PEER : CONNECTION_CLOSED));
}

/** Also if an outer transport passed on its own handler. */
function isObserved(transport: object): boolean {
  return attachmentOf(transport) !== undefined || isOurs((transport as { onmessage?: unknown }).onmessage);
}
