/** Bounds of the inventory, and of the names in it. */

/** UTF-16 code units of a name that is kept. */
export const MAX_NAME = 256;
/** Of a name that is looked at, so that a secret across the end is seen whole. */
export const MAX_READ = 2048;
/** Of a text that people write. */
export const MAX_TEXT = 2000;
export const MAX_ERROR_TYPE = 64;
export const MAX_CAPABILITIES = 64;
export const MAX_PROTOCOL_VERSIONS = 16;

export const MAX_SERVERS = 1000;
export const MAX_TOOLS = 1000;
/** Of all servers together. */
export const MAX_ALL_TOOLS = 10_000;
export const MAX_ERROR_TYPES = 64;

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** A number that makes sense as a bound, or what stands in for it. */
export function positive(value: number | undefined, otherwise: number): number {
  return value !== undefined && Number.isFinite(value) && value > 0 ? value : otherwise;
}
