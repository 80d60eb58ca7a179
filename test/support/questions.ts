/** Server-to-client questions, however they are sent: as a request, a queued request, or inside a result. */
import type { Dialect } from './dialects.js';

export interface Question {
  readonly method: string;
  readonly params: object | undefined;
  /** The client's response. */
  readonly answer: object;
}

export const ELICITATION: Question = {
  method: 'elicitation/create',
  params: {
    mode: 'form',
    message: 'sure?',
    requestedSchema: { type: 'object', properties: { ok: { type: 'boolean' } } },
  },
  answer: { action: 'accept', content: { ok: true } },
};

export const SAMPLING: Question = {
  method: 'sampling/createMessage',
  params: { messages: [{ role: 'user', content: { type: 'text', text: 'hi' } }], maxTokens: 5 },
  answer: { model: 'test', role: 'assistant', content: { type: 'text', text: 'ho' } },
};

export const ROOTS: Question = {
  method: 'roots/list',
  params: undefined,
  answer: { roots: [{ uri: 'file:///tmp', name: 'tmp' }] },
};

/** Capabilities of a client that answers all questions. */
export const ASKABLE = { capabilities: { sampling: {}, elicitation: { form: {} }, roots: { listChanged: true } } };

/** Makes a client answer a question, and calls `observe` while it does. */
export function answer(
  client: any,
  dialect: Dialect,
  question: Question,
  observe: () => void | Promise<void> = () => {},
): void {
  dialect.onRequest(client, question.method, async () => {
    await observe();
    return question.answer;
  });
}
