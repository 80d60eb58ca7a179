/** Where an inventory is read from: the state directory of processes, or audit records. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Rebuilt } from '../../inventory/rebuilt.js';
import type { RecordRead } from '../../inventory/record-values.js';
import { type ServerSnapshot, type Stored, snapshotOf } from '../../inventory/snapshot.js';
import type { Servers } from '../../inventory/state.js';
import { INVENTORY_FILE, readStateFile } from '../../inventory/state-file.js';
import { codeOf, isFolder } from '../../lib/files.js';
import { Problem } from '../arguments.js';
import type { World } from '../command.js';
import { FIELDS, type QueryField } from '../query/fields.js';
import { type Filter, filterOf } from '../query/filters.js';
import { type Period, timeOf } from '../query/period.js';
import { MatchReader, type Reads } from '../query/read.js';
import { counted, visible } from '../text.js';
import { Once } from './once.js';

export type Source =
  | { readonly state: string }
  | (Reads & { readonly paths: readonly string[]; readonly period: Period });

/** An inventory as it was found. */
export interface Found {
  readonly servers: readonly ServerSnapshot[];
  /** False if something could not be read: then it may lack servers, or what they did. */
  readonly complete: boolean;
  /** Why there are no servers. */
  readonly nothing: string;
}

/**
 * Resolves to the inventory.
 *
 * @param also gets each record, and when it was written, in milliseconds since 1970
 * @throws a {@link Problem} if it cannot be read at all
 */
export async function readInventory(source: Source, world: World, also: Take = () => {}): Promise<Found> {
  return 'state' in source ? ofState(source.state, world) : ofRecords(source, world, also);
}

type Take = (record: RecordRead, at: number) => void;

function ofState(directory: string, world: World): Found {
  const { servers, damaged } = readStateDirectory(directory) ?? { servers: new Map(), damaged: false };
  if (damaged) world.complain(`some servers in ${visible(stateFileIn(directory))} are not valid, and left out`);
  return {
    servers: snapshotOf(servers).servers,
    complete: !damaged,
    nothing: `there are no servers in the state directory ${visible(directory)}`,
  };
}

export function stateFileIn(directory: string): string {
  return join(directory, INVENTORY_FILE);
}

/**
 * The inventory in a state directory; undefined if it has none. Nothing is changed.
 *
 * @throws a {@link Problem} for a folder or file that cannot be read: it is not the same as an empty one
 */
export function readStateDirectory(directory: string): { servers: Servers; damaged: boolean } | undefined {
  if (!isFolder(directory))
    throw new Problem(`the state directory ${visible(directory)} is not a folder that can be read`);
  const path = stateFileIn(directory);
  let stored: Stored | undefined;
  try {
    stored = readStateFile(path, Date.now());
  } catch (error) {
    throw new Problem(`cannot read ${visible(path)}: ${codeOf(error) ?? 'unknown error'}`);
  }
  if (stored === 'corrupt') throw new Problem(`${visible(path)} is not a valid inventory`);
  if (stored === 'newer') throw new Problem(`${visible(path)} was written by a newer version of mcp-trail`);
  return stored;
}

/** Events that say something about a server. */
const EVENTS = ['response', 'guardrail', 'server.observed', 'tool.changed', 'inventory.changed'];
const OF_SERVERS = filterOf(FIELDS.find(({ name }) => name === 'event') as QueryField, EVENTS) as Filter;

/** Somebody may have meant the state. */
function hintFor(paths: readonly string[]): string {
  const state = paths.find((path) => existsSync(stateFileIn(path)));
  return state === undefined ? '' : `. ${visible(state)} is a state directory: --state`;
}

async function ofRecords(asked: Exclude<Source, { readonly state: string }>, world: World, also: Take): Promise<Found> {
  const { paths, period } = asked;
  const rebuilt = new Rebuilt();
  const once = new Once();
  const reader = new MatchReader({ filters: [OF_SERVERS], period }, asked, world, (record) => {
    const at = timeOf(record);
    if (at === undefined || !once.isFirst(record)) return;
    rebuilt.add(record, at);
    also(record, at);
  });
  await reader.readAll(paths);
  if (once.full)
    world.complain('so many chains: records that are there more than once may have counted more than once');
  if (rebuilt.leftOut > 0)
    world.complain(`${counted(rebuilt.leftOut, 'more server')} or more: there is no room for them`);
  return {
    servers: snapshotOf(rebuilt.servers()).servers,
    complete: !reader.unreadable && rebuilt.leftOut === 0,
    nothing: `${reader.matched === 0 ? reader.nothing() : 'the records that match name no server'}${hintFor(paths)}`,
  };
}
