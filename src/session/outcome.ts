/** How an operation ended, as plain data. */

/** See `describe/outcome.ts` for what sets each member. */
export interface Outcome {
  /** `error.type`; its presence makes the span's status ERROR. */
  readonly errorType?: string;
  /** The JSON-RPC error code on the wire, as a string. */
  readonly statusCode?: string;
  /** The JSON-RPC error message. Content: leaves only by the opt-in, through the redactor. */
  readonly message?: string;
  /** The caller gave the operation up. */
  readonly cancelled?: true;
  /** `input_required` or `task`, when the result is not complete. */
  readonly resultType?: string;
  /** Task status in the result. */
  readonly taskStatus?: string;
}

/** Success with nothing to add: the one value of the hot path. */
export const SUCCESS: Outcome = Object.freeze({});
