/**
 * Listen streams over HTTP (SDK v2, 2026-07-28). The HTTP entry answers them without a protocol instance, so its fetch
 * function is the only place to see them.
 */
import { CANCELLED_BY_PEER, CONNECTION_CLOSED, outcomeOfAnswer, outcomeOfThrown } from '../../describe/error-type.js';
import { refusedAnswer } from '../../describe/refusals.js';
import type { Pipeline } from '../../emit/pipeline.js';
import { asRecord, classify, type RequestMessage, type ResponseMessage } from '../../protocol/jsonrpc.js';
import { methodRow } from '../../protocol/methods.js';
import { reportFailure } from '../../report/report.js';
import { Connection } from '../../session/connection.js';
import type { Operation } from '../../session/operation.js';
import { type Outcome, SUCCESS } from '../../session/outcome.js';
import type { Refusal } from '../../session/refusal.js';
import { type ApplicationCall, callIn } from '../application-call.js';
import { replaceMethod, type Undo } from '../replace-methods.js';
import { refusalOf } from '../transport/refuse.js';
import { sightings } from '../unobserved/sightings.js';
import { currentHttpPeer } from './current-request.js';

/** Required by the protocol revision that has listen streams: names the method without the body. */
const METHOD_HEADER = 'mcp-method';
/** What the entry itself accepts by default: a request may name thousands of resources. */
const MAX_REQUEST_BYTES = 4 * 1024 * 1024;
/** An answer is an error, or short. */
const MAX_ANSWER_BYTES = 65_536;
const TOO_LONG = Symbol('too long to be read');

/** Observes the listen streams of one HTTP entry. All other requests are seen on their protocol instance. */
export function hookHandler(handler: object, pipeline: Pipeline): Undo {
  return replaceMethod(
    handler,
    'fetch',
    (fetch) =>
      function (this: unknown, request: Request, options?: unknown) {
        if (!pipeline.enabled || !isListen(request, options)) return fetch.call(this, request, options);
        const call = { fn: fetch, self: this, first: request, second: options };
        return serve(call, new Connection(handler, 'server'), pipeline);
      },
  );
}

function isListen({ method, headers }: Request, options: unknown): boolean {
  try {
    if (methodRow(headers.get(METHOD_HEADER) ?? '', 'request').stream !== true) return false;
    // The entry refuses any other request without its body, which may never come.
    const isRead = /^post$/i.test(method) && /json/i.test(headers.get('content-type') ?? '');
    return isRead || asRecord(options)?.['parsedBody'] !== undefined;
  } catch (error) {
    reportFailure('reading an HTTP request', error);
    return false;
  }
}

/** @param call `fetch(request, options)` */
async function serve(call: ApplicationCall, connection: Connection, pipeline: Pipeline): Promise<Response> {
  const request = call.first as Request;
  const message = asRecord(call.second)?.['parsedBody'] ?? (await readJson(request, MAX_REQUEST_BYTES));
  const operation = start(message, request, connection, pipeline);
  const refusal = operation === undefined ? refusalWithoutOne(message, request, pipeline) : operation.refusal;
  if (refusal !== undefined) return refused(message, refusal, operation, pipeline);
  if (operation === undefined) return call.fn.call(call.self, request, call.second);
  const late = operation.onDisk === undefined ? undefined : await operation.onDisk;
  if (late !== undefined) return refused(message, late, operation, pipeline);
  const answered = callIn(operation.context, call) as Promise<Response>;
  answered.then(undefined, (error: unknown) => pipeline.end(operation, outcomeOfThrown(error)));
  const response = await answered;
  try {
    return await observedAnswer(response, request, operation, pipeline);
  } catch (error) {
    reportFailure('reading an HTTP response', error);
    pipeline.end(operation, SUCCESS);
    return response;
  }
}

/** The application's response, or one that reports what is sent with it. */
async function observedAnswer(
  response: Response,
  { signal }: Request,
  operation: Operation,
  pipeline: Pipeline,
): Promise<Response> {
  const end = (outcome: Outcome) => pipeline.end(operation, outcome);
  // The entry takes requests without one.
  signal?.addEventListener('abort', () => end(CANCELLED_BY_PEER), { once: true });
  if (signal?.aborted) end(CANCELLED_BY_PEER);
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
    return observed(response, operation, pipeline);
  }
  const error = await readJson(response, MAX_ANSWER_BYTES);
  const outcome = asRecord(error)?.['error'] === undefined ? SUCCESS : outcomeOf(error as ResponseMessage, operation);
  pipeline.conclude(operation, outcome);
  end(outcome);
  return response;
}

