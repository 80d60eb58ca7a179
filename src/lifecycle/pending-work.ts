/** Work besides OpenTelemetry's that the end of the process waits for. */

/** The work that is pending, if any; it may begin now. It never rejects. @param isLast whether nothing can follow */
type Source = (isLast: boolean) => Promise<unknown> | undefined;

const sources = new Set<Source>();

/** Idempotent. */
export function waitAtEnd(source: Source): void {
  sources.add(source);
}

export function pendingWork(isLast: boolean): Promise<unknown>[] {
  return [...sources].flatMap((source) => source(isLast) ?? []);
}
