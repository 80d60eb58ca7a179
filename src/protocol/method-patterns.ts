/** Lists of methods: exact names, and `prefix/*` for all names with that prefix. */

/** An entry of such a list: no blanks, and a star only at the end. */
export const METHOD_PATTERN = /^[^\s,*]+(?:\/\*)?$/;

/** Whether a method is on a list. */
export function methodMatcher(patterns: readonly string[]): (method: string) => boolean {
  const names = new Set(patterns.filter((pattern) => !pattern.endsWith('/*')));
  const prefixes = patterns.filter((pattern) => pattern.endsWith('/*')).map((pattern) => pattern.slice(0, -1));
  return (method) => names.has(method) || prefixes.some((prefix) => method.startsWith(prefix));
}
