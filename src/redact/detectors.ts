/** Detectors of the application: secret scanners, recognisers of personal data. Their answers are validated. */
import { MAX_DETECTED_SPANS } from './limits.js';
import type { Span } from './spans.js';

/** Finds more to hide in every string that leaves, after the pattern set. */
export interface Detector {
  /** Appears in `[REDACTED:<id>]`: 1 to 32 of letters, digits, `.`, `_`, `-`. Any other id becomes `custom`. */
  readonly id: string;
  /**
   * The stretches of the text to hide, from `start` up to, but not including, `end`, in UTF-16 units; at most 256. Must be
   * synchronous. If it throws, or returns anything else, the whole value is dropped.
   */
  detect(text: string): readonly { readonly start: number; readonly end: number }[];
}

/** A detector failed, so the text may contain anything. Its error is not kept: it may quote the text. */
export class DetectorFailure extends Error {}

/** The detectors with ids that are safe to show. Anything but a detector becomes a detector that always fails. */
export function withSafeIds(given: unknown): Detector[] {
  const detectors: readonly Detector[] = Array.isArray(given) ? given : [given];
  return detectors.map((detector) => ({ id: safeId(detector), detect: (text) => detector.detect(text) }));
}

function safeId(detector: Detector): string {
  try {
    const id: unknown = detector.id;
    if (typeof id === 'string' && /^[\w.-]{1,32}$/.test(id)) return id;
  } catch {
    // Shared by all without a valid id.
  }
  return 'custom';
}

/**
 * The stretches that a detector finds, in order.
 *
 * @throws {@link DetectorFailure}, and nothing else
 */
export function detectedSpans(detector: Detector, text: string): Span[] {
  let spans: Span[] | undefined;
  try {
    const answer: unknown = detector.detect(text);
    if (Array.isArray(answer)) spans = checkedSpans(answer, text.length);
    else ignoreRejection(answer);
  } catch {
    throw new DetectorFailure();
  }
  if (spans === undefined) throw new DetectorFailure();
  return spans.sort((a, b) => a.start - b.start);
}

function checkedSpans(answer: readonly unknown[], length: number): Span[] | undefined {
  const count = answer.length;
  if (count > MAX_DETECTED_SPANS) return undefined;
  const spans: Span[] = [];
  for (let index = 0; index < count; index++) {
    const { start, end } = answer[index] as Span;
    if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end <= start || end > length)
      return undefined;
    spans.push({ start, end });
  }
  return spans;
}

/** Ignores a promise: an async function is a mistake here, but its rejection must not become the application's. */
export function ignoreRejection(answer: unknown): void {
  try {
    if (typeof answer !== 'object' || answer === null || typeof (answer as PromiseLike<unknown>).then !== 'function')
      return;
    Promise.resolve(answer).catch(() => {});
  } catch {
    // A `then` that throws when it is read belongs to no promise.
  }
}
