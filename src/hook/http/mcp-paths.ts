/** The paths of an HTTP server that serve MCP: those that are configured, and those where an operation has begun. */

const MAX_LEARNED = 256;
/** Longer paths are not remembered: they are made up by the client. */
const MAX_PATH_LENGTH = 1024;

export class McpPaths {
  readonly #configured: ReadonlySet<string>;
  readonly #prefixes: readonly string[];
  readonly #learned = new Set<string>();

  /** @param paths exact paths, or prefixes that end in `*` */
  constructor(paths: readonly string[]) {
    this.#configured = new Set(paths);
    this.#prefixes = paths.filter((path) => path.endsWith('*')).map((path) => path.slice(0, -1));
  }

  has(path: string | undefined): boolean {
    if (path === undefined) return false;
    if (this.#configured.has(path) || this.#learned.has(path)) return true;
    return this.#prefixes.some((prefix) => path.startsWith(prefix));
  }

  /** Remembers a path where an operation began. Evicts the oldest: a path in use is learned again. */
  learn(path: string | undefined): void {
    if (path === undefined || path.length > MAX_PATH_LENGTH || this.has(path)) return;
    this.#learned.add(path);
    if (this.#learned.size > MAX_LEARNED) this.#learned.delete(this.#learned.values().next().value as string);
  }
}
