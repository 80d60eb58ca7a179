/** Attacks by someone who can write to a trail, and the findings that tell of them. For files, and for exports of backends. */
import { hashOf } from '../../../../src/chain/hash.js';
import { newSigningKey, type PublicKey, type SigningKey } from '../../../../src/chain/keys.js';
import { writeNote } from '../../../../src/chain/note.js';
import { ChainWriter, chainId, edited, relinked, START_MS } from '../../../support/chain-writer.js';

/** Two chains of a process, and what verify trusts. */
export interface Target {
  /** Records of the first chain; a checkpoint is every hundredth of them, and the last. */
  readonly a: readonly string[];
  readonly b: readonly string[];
  readonly key: SigningKey;
  /** A key that is trusted, and no longer valid. */
  readonly expired: SigningKey;
  readonly trust: readonly PublicKey[];
  /** Checkpoints as the second place has them. */
  readonly pins: readonly string[];
}

/** The trail after an attack. */
export interface Attacked {
  readonly a: readonly string[];
  readonly b: readonly string[];
  /** Whether verify is given the pins. */
  readonly pinned?: boolean;
}

export interface Attack {
  readonly name: string;
  readonly exit: 1 | 2;
  /** The finding that tells of it, and the number of the record that it names. */
  readonly kind: string;
  readonly number?: (target: Target) => number;
  readonly by: (target: Target) => Attacked;
}

const CHECKPOINT_EVERY = 100;

/** @param records of the first chain, a multiple of 100 from 400 on */
export function target(records: number): Target {
  const key = newSigningKey({ notBefore: START_MS / 1000 - 60 });
  const expired = newSigningKey({ notAfter: START_MS / 1000 - 60 });
  const chains = [records, CHECKPOINT_EVERY * 3].map((size, index) => {
    const writer = new ChainWriter({ id: chainId(index), key });
    writer.add('started');
    while (writer.size < size) {
      if (writer.size % CHECKPOINT_EVERY === CHECKPOINT_EVERY - 1) writer.checkpoint();
      else writer.calls(1);
    }
    return writer.lines;
  });
  const [a = [], b = []] = chains;
  const pins = [...a, ...b].filter((line) => line.includes('mcp_audit.checkpoint.note'));
  return { a, b, key, expired, trust: [key, expired], pins };
}

/** A number in the middle that no checkpoint has, by the index of its line. */
const middle = ({ a }: Target) => a.length / 2 + 41;
const middleNumber = (each: Target) => middle(each) + 1;
const put = (lines: readonly string[], index: number, ...by: readonly string[]) => [
  ...lines.slice(0, index),
  ...by,
  ...lines.slice(index + 1),
];
const without = (lines: readonly string[], from: number, to = from + 1) => [
  ...lines.slice(0, from),
  ...lines.slice(to),
];
const at = (lines: readonly string[], index: number) => lines[index] as string;
const EDIT = { 'audit.actor.id': 'somebody-else' };

/** The checkpoints of a trail that was linked anew, signed with a key of the attacker, or whose signatures he keeps. */
function resigned(lines: readonly string[], key: SigningKey, from: number): string[] {
  const result = lines.slice(0, from + 1);
  for (const line of lines.slice(from + 1)) {
    const prev = hashOf(result.at(-1) as string);
    const { 'mcp_audit.chain.id': chain, 'audit.sequence.number': number, ...record } = JSON.parse(line);
    const isCheckpoint = record.event_name === 'mcp_audit.checkpoint';
    const note = () => writeNote({ chainId: chain, size: number - 1, head: prev, time: record.time }, key);
    const signed = isCheckpoint ? { 'mcp_audit.checkpoint.note': note(), 'mcp_audit.key.id': key.id } : {};
    result.push(edited(line, { 'audit.prev.hash': prev, ...signed }));
  }
  return result;
}

const renumbered = (lines: readonly string[], by: number) =>
  lines.map((line) => {
    const { 'audit.sequence.number': number } = JSON.parse(line);
    return edited(line, { 'audit.sequence.number': number + by });
  });

