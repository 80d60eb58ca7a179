/** The result of a function, or undefined if it throws: for calls whose failure nobody can act on. */
export function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
