/** Annotates a server in a state directory from outside of the processes that use it, and writes the record of that. */

import { join } from 'node:path';
import type { AuditConfig } from '../audit-types.js';
import { type Annotations, annotate, type ServerSelector, select } from '../inventory/annotations.js';
import { serverId } from '../inventory/hashes.js';
import { Names } from '../inventory/names.js';
import { annotated } from '../inventory/records.js';
import { type ServerSnapshot, snapshotOf } from '../inventory/snapshot.js';
import { newServer, type ServerState, type Servers } from '../inventory/state.js';
import { INVENTORY_FILE, StateFile } from '../inventory/state-file.js';
import type { Environment } from '../options/resolve.js';
import { RedactionCounts } from '../redact/redaction-counts.js';
import { Redactor } from '../redact/redactor.js';
import { REDACTED } from '../redact/scrub.js';
import { withShownPersons } from './annotations.js';
import { commandValues } from './command-values.js';
import { recordChange } from './inventory-records.js';
import { personsOf } from './persons.js';
import { sharedFor } from './process-trail.js';
import { RecordFields } from './record-fields.js';
import { addSafe } from './sanitise.js';
import type { Trail } from './trail.js';

const NOWHERE =
  'the annotation needs a file for its record: --audit, MCP_TRAIL_AUDIT_FILE, or MCP_TRAIL_AUDIT with file or stderr';

/** Longer than until the lock of a process that was killed is stale. */
const WAIT_MS = 15_000;

export interface ServerAnnotation {
  readonly stateDirectory: string;
  /** The file that gets the record; by default, where the environment says that records go. */
  readonly file: string | undefined;
  readonly server: string | ServerSelector;
  /** A server that no process has met yet is added, by its name and endpoint. */
  readonly isNew: boolean;
  readonly annotations: Annotations;
  /** Who says so, and whether that is their own claim or the operating system's. */
  readonly by: string;
  readonly source: 'os' | 'self_asserted';
  readonly env: Environment;
}

/** The outcome. */
export type Annotated =
  | {
      readonly server: ServerSnapshot;
      /** What else there is to say about the state file. */
      readonly notes: readonly string[];
    }
  /** Not one server, but none or several. */
  | { readonly selected: readonly ServerSnapshot[]; readonly known: readonly ServerSnapshot[] }
  | { readonly problem: string };

/** Writes the record, and then the state, while no other process writes it. Nothing is changed without a record. */
export function annotateServer(asked: ServerAnnotation): Annotated {
  const { stateDirectory, env, file } = asked;
  const config: AuditConfig = { stateDirectory, ...(file === undefined ? {} : { delivery: 'file', file }) };
  const values = commandValues(config, env, stateDirectory);
  if (values.delivery.length === 0) return { problem: NOWHERE };
  const redactor = new Redactor({});
  const opened: Trail[] = [];
  const lost: string[] = [];
  const problems: string[] = [];
  let result: Annotated = { problem: '' };
  const state = new StateFile({
    path: join(stateDirectory, INVENTORY_FILE),
    now: Date.now,
    problem: (text) => problems.push(text),
  });
  const saved = state.save(
    (stored) => {
      const servers: Servers = stored ?? new Map();
      const now = Date.now();
      const chosen = chosenIn(servers, asked, now);
      if (!('sides' in chosen)) {
        result = chosen;
        return undefined;
      }
      if (isReasonMisplaced(chosen, asked.annotations)) {
        const name = chosen.facts.name ?? chosen.id;
        result = { problem: `--reason is the reason of a rejection, and ${name} is not rejected: --rejected-by` };
        return undefined;
      }
      // Before there is something to record, there is nothing to say about the trail.
      const shared = sharedFor(config, values, redactor, env);
      const { trail } = shared;
      opened.push(trail);
      const redaction = {
        redactor,
        counts: new RedactionCounts(),
        secret: undefined,
        ...personsOf(values, { digester: shared.key.digester, pseudonyms: shared.pseudonyms }),
      };
      const redact = (text: string) => redactor.text('inventory', text) ?? REDACTED;
      const annotations = withShownPersons(asked.annotations, redaction);
      const changed = annotate(chosen, annotations, now, redact, true);
      trail.start(undefined, (sink, cause) => lost.push(`${sink}: ${cause}`));
      recordChange(trail, annotated(chosen, changed), {
        // Who types a name into a command is told as they wish: an e-mail address, too.
        context: addSafe(new RecordFields(), { 'audit.actor.id': asked.by }, redaction).add({
          'audit.actor.type': 'user',
          'mcp_audit.actor.source': asked.source,
        }),
        redaction,
        trace: undefined,
        target: undefined,
      });
      if (lost.length > 0) {
        result = { problem: `the record cannot be written (${[...new Set(lost)].join(', ')})` };
        return undefined;
      }
      const [server] = snapshotOf(new Map([[chosen.id, chosen]])).servers;
      result = { server: server as ServerSnapshot, notes: problems };
      return servers;
    },
    true,
    WAIT_MS,
  );
  // What was begun is ended, with a signature: the trail verifies.
  for (const trail of opened) trail.close();
  if (saved === 'saved' || saved === 'unchanged') return result;
  const why = saved === 'busy' ? 'other processes are writing it' : problems.join('; ');
  return {
    problem: 'server' in result ? `the record is written, but not the state: ${why}. Run the command again` : why,
  };
}

function isReasonMisplaced({ annotations: known }: ServerState, { approval, rejectionReason }: Annotations): boolean {
  return Boolean(rejectionReason) && (approval ?? known.get('approval')?.value) !== 'rejected';
}

function chosenIn(servers: Servers, { server, isNew }: ServerAnnotation, now: number): ServerState | Annotated {
  const known = () => snapshotOf(servers).servers;
  const names = new Names(undefined);
  const ids = select(servers, names, server);
  if (isNew && ids.length === 0) {
    const { name, endpoint } = typeof server === 'string' ? { name: server, endpoint: undefined } : server;
    const added = newServer(
      serverId(name, endpoint),
      { name: name && names.kept(name), endpoint, protocolVersions: [], capabilities: [] },
      now,
    );
    servers.set(added.id, added);
    return added;
  }
  const [id, ...others] = ids;
  if (id === undefined || others.length > 0) {
    return { selected: known().filter((each) => ids.includes(each.id)), known: known() };
  }
  return servers.get(id) as ServerState;
}
