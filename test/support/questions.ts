/** What servers ask of clients, whatever way the question takes: a request, a queued one, or one within a result. */
import type { Dialect } from './dialects.js';

export interface Question {
  readonly method: string;
  readonly params: object | undefined;
  /** What the client says. */
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

/** What a client says of itself that answers all of them. */
export const ASKABLE = { capabilities: { sampling: {}, elicitation: { form: {} }, roots: { listChanged: true } } };

/** Has a client answer a question, and `observe` called while it does. */
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
