/** How long messages are as JSON, in bytes of UTF-8: what differs from message to message, and what is around it. */
import { jsonSize } from '../lib/json-size.js';
import { type AnswerFacts, answerSize, paramsSize, type RequestFacts } from './message-facts.js';

const REQUEST_BYTES = '{"jsonrpc":"2.0","id":,"method":}'.length;
const PARAMS_BYTES = ',"params":'.length;
const RESULT_BYTES = '{"jsonrpc":"2.0","id":,"result":}'.length;
const ERROR_BYTES = '{"jsonrpc":"2.0","id":,"error":}'.length;

/** Undefined without an id, which every JSON-RPC request has, and where its params have no known size. */
export function requestSize(facts: RequestFacts): number | undefined {
  const { id, method, params } = facts;
  const around = sum(REQUEST_BYTES, id === undefined ? undefined : jsonSize(id), jsonSize(method));
  return params === undefined ? around : sum(around, PARAMS_BYTES, paramsSize(facts));
}

/** Undefined where its result or error has no known size. */
export function responseSize(facts: AnswerFacts): number | undefined {
  const { id, error } = facts.message;
  return sum((error ?? undefined) === undefined ? RESULT_BYTES : ERROR_BYTES, jsonSize(id), answerSize(facts));
}

function sum(...sizes: readonly (number | undefined)[]): number | undefined {
  let total = 0;
  for (const size of sizes) {
    if (size === undefined) return undefined;
    total += size;
  }
  return total;
}
