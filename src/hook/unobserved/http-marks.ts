/** What the heads of an HTTP request and of its answer say about their bodies. */
import { isProtocolVersion } from '../../protocol/request-scanner.js';

export interface Marks {
  /** The request says that it is MCP. */
  readonly isMcp: boolean;
  /** It is, or it asks for what only MCP answers with. */
  readonly isLikely: boolean;
  /** The protocol version that its header names. */
  readonly version: string | undefined;
}

/** Of a stream without a head, whose first messages say what it is. */
export const NO_MARKS: Marks = { isMcp: false, isLikely: true, version: undefined };

const MCP_HEADERS = ['mcp-protocol-version', 'mcp-method', 'mcp-session-id'] as const;

/** Reads the marks of a request with a body of JSON; undefined for all others. */
export function marksOf(method: unknown, header: (name: string) => unknown): Marks | undefined {
  if (method !== 'POST' || !text(header('content-type')).includes('json')) return undefined;
  const isMcp = MCP_HEADERS.some((name) => header(name) !== undefined);
  const accepts = text(header('accept'));
  const isLikely = isMcp || (accepts.includes('text/event-stream') && accepts.includes('json'));
  const version = header('mcp-protocol-version');
  return { isMcp, isLikely, version: isProtocolVersion(version) ? version : undefined };
}

const ACCEPTED = 202;
const ANSWER = /^\s*(?:application\/json|text\/event-stream)\b/i;

/** Whether a server of MCP answers like this when it takes a request. Others answer to every path with their page. */
export function isMcpAnswer(status: unknown, contentType: unknown): boolean {
  if (typeof status !== 'number' || status < 200 || status >= 300) return false;
  return status === ACCEPTED || ANSWER.test(text(contentType));
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
