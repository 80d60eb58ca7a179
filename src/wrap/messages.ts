/**
 * The messages in the lines that are relayed, observed as those of a server: a stand-in for its transport shows them to the
 * hooks. Requests and notifications get the context of their span into their bytes.
 */
import { context } from '@opentelemetry/api';
import { entryOf } from '../audit/entry.js';
import { latestRecorder } from '../audit/registry.js';
import { outcomeOfAnswer } from '../describe/error-type.js';
import { CORRELATION_KEY } from '../emit/correlation.js';
import { handledIn } from '../emit/parents.js';
import type { Pipeline } from '../emit/pipeline.js';
import { inject } from '../emit/propagation.js';
import { marked } from '../emit/wrap-mark.js';
import { attachUnowned } from '../hook/transport/attach-at-start.js';
import { Attachment, attachmentOf } from '../hook/transport/attachment.js';
import { sightings } from '../hook/unobserved/sightings.js';
import { attempt } from '../lib/attempt.js';
import { asRecord, classify, type RequestMessage } from '../protocol/jsonrpc.js';
import { metaOf } from '../protocol/meta.js';
import { METHODS } from '../protocol/methods.js';
import { guarded } from '../report/guarded.js';
import { warnOperator } from '../report/report.js';
import { ERROR_TYPE_VALUE_OTHER } from '../semconv/values.js';
import type { Connection } from '../session/connection.js';
import { OPEN_ARRAY, OPEN_OBJECT, readArray, valueIn } from './json-bytes.js';
import { LongLine, type LongMessage } from './long-line.js';
import type { Inspector } from './relay.js';
import { type Message, readShortened } from './shortened.js';
import { withEntries } from './splice.js';

/** Longer messages are not read as a whole. */
const MAX_WHOLE = 131_072;

type Entries = Readonly<Record<string, string>>;
/** Where messages come from: the host, or the server. */
type Place = 'stdin' | 'stdout';
/** Shows a message to the hooks, and returns the entries for its metadata. */
type Show = (message: Message) => Entries | undefined;

/** What the hooks expect of a transport of a stdio server. */
class StandIn {
  /** A message from the host, for the server. */
  onmessage: (message: Message) => void;
  /** Called when the server is gone. */
  onclose: () => void = () => {};
  readonly #onSend: (message: Message) => void;
  /** Shows that it is a stdio server. */
  readonly _stdin: NodeJS.ReadableStream = process.stdin;

  constructor(onMessage: (message: Message) => void, onSend: (message: Message) => void) {
    this.onmessage = onMessage;
    this.#onSend = onSend;
  }

  /** A message from the server, for the host. */
  send(message: Message): void {
    this.#onSend(message);
  }
}

export interface MessagesOptions {
  readonly pipeline: Pipeline;
  readonly maxLineBytes: number;
  /** The server has said what it is called. */
  readonly onName: (name: string) => void;
}

export class Messages {
  readonly #transport: StandIn;
  readonly #connection: Connection;
  readonly #pipeline: Pipeline;
  readonly #maxLineBytes: number;
  #onName: ((name: string) => void) | undefined;
  /** What the current message gets. */
  #entries: Entries | undefined;

  /** @throws if another copy of this package prevents it */
  constructor({ pipeline, maxLineBytes, onName }: MessagesOptions) {
    this.#pipeline = pipeline;
    this.#maxLineBytes = maxLineBytes;
    this.#onName = onName;
    const transport = new StandIn(
      (message) => {
        const kind = classify(message);
        if (kind !== 'response') this.#entries = this.#entriesFor(message);
        // Where this process is observed as well, what it writes to the server is accounted for.
        if (kind === 'request') sightings.leaves(message as unknown as RequestMessage);
      },
      (message) => {
        this.#entries = undefined;
        this.#sent = message;
      },
    );
    attachUnowned(transport, pipeline, 'server');
    const attachment = attachmentOf(transport);
    if (!(attachment instanceof Attachment)) throw new Error('not attached');
    attachment.connection.isRelayed = true;
    this.#connection = attachment.connection;
    this.#transport = transport;
  }

  #sent: Message | undefined;

