/** Telling who is interested that a server begins to talk over stdio: its process ends soon after stdin does. */
type Listener = (stdin: NodeJS.ReadableStream) => void;

let listener: Listener | undefined;
const seen = new WeakSet<object>();

/** Calls back with the input stream of each stdio server that connects from now on. */
export function onStdioServer(callback: Listener): void {
  listener = callback;
}

/** To be called with every server transport; those that are not stdio are passed over. */
export function noticeStdioServer(transport: object): void {
  const { _wire = transport } = transport as { _wire?: object };
  const { _stdin } = _wire as { _stdin?: unknown };
  if (listener === undefined || typeof _stdin !== 'object' || _stdin === null || seen.has(_stdin)) return;
  seen.add(_stdin);
  listener(_stdin as NodeJS.ReadableStream);
}
