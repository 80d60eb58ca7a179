/**
 * Recognises transports by their shape: class names do not survive minifiers, and packages are duplicated.
 *
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md
 */
import { NETWORK_TRANSPORT_VALUE_PIPE, NETWORK_TRANSPORT_VALUE_TCP } from '../semconv/values.js';
import { normalAddress } from './address.js';

/** A kind of transport, and its network attributes in the conventions. */
export interface TransportKind {
  readonly name: 'stdio' | 'http' | 'websocket' | 'in_memory' | 'unknown';
  readonly networkTransport?: string;
  readonly networkProtocol?: string;
  /**
   * Whether the active context at delivery belongs to the message. On stdio and WebSocket, it is the context in which the
   * connection was made, and would put every request under a start-up span.
   */
  readonly ambientIsCaller: boolean;
  /** Whether a response is sent in the HTTP response to the request with the message. */
  readonly answersInResponse?: true;
}

const STDIO: TransportKind = { name: 'stdio', networkTransport: NETWORK_TRANSPORT_VALUE_PIPE, ambientIsCaller: false };
const HTTP: TransportKind = {
  name: 'http',
  networkTransport: NETWORK_TRANSPORT_VALUE_TCP,
  networkProtocol: 'http',
  ambientIsCaller: true,
  answersInResponse: true,
};
/** Messages arrive by POST, and responses leave in the stream that a GET has opened. */
const SSE: TransportKind = {
  name: 'http',
  networkTransport: NETWORK_TRANSPORT_VALUE_TCP,
  networkProtocol: 'http',
  ambientIsCaller: true,
};
const WEBSOCKET: TransportKind = {
  name: 'websocket',
  networkTransport: NETWORK_TRANSPORT_VALUE_TCP,
  networkProtocol: 'websocket',
  ambientIsCaller: false,
};
const IN_MEMORY: TransportKind = { name: 'in_memory', ambientIsCaller: true };
const UNKNOWN: TransportKind = { name: 'unknown', ambientIsCaller: false };

/** The member in which a stand-in for the transport of another implementation names its kind. */
export const KIND: unique symbol = Symbol('kind');

const STAND_INS = { stdio: STDIO, http: HTTP, sse: SSE, in_memory: IN_MEMORY, unknown: UNKNOWN } as const;

/** What a stand-in may be. */
export type StandInKind = keyof typeof STAND_INS;

/** Client transports that are known by nothing but their URL. */
const BY_SCHEME: Readonly<Record<string, TransportKind>> = {
  'ws:': WEBSOCKET,
  'wss:': WEBSOCKET,
  'http:': HTTP,
  'https:': HTTP,
};

/** Shapes in the order in which they are tried: a kind matches if the transport has one of its members. */
const SHAPES: readonly (readonly [TransportKind, readonly string[]])[] = [
  [IN_MEMORY, ['_otherTransport']],
  [STDIO, ['_serverParams', 'serverParams', '_stdin']],
  [SSE, ['handlePostMessage']],
  [
    HTTP,
    [
      'terminateSession',
      'finishAuth',
      '_webStandardTransport',
      'handleRequest',
      '_classification',
      // SDK v2's HTTP entry, which answers some requests without a transport.
      'notify',
    ],
  ],
];

/** The kind of a transport; wrappers with the wrapped transport in `_wire` are unwrapped. */
export function transportKind(transport: object): TransportKind {
  const { [KIND]: named } = transport as { [KIND]?: StandInKind };
  if (named !== undefined) return STAND_INS[named];
  const wire = (transport as { _wire?: unknown })._wire;
  if (typeof wire === 'object' && wire !== null) return transportKind(wire);
  for (const [kind, members] of SHAPES) {
    if (members.some((member) => member in transport)) return kind;
  }
  const url = transportUrl(transport);
  return (url && BY_SCHEME[url.protocol]) ?? UNKNOWN;
}

/** Whether a transport keeps what it cannot send, and sends it when the client comes back. */
export function replaysAnswers(transport: object): boolean {
  const { _webStandardTransport: inner = transport } = transport as { _webStandardTransport?: object };
  return (inner as { _eventStore?: unknown })._eventStore !== undefined;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'ws:': 80, 'https:': 443, 'wss:': 443 };

/** Where a client transport connects to: host and port only, for `server.address` and `server.port`. */
export function serverEndpoint(transport: object): { address: string; port?: number } | undefined {
  const url = transportUrl(transport);
  if (url === undefined || url.hostname === '') return undefined;
  const port = url.port === '' ? DEFAULT_PORTS[url.protocol] : Number(url.port);
  const address = normalAddress(url.hostname);
  return port === undefined ? { address } : { address, port };
}

/** The SDKs' transport has the parameters with an underscore, the AI SDK's has them without. */
interface StdioClient {
  readonly _serverParams?: ServerParams | null;
  readonly serverParams?: ServerParams | null;
}

interface ServerParams {
  readonly command?: unknown;
  readonly args?: unknown;
}

/** More arguments tell nothing more. */
const MAX_ARGS = 64;

/** What a client starts to connect to over stdio, as it was configured. */
export function serverCommand(transport: object): { command: string; args: readonly string[] } | undefined {
  const { serverParams, _serverParams: params = serverParams } = transport as StdioClient;
  if (typeof params?.command !== 'string') return undefined;
  const args = Array.isArray(params.args) ? params.args.slice(0, MAX_ARGS).map(String) : [];
  return { command: params.command, args: Object.freeze(args) };
}

function transportUrl(transport: object): URL | undefined {
  const { url: plain, _url: url = plain } = transport as { readonly _url?: unknown; readonly url?: unknown };
  return url instanceof URL ? url : undefined;
}