export const ATTACKS: readonly Attack[] = [
  {
    name: 'edit a record',
    exit: 1,
    kind: 'link',
    number: middleNumber,
    by: (each) => ({ ...each, a: put(each.a, middle(each), edited(at(each.a, middle(each)), EDIT)) }),
  },
  {
    name: 'edit the first record',
    exit: 1,
    kind: 'link',
    number: () => 1,
    by: (each) => ({ ...each, a: put(each.a, 0, edited(at(each.a, 0), EDIT)) }),
  },
  {
    name: 'delete a record',
    exit: 2,
    kind: 'missing',
    number: (each) => middleNumber(each) + 1,
    by: (each) => ({ ...each, a: without(each.a, middle(each)) }),
  },
  {
    name: 'delete a range',
    exit: 2,
    kind: 'missing',
    number: (each) => middleNumber(each) + 120,
    by: (each) => ({ ...each, a: without(each.a, middle(each), middle(each) + 120) }),
  },
  {
    name: 'delete the beginning',
    exit: 2,
    kind: 'missing',
    number: () => 51,
    by: (each) => ({ ...each, a: each.a.slice(50) }),
  },
  {
    name: 'delete a chain that a pin knows',
    exit: 2,
    kind: 'truncated',
    by: (each) => ({ ...each, b: [], pinned: true }),
  },
  {
    name: 'cut off the tail in front of a pin',
    exit: 2,
    kind: 'truncated',
    by: (each) => ({ ...each, a: each.a.slice(0, -CHECKPOINT_EVERY), pinned: true }),
  },
  {
    name: 'cut off no more than the last checkpoint',
    exit: 2,
    kind: 'truncated',
    by: (each) => ({ ...each, a: each.a.slice(0, -1), pinned: true }),
  },
  {
    name: 'cut off the tail, and write another one',
    exit: 1,
    kind: 'pin',
    number: ({ a }) => a.length - 1,
    by: (each) => {
      const from = each.a.length - 10;
      return {
        ...each,
        a: relinked(put(each.a, from, edited(at(each.a, from), EDIT)), from).slice(0, -1),
        pinned: true,
      };
    },
  },
  {
    name: 'cut off the tail, and replay an old checkpoint behind it',
    exit: 2,
    kind: 'truncated',
    by: (each) => ({ ...each, a: [...each.a.slice(0, -CHECKPOINT_EVERY), at(each.a, 99)], pinned: true }),
  },
  {
    name: 'replay the note of an old checkpoint',
    exit: 1,
    kind: 'checkpoint',
    number: ({ a }) => a.length,
    by: (each) => {
      const { 'mcp_audit.checkpoint.note': note } = JSON.parse(at(each.a, 99));
      return {
        ...each,
        a: put(
          each.a,
          each.a.length - 1,
          edited(at(each.a, -1 + each.a.length), { 'mcp_audit.checkpoint.note': note }),
        ),
      };
    },
  },
  {
    name: 'replay the note of another chain',
    exit: 1,
    kind: 'checkpoint',
    number: ({ b }) => b.length,
    by: (each) => {
      const { 'mcp_audit.checkpoint.note': note } = JSON.parse(at(each.a, each.b.length - 1));
      return {
        ...each,
        b: put(each.b, each.b.length - 1, edited(at(each.b, each.b.length - 1), { 'mcp_audit.checkpoint.note': note })),
      };
    },
  },
  {
    name: 'begin a chain with a checkpoint of another one',
    exit: 1,
    kind: 'checkpoint',
    number: () => 100,
    by: (each) => ({ ...each, b: [...each.b, edited(at(each.a, 99), { 'mcp_audit.chain.id': chainId(7) })] }),
  },
  {
    name: 'swap the numbers of two records',
    exit: 1,
    kind: 'link',
    by: (each) => {
      const index = middle(each);
      const [one, two] = [at(each.a, index), at(each.a, index + 1)];
      const swapped = [
        edited(one, { 'audit.sequence.number': index + 2 }),
        edited(two, { 'audit.sequence.number': index + 1 }),
      ];
      return { ...each, a: without(put(each.a, index, ...swapped), index + 2) };
    },
  },
  {
    name: 'delete a record and number the rest anew',
    exit: 1,
    kind: 'checkpoint',
    by: (each) => {
      const index = middle(each);
      const rest = renumbered(each.a.slice(index + 1), -1);
      return { ...each, a: relinked([...each.a.slice(0, index), ...rest], index - 1) };
    },
  },
  {
    name: 'edit a record and link the rest anew, without the key',
    exit: 1,
    kind: 'checkpoint',
    by: (each) => {
      const index = middle(each);
      return { ...each, a: relinked(put(each.a, index, edited(at(each.a, index), EDIT)), index) };
    },
  },
  {
    name: 'edit a record and sign the rest with another key',
    exit: 2,
    kind: 'unknown',
    by: (each) => {
      const index = middle(each);
      return { ...each, a: resigned(put(each.a, index, edited(at(each.a, index), EDIT)), newSigningKey({}), index) };
    },
  },
  {
    name: 'edit a record and sign the rest with an expired key',
    exit: 2,
    kind: 'outside',
    by: (each) => {
      const index = middle(each);
      return { ...each, a: resigned(put(each.a, index, edited(at(each.a, index), EDIT)), each.expired, index) };
    },
  },
  {
    name: 'replace a signature',
    exit: 1,
    kind: 'checkpoint',
    number: ({ a }) => a.length,
    by: (each) => {
      const last = at(each.a, each.a.length - 1);
      const note: string = JSON.parse(last)['mcp_audit.checkpoint.note'];
      const forged = note.replace(/.{9}=\n$/, 'AAAAAAAAA=\n');
      return { ...each, a: put(each.a, each.a.length - 1, edited(last, { 'mcp_audit.checkpoint.note': forged })) };
    },
  },
  {
    name: 'remove all checkpoints',
    exit: 2,
    kind: 'missing',
    by: (each) => ({ ...each, a: each.a.filter((line) => !line.includes('mcp_audit.checkpoint.note')) }),
  },
  {
    name: 'move a record into another chain',
    exit: 1,
    kind: 'moved',
    number: ({ b }) => b.length + 2,
    by: (each) => {
      const index = middle(each);
      const moved = edited(at(each.a, index), {
        'mcp_audit.chain.id': chainId(1),
        'audit.sequence.number': each.b.length + 2,
      });
      return { ...each, a: without(each.a, index), b: [...each.b, moved] };
    },
  },
  {
    name: 'replace a record by one of another chain',
    exit: 1,
    kind: 'link',
    by: (each) => {
      const index = middle(each);
      const own = { 'mcp_audit.chain.id': chainId(0), 'audit.sequence.number': index + 1 };
      return { ...each, a: put(each.a, index, edited(at(each.b, 150), own)) };
    },
  },
  {
    name: 'give a chain another id',
    exit: 1,
    kind: 'checkpoint',
    by: (each) => ({
      ...each,
      b: relinked(
        each.b.map((line) => edited(line, { 'mcp_audit.chain.id': chainId(7) })),
        0,
      ),
    }),
  },
  {
    name: 'add a record with a number that there is',
    exit: 1,
    kind: 'copies',
    number: middleNumber,
    by: (each) => ({ ...each, a: [...each.a, edited(at(each.a, middle(each)), EDIT)] }),
  },
  {
    name: 'delete a record and add a gap that explains it',
    exit: 2,
    kind: 'missing',
    by: (each) => {
      const number = middleNumber(each);
      const last = at(each.a, each.a.length - 1);
      const { 'mcp_audit.checkpoint.note': _, 'mcp_audit.checkpoint.size': __, ...record } = JSON.parse(last);
      const gap = edited(JSON.stringify(record), {
        event_name: 'mcp_audit.gap',
        'audit.sequence.number': each.a.length + 1,
        'audit.prev.hash': hashOf(last),
        'mcp_audit.gap.first': number,
        'mcp_audit.gap.last': number,
        'mcp_audit.gap.records': 1,
      });
      return { ...each, a: [...without(each.a, number - 1), gap] };
    },
  },
];