/** Why a request is refused whose operation could not be started. One that is too long to be read is known by its header. */
function refusalWithoutOne(message: unknown, { headers }: Request, pipeline: Pipeline): Refusal | undefined {
  if (message === TOO_LONG) return refusalOf(pipeline, { method: headers.get(METHOD_HEADER) });
  return classify(message) === 'request' ? refusalOf(pipeline, message) : undefined;
}

/** Recorded before it is sent, like every answer. */
function refused(message: unknown, refusal: Refusal, operation: Operation | undefined, pipeline: Pipeline): Response {
  if (operation !== undefined) {
    pipeline.conclude(operation, refusal.outcome);
    pipeline.end(operation, refusal.outcome);
  }
  // JSON-RPC has null for an id that is not known.
  const id = classify(message) === 'request' ? (message as RequestMessage).id : null;
  return Response.json(refusedAnswer(id, refusal));
}

function start(message: unknown, request: Request, connection: Connection, pipeline: Pipeline): Operation | undefined {
  if (classify(message) !== 'request') return undefined;
  sightings.arrived(message as RequestMessage);
  const peer = currentHttpPeer(pipeline.config.trustProxy);
  return pipeline.receive(connection, message as RequestMessage, 'request', {
    peer,
    headers: request.headers as never,
  });
}

function outcomeOf(answer: ResponseMessage, { row }: Operation): Outcome {
  return outcomeOfAnswer(answer, row, 'inbound');
}

/** The same response with a body that reports the answer in it, and its end. */
function observed(response: Response, operation: Operation, pipeline: Pipeline): Response {
  if (response.body === null) return response;
  const end = (outcome: Outcome) => pipeline.end(operation, outcome);
  const reader = response.body.getReader();
  let outcome = SUCCESS;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const read = reader.read();
      read.then(undefined, () => end(CONNECTION_CLOSED));
      const { done, value } = await read;
      if (!done) {
        const answer = answerIn(value, operation);
        if (answer !== undefined) {
          outcome = outcomeOf(answer, operation);
          pipeline.conclude(operation, outcome);
        }
        return controller.enqueue(value);
      }
      end(outcome);
      controller.close();
    },
    cancel(reason) {
      end(CANCELLED_BY_PEER);
      return reader.cancel(reason);
    },
  });
  return new Response(body, response);
}

const ANSWERS = ['"result"', '"error"'];

/** The answer to the stream's own request, the last message on it. The entry writes each message as one chunk. */
function answerIn(chunk: Uint8Array, { id }: Operation): ResponseMessage | undefined {
  const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (bytes.length > MAX_ANSWER_BYTES || !ANSWERS.some((member) => bytes.includes(member))) return undefined;
  for (const line of bytes.toString('utf8').split('\n')) {
    const message = line.startsWith('data:') ? parsed(line.slice('data:'.length)) : undefined;
    if (classify(message) === 'response' && (message as ResponseMessage).id === id) return message as ResponseMessage;
  }
  return undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The JSON of a body, or {@link TOO_LONG}. It reads a copy and leaves the original untouched. */
async function readJson(original: Request | Response, maxBytes: number): Promise<unknown> {
  try {
    if (Number(original.headers.get('content-length')) > maxBytes) return TOO_LONG;
    const reader = original.clone().body?.getReader();
    const chunks: Uint8Array[] = [];
    for (let size = 0; ; ) {
      const { done, value } = (await reader?.read()) ?? { done: true };
      // The entry itself reports a body that is not JSON.
      if (done || value === undefined) return parsed(Buffer.concat(chunks).toString('utf8'));
      size += value.byteLength;
      chunks.push(value);
      if (size <= maxBytes) continue;
      // It settles only when the original is cancelled, too.
      reader?.cancel().catch(() => {});
      return TOO_LONG;
    }
  } catch {
    return undefined;
  }
}
