/** All bounds of the redactor. They hold for any input, however large or hostile. */

/** Longest identifier let through, in UTF-16 units: method, tool name, JSON-RPC id, session id. */
export const MAX_NAME_CHARS = 256;

/** Longest URI let through, in UTF-16 units. */
export const MAX_URI_CHARS = 1024;

/** Longest key in structured content, in UTF-16 units. */
export const MAX_KEY_CHARS = 128;

/** Default for content per field, in bytes of UTF-8. */
export const DEFAULT_CONTENT_BYTES = 8192;

/** Range of the configured content bound: marks must fit, and a scan must stay short. */
export const MIN_CONTENT_BYTES = 512;
export const MAX_CONTENT_BYTES = 1_048_576;

/** Levels of structured content, fewer than elsewhere: each may need a mark. The outermost object or array is level 1. */
export const MAX_DEPTH = 8;

/** Properties and array elements copied per structured value, on all levels together. */
export const MAX_NODES = 256;

/** Reserved in a structured value, so that every open level can still be marked as cut. */
export const MARKER_RESERVE_BYTES = 256;

/** How far to scan past a bound. A secret that starts before the bound must be seen whole to be recognised. */
export const SCAN_OVERLAP_CHARS = 4096;

/** How far to look back for the start of a key name, or of the local part of an e-mail address. */
export const MAX_LOOKBACK_CHARS = 64;

/** How much of the end of a match to read again: it may contain the start of another match. */
export const OVERLAP_CHARS = 64;

/** Findings per detector and text. More indicate a defect of the detector. */
export const MAX_DETECTED_SPANS = 256;

/** Time limit of a hook per field of a record, in milliseconds. */
export const MAX_HOOK_MS = 5;

/** Longest argument text that a capture rule lets through, in UTF-16 units: by default, and at most. */
export const DEFAULT_CAPTURED_CHARS = 64;
export const MAX_CAPTURED_CHARS = 1024;

/**
 * Reading budget of one call, in characters, names and values together; the rest is left out. Reading costs as much as
 * writing, and decoded text is read again. A value that was begun is read to its own bound.
 */
export const MAX_READ_CHARS = 32_768;
