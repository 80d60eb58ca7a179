/**
 * Names of spans.
 *
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md
 */

/** `{method} {target}`; the method alone where it has no target. */
export function spanNameOf(method: string, target: string | undefined): string {
  return target === undefined ? method : `${method} ${target}`;
}

/** Resource URIs have high cardinality: they are part of the name by opt-in only. */
export function withUri(
  name: string,
  uri: unknown,
  { resourceUriInSpanName }: { readonly resourceUriInSpanName: boolean },
): string {
  return resourceUriInSpanName && uri !== undefined ? `${name} ${String(uri)}` : name;
}
