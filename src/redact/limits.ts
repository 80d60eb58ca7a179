/** Every bound of the redactor, in one place. All of them hold for any input, however large or hostile. */

/** Longest short identifier let through, in UTF-16 units: method, tool name, JSON-RPC id, session id. */
export const MAX_NAME_CHARS = 256;

/** Longest URI let through, in UTF-16 units. */
export const MAX_URI_CHARS = 1024;

/** Longest key name of structured content, in UTF-16 units. */
export const MAX_KEY_CHARS = 128;

/** Content per field, in bytes of UTF-8, unless configured otherwise. */
export const DEFAULT_CONTENT_BYTES = 8192;

/** A configured content bound is clamped to this range: below it markers do not fit, above it a scan is no longer short. */
export const MIN_CONTENT_BYTES = 512;
export const MAX_CONTENT_BYTES = 1_048_576;

/** How deep structured content is followed. The outermost object or array is level 1. */
export const MAX_DEPTH = 8;

/** Properties and array elements copied per structured value, all levels together. */
export const MAX_NODES = 256;

/** Kept free in a structured value so that every open level can still say it was cut. */
export const MARKER_RESERVE_BYTES = 256;

/**
 * How far past a bound the text is still scanned. A secret that starts before the bound and is recognised only by its
 * later part must be seen whole, or its first half would be let out unrecognised.
 */
export const SCAN_OVERLAP_CHARS = 4096;

/** How far a match looks back for the start of a key name or of the local part of an e-mail address. */
export const MAX_LOOKBACK_CHARS = 64;

/** How much of the end of a match is read again by its row: what the match has swallowed may begin another. */
export const OVERLAP_CHARS = 64;

/** Stretches one detector may find in one text. More than these are no finding, but a mistake. */
export const MAX_DETECTED_SPANS = 256;

/** How long a hook may take over one field of a record, in milliseconds. */
export const MAX_HOOK_MS = 5;

/** Longest text recorded of an argument by a capture rule, in UTF-16 units: unless the rule says otherwise, and whatever it says. */
export const DEFAULT_CAPTURED_CHARS = 64;
export const MAX_CAPTURED_CHARS = 1024;

/**
 * Characters read of one call, names and values together, after which the rest is left out: what is read costs as much as
 * what is shown, and what is read again decoded costs that again. A value that was begun is read to its own bound.
 */
export const MAX_READ_CHARS = 32_768;
