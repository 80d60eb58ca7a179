/** The inventory as audit records tell it, which come in any order. They are trusted as little as a state file. */
import type { AuditEventName, AuditFields } from '../semconv/audit-record.js';
import { APPROVALS } from './annotations.js';
import {
  MAX_CAPABILITIES,
  MAX_PROTOCOL_VERSIONS,
  MAX_RECORDED_TOOLS,
  MAX_SERVERS,
  MAX_TEXT,
  MAX_TOOLS,
} from './bounds.js';
import { Names } from './names.js';
import { count, type RecordRead, text, texts, timeIn } from './record-values.js';
import { ANNOTATED } from './records.js';
import {
  ANNOTATIONS,
  type AnnotationName,
  type KnownFacts,
  newServer,
  newTool,
  newUsage,
  type ServerState,
  type Servers,
  type ToolState,
  type Usage,
  union,
} from './state.js';
import { addTo, addUse } from './usage.js';

/** Operations with a verdict of a guardrail that are told apart; those of more count for each verdict. */
const MAX_QUARANTINED = 100_000;

/** A tool in records. */
interface ToolStory {
  readonly name: string;
  readonly usage: Usage;
  firstSeen: number;
  lastSeen: number;
  /** The first successful call. */
  worked: number | undefined;
  /** The latest word on its definition. */
  defined: Defined | undefined;
}

interface Defined {
  readonly at: number;
  /** The first record with the same. */
  readonly since: number;
  readonly status: ToolState['status'];
  readonly hash: string | undefined;
}

/** An annotation in a record. The latest counts. */
interface Said {
  readonly at: number;
  readonly value: string | undefined;
}

interface Story {
  readonly server: ServerState;
  /** When the record was written that the facts are from. Those of a `server.observed` count more than any other's. */
  factsAt: number;
  observed: boolean;
  readonly tools: Map<string, ToolStory>;
  /** The latest whole list of tools. */
  list: { readonly at: number; readonly names: ReadonlySet<string> } | undefined;
  /** Annotations that a record sets, and those that it repeats, which are older than it. */
  readonly set: Map<AnnotationName, Said>;
  readonly repeated: Map<AnnotationName, Said>;
}

/** Takes the facts of a record about a server. */
type Take = (story: Story, record: RecordRead, at: number) => void;

/** Puts the inventory together from records: call {@link add} for each, then {@link servers}. */
export class Rebuilt {
  readonly #stories = new Map<string, Story>();
  readonly #names = new Names(undefined);
  readonly #quarantined = new Set<string>();
  readonly #leftOut = new Set<string>();

  /** How many servers there was no room for; at most as many as there was room for are told apart. */
  get leftOut(): number {
    return this.#leftOut.size;
  }

