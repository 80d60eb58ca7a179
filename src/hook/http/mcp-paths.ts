/** Which paths of an HTTP server are MCP's: those that were named, and those where MCP was spoken. */

const MAX_LEARNED = 256;
/** Longer paths are not worth keeping: whoever sends them made them up. */
const MAX_PATH_LENGTH = 1024;

export class HttpEndpoints {
  readonly #named: ReadonlySet<string>;
  readonly #beginnings: readonly string[];
  readonly #learned = new Set<string>();

  /** @param paths exact ones, and with a `*` at the end all that begin so */
  constructor(paths: readonly string[]) {
    this.#named = new Set(paths);
    this.#beginnings = paths.filter((path) => path.endsWith('*')).map((path) => path.slice(0, -1));
  }

  has(path: string | undefined): boolean {
    if (path === undefined) return false;
    if (this.#named.has(path) || this.#learned.has(path)) return true;
    return this.#beginnings.some((beginning) => path.startsWith(beginning));
  }

  /** Remembers a path where an operation began. The oldest gives way: one that is in use comes back. */
  learn(path: string | undefined): void {
    if (path === undefined || path.length > MAX_PATH_LENGTH || this.has(path)) return;
    this.#learned.add(path);
    if (this.#learned.size > MAX_LEARNED) this.#learned.delete(this.#learned.values().next().value as string);
  }
}
