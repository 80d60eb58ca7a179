/** Telling who is interested that a server begins to talk over stdio: its process ends soon after stdin does. */
type Listener = (stdin: NodeJS.ReadableStream, output: NodeJS.WritableStream | undefined) => void;

let listener: Listener | undefined;
const seen = new WeakSet<object>();

/** Calls back with the streams of each stdio server that connects from now on. */
export function onStdioServer(callback: Listener): void {
  listener = callback;
}

/**
 * To be called with every server transport; those that are not stdio are passed over.
 * @param onEnd called when the client has nothing more to say: SDK v1 does not close its transport then
 */
export function noticeStdioServer(transport: object, onEnd: () => void): void {
  const { _wire = transport } = transport as { _wire?: object };
  const { _stdin: stdin, _stdout: output } = _wire as {
    _stdin?: NodeJS.ReadableStream;
    _stdout?: NodeJS.WritableStream;
  };
  if (typeof stdin?.once !== 'function' || seen.has(stdin)) return;
  seen.add(stdin);
  stdin.once('end', onEnd);
  listener?.(stdin, typeof output?.write === 'function' ? output : undefined);
}