  /** @param at when it was written, in milliseconds since 1970 */
  add(record: RecordRead, at: number): void {
    const event = text(record, 'event_name') as AuditEventName;
    const take = Object.hasOwn(this.#takers, event) ? this.#takers[event] : undefined;
    const id = take && text(record, 'mcp_audit.server.id');
    if (take === undefined || id === undefined || !/^[0-9a-f]{32}$/.test(id)) return;
    const time = Math.trunc(at);
    const story = this.#storyOf(id, record, time);
    if (story !== undefined) take(story, record, time);
  }

  servers(): Servers {
    return new Map([...this.#stories].map(([id, story]) => [id, finished(story)]));
  }

  #storyOf(id: string, record: RecordRead, at: number): Story | undefined {
    let story = this.#stories.get(id);
    if (story === undefined) {
      if (this.#stories.size >= MAX_SERVERS) {
        if (this.#leftOut.size < MAX_SERVERS) this.#leftOut.add(id);
        return undefined;
      }
      const server = newServer(id, factsIn(record, undefined), at);
      server.changedAt = 0;
      server.reportedAt = 0;
      story = {
        server,
        factsAt: 0,
        observed: false,
        tools: new Map(),
        list: undefined,
        set: new Map(),
        repeated: new Map(),
      };
      this.#stories.set(id, story);
    }
    const { server } = story;
    if (!story.observed && at >= story.factsAt) {
      server.facts = factsIn(record, server.facts);
      story.factsAt = at;
    }
    const side = text(record, 'mcp_audit.side');
    if (side === 'client' || side === 'server') server.sides.add(side);
    server.firstSeen = Math.min(server.firstSeen, timeIn(record, 'mcp_audit.server.first_seen') ?? at);
    server.lastSeen = Math.max(server.lastSeen, timeIn(record, 'mcp_audit.server.last_seen') ?? 0);
    return story;
  }

  readonly #takers: Readonly<Partial<Record<AuditEventName, Take>>> = {
    'mcp_audit.server.observed': (story, record, at) => {
      const { server } = story;
      if (!story.observed || at >= story.factsAt) {
        server.facts = factsIn(record, server.facts);
        story.factsAt = at;
        story.observed = true;
      } else {
        server.facts = { ...server.facts, protocolVersions: versionsIn(record, server.facts) };
      }
      if (text(record, 'mcp_audit.inventory.change') !== undefined) server.changedAt = Math.max(server.changedAt, at);
      server.reportedAt = Math.max(server.reportedAt, at);
      takeLists(server, record, at);
      this.#takeTools(story, record, at);
    },
    'mcp_audit.tool.changed': (story, record, at) => {
      takeLists(story.server, record, at);
      const change = text(record, 'mcp_audit.tool.change');
      const removed = change === 'removed';
      // The lock may have a tool that was never listed.
      if (change === undefined || (removed && text(record, 'mcp_audit.tool.compared_with') === 'lock')) return;
      const tool = this.#toolOf(story, record, at);
      if (tool === undefined) return;
      const hash = text(record, removed ? 'mcp_audit.tool.previous_hash' : 'mcp_audit.tool.hash');
      define(tool, { at, since: at, status: removed ? 'removed' : 'listed', hash });
    },
    'mcp_audit.inventory.changed': (story, record, at) => {
      const change = text(record, 'mcp_audit.inventory.change');
      if (change === 'list_changed') takeLists(story.server, record, at);
      if (change === 'annotated') takeAnnotations(story, record, at);
      if (change === 'server_stale') story.server.staleAt = Math.max(story.server.staleAt ?? 0, at);
    },
    'mcp_audit.guardrail': (story, record, at) => {
      const operation = text(record, 'mcp_audit.operation.id');
      if (text(record, 'mcp_audit.guardrail.verdict') === 'allow' || operation === undefined) return;
      const known = this.#quarantined.has(operation);
      if (this.#quarantined.size < MAX_QUARANTINED) this.#quarantined.add(operation);
      const tool = this.#toolOf(story, record, at);
      if (known) quarantinedUntil(at, story, tool);
      else for (const usage of usagesOf(story, tool)) addTo(usage.tallies, 'quarantines', 1, at);
    },
    'mcp_audit.response': (story, record, at) => {
      const { server } = story;
      const status = text(record, 'mcp_audit.status') as AuditFields['mcp_audit.status'];
      const tool = this.#toolOf(story, record, at);
      if (tool !== undefined && status === 'ok') tool.worked = Math.min(tool.worked ?? at, at);
      if (tool !== undefined) tool.lastSeen = Math.max(tool.lastSeen, at);
      server.lastSeen = Math.max(server.lastSeen, at);
      const use = {
        at,
        status,
        actor: text(record, 'audit.actor.id'),
        actorName: text(record, 'user.name'),
        organization: text(record, 'mcp_audit.organization.id'),
        team: text(record, 'mcp_audit.team.id'),
        errorType: text(record, 'error.type'),
        denied: text(record, 'mcp_audit.access.decision') === 'deny',
        redactions: count(record, 'mcp_audit.redaction.count'),
        unknownArguments: count(record, 'mcp_audit.tool.argument.unknown_count'),
      };
      addUse(server, tool?.usage, use, at, this.#names, this.#names);
      // The state counts a verdict when the operation has ended.
      if (this.#quarantined.has(text(record, 'mcp_audit.operation.id') ?? '')) quarantinedUntil(at, story, tool);
    },
  };

  #takeTools(story: Story, record: RecordRead, at: number): void {
    const names = new Set<string>();
    for (const each of texts(record, 'mcp_audit.server.tools', MAX_RECORDED_TOOLS)) {
      const [, hash, given] = LISTED_TOOL.exec(each) ?? [];
      const tool = given === undefined ? undefined : this.#toolNamed(story, given, at);
      if (tool === undefined) continue;
      names.add(tool.name);
      define(tool, { at, since: at, status: 'listed', hash });
    }
    const whole = names.size > 0 && names.size === count(record, 'mcp_audit.server.tool_count');
    if (whole && at >= (story.list?.at ?? 0)) story.list = { at, names };
  }

  #toolOf(story: Story, record: RecordRead, at: number): ToolStory | undefined {
    const given = text(record, 'gen_ai.tool.name');
    return given === undefined ? undefined : this.#toolNamed(story, given, at);
  }

  /** Callers choose names of tools: those that no call or list has proven make room for others. */
  #toolNamed({ tools }: Story, given: string, at: number): ToolStory | undefined {
    const name = this.#names.recorded(given);
    let tool = tools.get(name);
    if (tool === undefined) {
      if (tools.size >= MAX_TOOLS) {
        const unproven = [...tools.values()].find((each) => each.worked === undefined && each.defined === undefined);
        if (unproven === undefined) return undefined;
        tools.delete(unproven.name);
      }
      tool = { name, usage: newUsage(), firstSeen: at, lastSeen: 0, worked: undefined, defined: undefined };
      tools.set(name, tool);
    }
    tool.firstSeen = Math.min(tool.firstSeen, at);
    return tool;
  }
}

function usagesOf({ server }: Story, tool: ToolStory | undefined): readonly Usage[] {
  return tool === undefined ? [server.usage] : [server.usage, tool.usage];
}

function quarantinedUntil(at: number, story: Story, tool: ToolStory | undefined): void {
  for (const { tallies } of usagesOf(story, tool)) {
    const tally = tallies.get('quarantines');
    if (tally !== undefined) tally.last = Math.max(tally.last, at);
  }
}

const LISTED_TOOL = /^([0-9a-f]{64}|unhashable) (.+)$/s;

/** The latest counts; records may come in any order, and repeat what is known. */
function define(tool: ToolStory, found: Defined): void {
  const { defined: known } = tool;
  if (found.status === 'listed') tool.lastSeen = Math.max(tool.lastSeen, found.at);
  const [earlier, later] = known === undefined || found.at >= known.at ? [known, found] : [found, known];
  const same = earlier?.status === later.status && earlier?.hash === later.hash;
  tool.defined = same ? { ...later, since: Math.min(earlier.since, later.since) } : later;
}

function takeLists({ lists }: ServerState, record: RecordRead, at: number): void {
  const counts = [
    ['tools', count(record, 'mcp_audit.server.tool_count'), text(record, 'mcp_audit.server.tools_hash')],
    ['prompts', count(record, 'mcp_audit.server.prompt_count'), undefined],
    ['resources', count(record, 'mcp_audit.server.resource_count'), undefined],
  ] as const;
  for (const [name, counted, hash] of counts) {
    if (counted !== undefined && at >= (lists.get(name)?.at ?? 0)) lists.set(name, { count: counted, hash, at });
  }
}

function takeAnnotations({ set, repeated }: Story, record: RecordRead, at: number): void {
  const changed = texts(record, 'mcp_audit.inventory.annotations', ANNOTATIONS.length);
  for (const name of ANNOTATIONS) {
    const value = text(record, ANNOTATED[name], MAX_TEXT);
    if (name === 'approval' && value !== undefined && !APPROVALS.includes(value)) continue;
    const said = changed.includes(name) ? set : repeated;
    if (value === undefined && said === repeated) continue;
    if (at >= (said.get(name)?.at ?? 0)) said.set(name, { at, value });
  }
}

/** An annotation that a later record repeats with another value was made in between, by a record that is missing. */
function annotationOf({ set, repeated }: Story, name: AnnotationName): Said | undefined {
  const [known, again] = [set.get(name), repeated.get(name)];
  if (known === undefined || again === undefined) return known ?? again;
  return again.at > known.at && again.value !== known.value ? again : known;
}

function finished(story: Story): ServerState {
  const { server, tools, list } = story;
  for (const name of ANNOTATIONS) {
    const said = annotationOf(story, name);
    if (said !== undefined) server.annotations.set(name, { value: said.value, at: said.at });
  }
  server.changedAt = Math.max(server.changedAt, server.firstSeen);
  server.reportedAt = Math.max(server.reportedAt, server.firstSeen);
  if (server.staleAt !== undefined && server.staleAt <= server.lastSeen) server.staleAt = undefined;
  for (const { name, usage, firstSeen, lastSeen, worked, defined } of tools.values()) {
    if (defined === undefined && worked === undefined) continue;
    // A process without a memory finds a tool missing without knowing it.
    const gone = defined?.status === 'listed' && list !== undefined && defined.at < list.at && !list.names.has(name);
    const tool = newTool(name, gone ? 'removed' : (defined?.status ?? 'unlisted'), firstSeen);
    server.tools.set(name, {
      ...tool,
      hash: defined?.hash,
      lastSeen: Math.max(lastSeen, firstSeen),
      changedAt: (gone ? list?.at : defined?.since) ?? worked ?? firstSeen,
      usage,
    });
  }
  return server;
}

/** The facts of a record, and of earlier ones where it has none. */
function factsIn(record: RecordRead, known: KnownFacts | undefined): KnownFacts {
  const capabilities = texts(record, 'mcp_audit.server.capabilities', MAX_CAPABILITIES);
  return {
    name: text(record, 'mcp_audit.server.name') ?? known?.name,
    version: text(record, 'mcp_audit.server.version') ?? known?.version,
    title: text(record, 'mcp_audit.server.title') ?? known?.title,
    endpoint: text(record, 'mcp_audit.server.endpoint') ?? known?.endpoint,
    instructionsHash: text(record, 'mcp_audit.server.instructions_hash') ?? known?.instructionsHash,
    protocolVersions: versionsIn(record, known),
    capabilities: capabilities.length === 0 ? (known?.capabilities ?? []) : capabilities,
  };
}

function versionsIn(record: RecordRead, known: KnownFacts | undefined): readonly string[] {
  return union(
    known?.protocolVersions ?? [],
    texts(record, 'mcp_audit.server.protocol_versions', MAX_PROTOCOL_VERSIONS),
  );
}
