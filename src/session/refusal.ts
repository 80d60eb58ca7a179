/** Why a request is refused, instead of handled or sent: by the choice of the operator, never by a failure alone. */
import type { Outcome } from './outcome.js';

/** `describe/refusals.ts` has them all. */
export interface Refusal {
  /** `data.reason` of the error, and `error.type`. */
  readonly reason: string;
  /** The error's text. It holds nothing of the request, and no path. */
  readonly message: string;
  readonly outcome: Outcome;
}
