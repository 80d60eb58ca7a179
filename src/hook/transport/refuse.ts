/**
 * Refuses requests, where the operator asked for that: an inbound one is answered with an error and not handled, an
 * outbound one is not sent and its promise rejects.
 */
import type { Pipeline } from '../../emit/pipeline.js';
import type { ResponseMessage } from '../../protocol/jsonrpc.js';
import { reportFailure } from '../../report/report.js';
import type { Connection } from '../../session/connection.js';
import type { Refusal } from '../../session/refusal.js';

/** Why a request is refused whose operation could not be started. What cannot be read is refused, too. */
export function refusalOf(pipeline: Pipeline, message: unknown): Refusal | undefined {
  try {
    return pipeline.refusalOf((message as { readonly method?: unknown }).method);
  } catch {
    return pipeline.refusalOf('');
  }
}

/**
 * Answers an inbound request. The answer leaves as the application's would, after `onmessage` has returned, and through our
 * own hook, which records it.
 */
export function refuse({ transport, refuse: answerElsewhere }: Connection, answer: ResponseMessage): unknown {
  if (answerElsewhere !== undefined) return answerElsewhere(answer);
  void send(transport as Sender, answer);
  return undefined;
}

interface Sender {
  send(message: ResponseMessage): unknown;
}

async function send(transport: Sender, answer: ResponseMessage): Promise<void> {
  await undefined;
  try {
    await transport.send(answer);
  } catch (error) {
    reportFailure('answering a refused request', error);
  }
}
