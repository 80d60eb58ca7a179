/** What messages of one method and target on one connection share. Plain data; `describe/template.ts` builds it. */
import type { Attributes, SpanKind } from '@opentelemetry/api';
import type { MethodRow } from '../protocol/methods.js';
import type { ConnectionInfo, Direction, McpPeerInfo } from './connection-info.js';

/** Parts of a template; names are redacted and bounded. */
export interface TemplateFacts {
  readonly connection: ConnectionInfo;
  readonly direction: Direction;
  readonly method: string;
  readonly row: MethodRow;
  readonly target: string | undefined;
  readonly protocolVersion: string | undefined;
  readonly sessionId: string | undefined;
  readonly peer: McpPeerInfo;
  /** Session id as spans show it. */
  readonly shownSessionId: string | undefined;
  /** It has no span and no measurement. */
  readonly ignored: boolean;
  /** The peer may receive baggage. */
  readonly baggage: boolean;
}

export interface Template {
  readonly facts: TemplateFacts;
  readonly spanName: string;
  readonly spanKind: SpanKind;
  /** Copied to each span; never modified. */
  readonly spanAttributes: Readonly<Attributes>;
  /** Metric attributes of a success; set once all names in it are known. */
  successMetricAttributes: Attributes | undefined;
  /** The same with the side, for metrics that both sides share. */
  sidedMetricAttributes: Attributes | undefined;
}
