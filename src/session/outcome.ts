/** How an operation ended. Plain data. */

/** `describe/error-type.ts` decides each member. */
export interface Outcome {
  /** `error.type`; sets the span status ERROR. */
  readonly errorType?: string;
  /** JSON-RPC error code on the wire. */
  readonly statusCode?: string;
  /** JSON-RPC error message. Content: recorded by opt-in only, redacted. */
  readonly message?: string;
  /** The caller cancelled the operation. */
  readonly cancelled?: true;
  /** `input_required` or `task` if the result is incomplete. */
  readonly resultType?: string;
  /** Task status in the result. */
  readonly taskStatus?: string;
}

/** Success with no details: one shared value, for the hot path. */
export const SUCCESS: Outcome = Object.freeze({});
