/** What all messages of one method and target on one connection have in common. Plain data: `describe/template.ts` makes it. */
import type { Attributes, SpanKind } from '@opentelemetry/api';
import type { MethodRow } from '../protocol/methods.js';
import type { ConnectionInfo, Direction, McpPeerInfo } from './connection-info.js';

/** What a template is made of, all names already redacted and bounded. */
export interface TemplateFacts {
  readonly connection: ConnectionInfo;
  readonly direction: Direction;
  readonly method: string;
  readonly row: MethodRow;
  readonly target: string | undefined;
  readonly protocolVersion: string | undefined;
  readonly sessionId: string | undefined;
  readonly peer: McpPeerInfo;
  /** As spans have it. */
  readonly shownSessionId: string | undefined;
  /** There is no span and no measurement of it. */
  readonly ignored: boolean;
  /** The peer may be sent baggage. */
  readonly baggage: boolean;
}

export interface Template {
  readonly facts: TemplateFacts;
  readonly spanName: string;
  readonly spanKind: SpanKind;
  /** Attributes of every span made from it. Copied, never written to. */
  readonly spanAttributes: Readonly<Attributes>;
  /** Metric attributes of a success; set once all names in it are known to be bounded. */
  successMetricAttributes: Attributes | undefined;
}
