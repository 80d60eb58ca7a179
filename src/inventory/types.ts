/** What goes into the inventory, and what comes out of it. */
import type { AuditFields } from '../semconv/audit-record.js';

/** What is known of a server at one moment. What is absent was not told, and changes nothing that was. */
export interface ServerFacts {
  /** The part this process plays beside that server: its client, or the server itself. */
  readonly side: 'client' | 'server';
  /** Names and texts as the server gave them. */
  readonly name?: string;
  readonly version?: string;
  readonly title?: string;
  /** Host and port, or an opaque fingerprint of a command. Safe as it is: it is not redacted. */
  readonly endpoint?: string;
  /** Versions seen. They add up: a server may speak several. */
  readonly protocolVersions?: readonly string[];
  /** All capabilities that were declared. */
  readonly capabilities?: readonly string[];
  readonly instructionsHash?: string;
}

/** What becomes an audit record. The fields are of the groups `server.*`, `tool.*` and `inventory.*`, and a tool's name. */
export interface InventoryChange {
  readonly event: 'mcp_audit.server.observed' | 'mcp_audit.tool.changed' | 'mcp_audit.inventory.changed';
  readonly fields: AuditFields;
}

/** One page of a list: empty or absent cursors are those of the first and of the last page. */
export interface Page {
  /** Cursor of the request. */
  readonly cursor?: string | undefined;
  /** Cursor in the result. */
  readonly nextCursor?: string | undefined;
}

/** One page of `tools/list`, as it came: anything may be in it. */
export interface ToolsPage extends Page {
  readonly tools: unknown;
}

/** One page of `prompts/list` or `resources/list`. */
export interface CountedPage extends Page {
  readonly count: number;
}

/** One finished operation. */
export interface Use {
  /** Name of the tool, where it was one. */
  readonly tool?: string | undefined;
  /** When, in milliseconds since the epoch. */
  readonly at: number;
  readonly actor?: string | undefined;
  /** The name that a user is known by. */
  readonly actorName?: string | undefined;
  readonly organization?: string | undefined;
  readonly team?: string | undefined;
  readonly status: AuditFields['mcp_audit.status'];
  readonly errorType?: string | undefined;
  /** A policy or guardrail said no. */
  readonly denied?: boolean | undefined;
  /** How many values were redacted. */
  readonly redactions?: number | undefined;
  readonly quarantined?: boolean | undefined;
  /** How many arguments the tool did not declare. */
  readonly unknownArguments?: number | undefined;
}

/** Fields that only people can fill in. */
export const ANNOTATIONS = [
  'addedBy',
  'approval',
  'notes',
  'rejectionReason',
  'removedBy',
  'review',
  'reviewer',
] as const;

export type AnnotationName = (typeof ANNOTATIONS)[number];

/** What people say about a server, without the secrets in it. Absent leaves it as it is, `null` or an empty string takes it away. */
export interface Annotations {
  /** Who added the server, e.g. an e-mail address. */
  readonly addedBy?: string | null;
  readonly removedBy?: string | null;
  /** The state of its review. */
  readonly review?: string | null;
  /** Who reviewed it, e.g. an e-mail address. */
  readonly reviewer?: string | null;
  readonly approval?: 'approved' | 'rejected' | 'pending' | null;
  readonly notes?: string | null;
  readonly rejectionReason?: string | null;
}

/**
 * Which server is meant: all that is given has to be so. A name is what a server says of itself, and of several with one
 * name all are meant; its id, endpoint or version tells them apart.
 */
export interface ServerSelector {
  readonly id?: string;
  readonly name?: string;
  readonly version?: string;
  /** Host and port, as {@link ServerSnapshot.endpoint}. */
  readonly endpoint?: string;
}

export interface InventoryOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /**
   * The state file. It may be shared by several processes of one host, and the folder is made where it is missing.
   * @defaultValue none: the state ends with the process
   */
  readonly file?: string | undefined;
  /** After how long without a sign of it a server is stale, in milliseconds. @defaultValue 30 days */
  readonly staleAfterMs?: number | undefined;
  /** How often a server that did not change is observed again, in milliseconds. @defaultValue 24 hours */
  readonly observeEveryMs?: number | undefined;
  /** How long a change may wait before it is saved, in milliseconds. @defaultValue 5000 */
  readonly saveEveryMs?: number | undefined;
  /** Servers kept. When full, stale servers without annotations make room, and else new ones are not kept. @defaultValue 1000 */
  readonly maxServers?: number | undefined;
  /** Tools kept per server, of at most 10 000 in all. @defaultValue 1000 */
  readonly maxTools?: number | undefined;
  /** Redacts what a peer chose before it is kept; `again` what comes out of a record. @defaultValue as it is */
  readonly redactName?: ((name: string, again?: boolean) => string) | undefined;
  /** Redacts what says who acted before it is kept. @defaultValue as {@link redactName} does */
  readonly redactIdentity?: ((id: string, again?: boolean) => string) | undefined;
  /** Redacts what people say before it is kept. @defaultValue as it is */
  readonly redactText?: ((text: string) => string) | undefined;
  /** Argument names that an input schema declares; its answers are kept per tool. @defaultValue none are known */
  readonly declaredNames?: ((inputSchema: unknown) => ReadonlySet<string> | undefined) | undefined;
  /** Told of what went wrong with the state file or a bound, once per text. */
  readonly onProblem?: ((text: string) => void) | undefined;
}
