/** Builders of results and questions for the handlers of the example server. */
import { CLIENT_CAPABILITIES_META_KEY, inputRequired } from '@modelcontextprotocol/server';

/** @typedef {import('@modelcontextprotocol/server').ServerContext} ServerContext */

export const text = (/** @type {string} */ value) => ({ type: /** @type {const} */ ('text'), text: value });

/** A tool result with one text. */
export const say = (/** @type {string} */ value) => ({ content: [text(value)] });

/** A form with required fields. */
export const form = (/** @type {string[]} */ fields, type = 'string') => ({
  type: /** @type {const} */ ('object'),
  properties: Object.fromEntries(fields.map((field) => [field, { type }])),
  required: fields,
});

/** A question to the user, for `inputRequired()`. */
export const ask = (/** @type {string} */ message, /** @type {string} */ field, type = 'string') =>
  inputRequired.elicit({ message, requestedSchema: /** @type {any} */ (form([field], type)) });

/** A question to the model, for `inputRequired()`. */
export const sample = (/** @type {string} */ prompt) =>
  inputRequired.createMessage({ messages: [{ role: 'user', content: text(prompt) }], maxTokens: 100 });

/**
 * The client capabilities in a 2026-07-28 request.
 * @param {ServerContext} context
 * @returns {import('@modelcontextprotocol/server').ClientCapabilities}
 */
export function capabilitiesOf({ mcpReq }) {
  /** @type {Record<string, any> | undefined} */
  const envelope = mcpReq.envelope;
  return envelope?.[CLIENT_CAPABILITIES_META_KEY] ?? {};
}
