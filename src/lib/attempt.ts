/** The result of a function, or undefined if it throws: for failures that nothing can be done about. */
export function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
