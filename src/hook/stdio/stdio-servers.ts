/** The stdio servers of this process. When stdin ends, the process is about to end. */

/** The streams of a stdio server. */
export interface StdioStreams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream | undefined;
}

class StdioServers {
  readonly #known = new WeakSet<object>();
  #onStart: ((streams: StdioStreams) => void) | undefined;

  /** Calls back with the streams of each stdio server that connects from now on. */
  onStart(callback: (streams: StdioStreams) => void): void {
    this.#onStart = callback;
  }

  /**
   * To be called with every server transport; other transports than stdio are ignored.
   *
   * @param onEnd called at the end of the input, because SDK v1 does not close its transport then
   */
  connecting(transport: object, onEnd: () => void): void {
    const { _wire = transport } = transport as { _wire?: object };
    const { _stdin: input, _stdout: output } = _wire as {
      _stdin?: NodeJS.ReadableStream;
      _stdout?: NodeJS.WritableStream;
    };
    if (typeof input?.once !== 'function' || this.#known.has(input)) return;
    this.#known.add(input);
    input.once('end', onEnd);
    this.#onStart?.({ input, output: typeof output?.write === 'function' ? output : undefined });
  }
}

export const stdioServers: StdioServers = new StdioServers();
