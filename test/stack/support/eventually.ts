import { setTimeout } from 'node:timers/promises';

/**
 * Polls `read` until it returns a value, or one that `accept` accepts, because backends show data with a delay. On timeout, fails
 * with the last value or error.
 */
export async function eventually<T>(
  what: string,
  read: () => Promise<T> | T,
  options: { accept?: (value: T) => boolean; timeoutMs?: number; everyMs?: number } = {},
): Promise<NonNullable<T>> {
  const { accept = Boolean, timeoutMs = 60_000, everyMs = 250 } = options;
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    let last: unknown;
    try {
      const value = await read();
      if (accept(value)) return value as NonNullable<T>;
      last = JSON.stringify(value)?.slice(0, 2_000);
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`no ${what} within ${timeoutMs / 1000} s; last: ${last}`);
    await setTimeout(everyMs);
  }
}