  readonly fromHost: Inspector = this.#inspector('stdin', (message) => {
    this.#transport.onmessage(message);
    return this.#entries;
  });

  readonly fromServer: Inspector = this.#inspector('stdout', (message) => {
    this.#transport.send(message);
    this.#learnName();
    return differences(message, this.#sent);
  });

  /** The host sends nothing more. */
  hostEnded(): void {
    this.#pipeline.sessionOver(this.#connection);
  }

  /** The server is gone. */
  serverEnded(): void {
    this.#transport.onclose();
  }

  #inspector(place: Place, show: Show): Inspector {
    let long: LongLine | undefined;
    return {
      line: (bytes) => guarded('observing a message', () => this.#partsOf(bytes, place, show)) ?? [bytes],
      piece: (bytes, isFirst) => {
        guarded('reading a long line', () => {
          if (isFirst) long = new LongLine();
          long?.push(bytes);
        });
      },
      longLineEnded: () => {
        guarded('reading a long line', () => long && this.#unobserved(place, long.end()));
        long = undefined;
      },
    };
  }

  /** What a line passes as; undefined if as it is. */
  #partsOf(bytes: Buffer, place: Place, show: Show): readonly Buffer[] | undefined {
    const first = bytes[valueIn(bytes)];
    if (first === OPEN_ARRAY) return isJson(bytes) ? this.#partsOfBatch(bytes, place, show) : undefined;
    const message = first === OPEN_OBJECT ? this.#messageIn(bytes, place) : undefined;
    if (message === undefined) return undefined;
    this.#entries = undefined;
    this.#sent = undefined;
    const entries = show(message);
    return entries && withEntries(bytes, entries);
  }

  /** Several messages in an array, as in protocol version 2025-03-26. */
  #partsOfBatch(bytes: Buffer, place: Place, show: Show): readonly Buffer[] {
    const parts: Buffer[] = [];
    let done = 0;
    for (const { from, to } of readArray(bytes, valueIn(bytes))) {
      const message = bytes.subarray(from, to);
      const isObject = message[0] === OPEN_OBJECT;
      parts.push(bytes.subarray(done, from), ...((isObject && this.#partsOf(message, place, show)) || [message]));
      done = to;
    }
    return [...parts, bytes.subarray(done)];
  }

  /** The message in a line; undefined for anything else, which passes as it is. */
  #messageIn(bytes: Buffer, place: Place): Message | undefined {
    try {
      if (bytes.length <= MAX_WHOLE) return JSON.parse(bytes.toString()) as Message;
      const message = readShortened(bytes);
      if (message === undefined) this.#tooLong(bytes, place);
      // An inventory must not miss what is at the end of a list.
      return message && this.#isList(message) ? (JSON.parse(bytes.toString()) as Message) : message;
    } catch {
      return undefined;
    }
  }

  /** Whether a message is the answer to a request for a list. */
  #isList({ id, method }: Message): boolean {
    if (method !== undefined || (typeof id !== 'string' && typeof id !== 'number')) return false;
    return this.#connection.find('inbound', id)?.row.audit?.lists !== undefined;
  }

  /** A whole line is too much to be read. */
  #tooLong(bytes: Buffer, place: Place): void {
    const long = new LongLine();
    long.push(bytes);
    this.#unobserved(place, long.end());
  }

  /** A message has passed that was too long to be observed. It may still have ended a request. */
  #unobserved(place: Place, { method, id, isError }: LongMessage): void {
    const answered = method === undefined && id !== undefined;
    const operation = answered ? this.#connection.find(place === 'stdin' ? 'outbound' : 'inbound', id) : undefined;
    const said = method ?? operation?.method ?? '';
    const name = METHODS.has(said) ? said : ERROR_TYPE_VALUE_OTHER;
    const mib = this.#maxLineBytes / (1024 * 1024);
    const why = `its line is too long to be read (--max-line is ${mib} MiB)`;
    warnOperator(`${answered ? `an answer to ${name}` : `a message ${name}`} was not observed: ${why}`);
    latestRecorder()?.unobserved({ place, reason: 'too_long', method: said, version: undefined, file: undefined });
    if (operation === undefined || id === undefined) return;
    const outcome = outcomeOfAnswer(
      isError ? { id, error: {} } : { id, result: {} },
      operation.row,
      operation.direction,
    );
    this.#connection.remove(operation);
    this.#pipeline.end(operation, outcome);
  }

  /** For the server: the context of the span of the message that is being delivered, and what marks it as observed. */
  #entriesFor(message: Message): Entries | undefined {
    // The marks of a `wrap` in front of this one stay.
    if (this.#connection.wrap !== undefined) return undefined;
    const meta = metaOf(message['params']);
    const operation = handledIn(context.active());
    if (operation === undefined) return marked({ meta });
    if (operation.row.inject === false) return undefined;
    const { correlation, ignored } = operation;
    const { traceId, spanId } = operation.span.spanContext();
    // Its baggage is in the message already.
    const entries = ignored ? undefined : inject(operation.context, false);
    const operationId = entryOf(operation)?.id;
    // A server without an SDK does not read the trace.
    const isNews = !ignored && correlation !== undefined && (operationId !== undefined || correlation !== traceId);
    const carried = isNews && meta?.[CORRELATION_KEY] !== correlation;
    const all = carried ? { ...entries, [CORRELATION_KEY]: correlation } : entries;
    return marked({ meta, entries: all, spanId, operationId });
  }

  #learnName(): void {
    const name = this.#onName && this.#connection.server?.name;
    if (typeof name !== 'string' || name === '') return;
    this.#onName?.(name);
    this.#onName = undefined;
  }
}

function isJson(bytes: Buffer): boolean {
  return attempt(() => JSON.parse(bytes.toString())) !== undefined;
}

/** What a copy of a message has in its metadata that the message has not. */
function differences(message: Message, copy: Message | undefined): Entries | undefined {
  if (copy === undefined || copy === message) return undefined;
  const before = metaOf(message['params']);
  const after = asRecord(metaOf(copy['params'])) ?? {};
  const added = Object.entries(after).filter(([key, value]) => before?.[key] !== value);
  const removed = Object.keys(before ?? {}).filter((key) => !Object.hasOwn(after, key));
  // A member cannot be taken out without touching others: it is left, empty.
  return Object.fromEntries([...added, ...removed.map((key) => [key, ''])]) as Entries;
}
