/** Archives as `mcp-trail retain` writes them, encrypted by the library itself, and read by all commands that read records. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newSigningKey, publicJwk } from '../../../src/chain/keys.js';
import { Archives } from '../../../src/cli/archives.js';
import type { Command } from '../../../src/cli/command.js';
import { inventory } from '../../../src/cli/inventory.js';
import { query } from '../../../src/cli/query.js';
import { timeline } from '../../../src/cli/timeline.js';
import { verify } from '../../../src/cli/verify.js';
import { ChainWriter, START_MS } from '../../support/chain-writer.js';
import { runCommand } from './world.js';

const CHUNK = 64 * 1024;
const key = newSigningKey({ notBefore: START_MS / 1000 - 60 });
const RECORDS = 2000;

let folder: string;
let identity: string;
let other: string;
let lines: readonly string[];
let plain: string;
/** Without compression: several chunks, whose damage leaves the ones before. */
let stored: Uint8Array;

const file = (name: string) => join(folder, name);
const put = (name: string, content: string | Uint8Array, mode = 0o600) => {
  mkdirSync(join(file(name), '..'), { recursive: true });
  writeFileSync(file(name), content);
  chmodSync(file(name), mode);
  return file(name);
};

async function encrypted(content: string | Uint8Array, to = identity): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(to));
  return encrypter.encrypt(content);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-archives-'));
  identity = await generateX25519Identity();
  other = await generateX25519Identity();
  const writer = new ChainWriter({ key });
  writer.add('server.observed', {
    'mcp_audit.server.id': '0'.repeat(32),
    'mcp_audit.server.name': 'weather',
    'mcp_audit.side': 'client',
  });
  writer.calls(RECORDS - 2).checkpoint();
  lines = writer.lines;
  plain = lines.map((line) => `${line}\n`).join('');
  put('id.txt', `# created: today\r\n\n${identity}\n`);
  put('other.txt', other);
  put('trust.json', JSON.stringify({ keys: [publicJwk(key)] }));
  put('trail/archive/audit-0123456789abcdef.jsonl.gz.age', await encrypted(gzipSync(plain)));
  put(
    'trail/archive/audit-0123456789abcdef.jsonl.gz.age.json',
    '{\n  "records": 2000,\n  "mcp_audit.chain.id": "x"\n}\n',
  );
  stored = await encrypted(plain);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const summaryOf = (out: string) => JSON.parse(out.trim().split('\n').at(-1) ?? '{}');
const verified = (path: string, ...options: string[]) =>
  runCommand(verify, [path, '--json', '--trust', file('trust.json'), ...options]);

describe('an encrypted archive', () => {
  const READERS: readonly [name: string, command: Command, args: (path: string) => string[], says: string][] = [
    ['verify', verify, (path) => [path, '--trust', file('trust.json')], `intact:`],
    ['query', query, (path) => [path, '--count-by', 'event', '--event', '*', '--output', 'csv'], 'response,999'],
    ['inventory', inventory, (path) => [path, '--output', 'csv'], 'weather'],
  ];

  it.each(READERS)('is read by %s, and its description is not counted', async (_, command, args, says) => {
    const ran = await runCommand(command, [...args(file('trail')), '--identity', file('id.txt')]);
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toContain(says);
    expect(ran.out).not.toContain('without records');
  });

  it('is read by timeline', async () => {
    const path = file('trail/archive/audit-0123456789abcdef.jsonl.gz.age');
    const ran = await runCommand(timeline, ['req-8f7b2c9a', path, '--identity', file('id.txt'), '--json']);
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(ran.out).inputs[0]).toMatchObject({ lines: RECORDS, records: RECORDS, broken: { count: 0 } });
  });

  it('is recognised by its bytes, also from standard input and without compression', async () => {
    const args = ['-', '--json', '--trust', file('trust.json'), '--identity', file('id.txt')];
    for (const bytes of [stored, await encrypted(gzipSync(plain))]) {
      const ran = await runCommand(verify, args, bytes);
      expect(ran).toMatchObject({ code: 0, err: '' });
      expect(summaryOf(ran.out)).toMatchObject({ records: RECORDS });
    }
  });

  it('of nothing has no records, and is whole', async () => {
    const path = put('empty.age', await encrypted(''));
    const ran = await verified(path, '--identity', file('id.txt'));
    expect(ran.err).toBe('no audit records with a place in a chain, in 1 files\n');
  });

  it('is opened by any of several identities, in one file or in several', async () => {
    put('both.txt', `${other}\n${identity}\n`);
    for (const args of [['both.txt'], ['other.txt', 'id.txt']]) {
      const options = args.flatMap((name) => ['--identity', file(name)]);
      expect((await verified(file('trail'), ...options)).code).toBe(0);
    }
  });

  it('is not read without --identity, and that is said', async () => {
    const path = file('trail/archive/audit-0123456789abcdef.jsonl.gz.age');
    const says = `cannot read ${path}: it is encrypted: --identity FILE opens it\n`;
    const ran = await verified(file('trail'));
    expect(ran.code).toBe(3);
    expect(ran.err).toContain(says);
    expect(summaryOf(ran.out)).toMatchObject({ result: 'incomplete', unreadable: 2 });
    for (const [command, args] of [
      [query, [file('trail')]],
      [inventory, [file('trail')]],
      [timeline, ['req-8f7b2c9a', path]],
    ] as const) {
      const other = await runCommand(command, args);
      expect(other.code).toBe(3);
      expect(other.err).toContain(says);
    }
  });

  it('for somebody else is not read, and that is said', async () => {
    const ran = await verified(file('trail'), '--identity', file('other.txt'));
    expect(ran.code).toBe(3);
    expect(ran.err).toContain('it is encrypted for others: no --identity opens it\n');
  });

  it('in the armored form is not read, and that is said', async () => {
    const path = put('armored.age', '-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----\n');
    const ran = await verified(path, '--identity', file('id.txt'));
    expect(ran.code).toBe(3);
    expect(ran.err).toContain('it is encrypted, in the armored form, which only the command age opens\n');
  });

  it('is read beside what is not encrypted, with a warning for none', async () => {
    put('mixed/a.jsonl', plain);
    put('mixed/b.age', stored);
    const ran = await verified(file('mixed'), '--identity', file('id.txt'));
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(summaryOf(ran.out)).toMatchObject({ records: RECORDS, copies: RECORDS });
  });
});

describe('an encrypted archive that is not as it was written', () => {
  const changed = (bytes: Uint8Array, at: number) => {
    const copy = Uint8Array.from(bytes);
    copy[at] = (copy[at] as number) ^ 1;
    return copy;
  };
  const header = () => Buffer.from(stored).indexOf('\n--- ') + 5;

  it.each([
    ['with a byte changed in the middle', () => changed(stored, stored.length >> 1)],
    ['with its last byte changed', () => changed(stored, stored.length - 1)],
    ['cut off in a chunk', () => stored.subarray(0, stored.length - 1000)],
    ['cut off between two chunks', () => stored.subarray(0, header() + 44 + 16 + 3 * (CHUNK + 16))],
    ['with more behind it', () => Buffer.concat([stored, Buffer.from('x')])],
    [
      'with two chunks swapped',
      () => {
        const start = header() + 44 + 16;
        const chunk = (index: number) =>
          stored.subarray(start + index * (CHUNK + 16), start + (index + 1) * (CHUNK + 16));
        return Buffer.concat([
          stored.subarray(0, start),
          chunk(0),
          chunk(2),
          chunk(1),
          stored.subarray(start + 3 * (CHUNK + 16)),
        ]);
      },
    ],
  ])('%s is not taken for whole', async (_, damage) => {
    const path = put('damaged.age', damage());
    const ran = await verified(path, '--identity', file('id.txt'));
    expect(ran.code).toBe(3);
    expect(ran.err).toBe(
      `cannot read ${path}: it is damaged, cut off or was changed: what is behind that place was not read\n`,
    );
    const { result, records } = summaryOf(ran.out);
    expect(result).not.toBe('intact');
    expect(records).toBeGreaterThan(0);
    expect(records).toBeLessThan(RECORDS);
    const asked = await runCommand(query, [path, '--identity', file('id.txt'), '--event', '*']);
    expect(asked.code).toBe(3);
  });

  it.each([
    ['in the signature of its header', () => changed(stored, header() + 3)],
    ['in the part about its recipient', () => changed(stored, 30)],
    ['cut off in its header', () => stored.subarray(0, 60)],
    [
      'with a header that does not end',
      () => Buffer.concat([stored.subarray(0, 22), Buffer.alloc(8 * 1024 * 1024, 'a')]),
    ],
    [
      'with a line in its header that does not end',
      () => Buffer.concat([stored.subarray(0, header()), Buffer.alloc(8 * 1024 * 1024, 'a')]),
    ],
    [
      'with more recipients than anybody has',
      () => {
        const stanza = `-> X25519 ${'A'.repeat(43)}\n${'A'.repeat(43)}\n`;
        return Buffer.concat([stored.subarray(0, 22), Buffer.from(stanza.repeat(1000)), stored.subarray(22)]);
      },
    ],
    ['with a name of its format alone', () => stored.subarray(0, 22)],
  ])('damaged %s is not read', async (_, damage) => {
    const path = put('damaged.age', damage());
    const ran = await verified(path, '--identity', file('id.txt'));
    expect(ran.code).toBe(3);
    expect(ran.err).toMatch(/the header of the encrypted file is damaged|encrypted for others/);
    expect(ran.err).not.toContain(identity);
  });

  it('because what is in it is damaged says so as for any file', async () => {
    const packed = gzipSync(plain);
    const path = put('inner.age', await encrypted(packed.subarray(0, packed.length - 20)));
    expect((await verified(path, '--identity', file('id.txt'))).err).toContain('cannot read');
  });
});

describe('a file of identities', () => {
  it.each([
    ['is empty', '', 'has no identity: a line with AGE-SECRET-KEY-1…'],
    ['has comments alone', '# a\n\n', 'has no identity: a line with AGE-SECRET-KEY-1…'],
    [
      'has a recipient',
      'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p',
      'line 1 of the identity file',
    ],
    ['is encrypted itself', 'age-encryption.org/v1\n', 'shows that it is encrypted with a passphrase'],
    ['has a key of another kind', '-----BEGIN OPENSSH PRIVATE KEY-----\nsecret-of-mine\n', 'is something else'],
    ['is a password', 'secret-of-mine', 'is something else'],
  ])('that %s is refused, and nothing of it is quoted', async (_, content, says) => {
    const path = put('wrong.txt', content);
    for (const [command, args] of [
      [verify, [file('trail')]],
      [query, [file('trail')]],
      [inventory, [file('trail')]],
      [timeline, ['id', file('id.txt')]],
    ] as const) {
      const ran = await runCommand(command, [...args, '--identity', path]);
      expect(ran.code).toBe(3);
      expect(ran.err).toContain(`the identity file ${path}`);
      expect(ran.err).toContain(says);
      expect(ran.err + ran.out).not.toMatch(/secret-of-mine|OPENSSH|age1ql3/);
    }
  });

  it('with a damaged identity is refused, and it is not quoted', async () => {
    const damaged = `${identity.slice(0, -1)}${identity.endsWith('Q') ? 'P' : 'Q'}`;
    const path = put('wrong.txt', `# mine\n${damaged}\n`);
    const ran = await verified(file('trail'), '--identity', path);
    expect(ran.code).toBe(3);
    expect(ran.err).toContain(`line 2 of the identity file ${path} is damaged`);
    expect(ran.err + ran.out).not.toContain(damaged.slice(16));
  });

  it('that others can read is used, with a warning', async () => {
    const path = put('open.txt', identity, 0o644);
    const ran = await verified(file('trail'), '--identity', path);
    expect(ran.code).toBe(0);
    expect(ran.err).toBe(
      `the identity file ${path} has the mode 0644: users other than its owner can read it. It is used anyway; chmod 600 keeps them out\n`,
    );
  });

  it.each([
    ['a missing file', () => file('none'), 'none cannot be read (ENOENT)'],
    ['a folder', () => folder, 'is not a file'],
    ['a long file', () => put('long.txt', '#'.repeat(70_000)), 'has 70000 bytes; accepted: at most 65536'],
    ['nothing', () => '', 'the name of a file is empty'],
    ['standard input', () => '-', '--identity takes the path of a file, and not standard input'],
  ])('cannot be %s', async (_, path, says) => {
    const ran = await verified(file('trail'), '--identity', path());
    expect(ran.code).toBe(3);
    expect(ran.err).toContain(says);
  });

  it('is what --identity takes, and an identity itself is not repeated', async () => {
    const ran = await verified(file('trail'), '--identity', identity);
    expect(ran.code).toBe(3);
    expect(ran.err).toContain('--identity takes the path of a file of identities, and not an identity');
    expect(ran.err + ran.out).not.toContain(identity.slice(16));
  });

  it('has no use for a state directory', async () => {
    const ran = await runCommand(inventory, ['--state', folder, '--identity', file('id.txt')]);
    expect(ran.err).toContain('--identity is about records');
  });
});

it.each([
  ['ERR_MODULE_NOT_FOUND', 'is not installed'],
  ['ERR_INVALID_PACKAGE_CONFIG', 'cannot be loaded (ERR_INVALID_PACKAGE_CONFIG)'],
])('without the package that decrypts (%s) it is said what to install', async (code, says) => {
  const load = () => Promise.reject(Object.assign(new Error('no'), { code }));
  const archives = new Archives([file('id.txt')], () => {}, load);
  const read = async () => {
    for await (const _ of archives.decrypt((async function* () {})()));
  };
  await expect(read()).rejects.toThrow(
    `it is encrypted, and the package age-encryption ${says}: npm install age-encryption`,
  );
});

it('a file named .json without its archive is read, and counted', async () => {
  put('json/audit-0123456789abcdef.jsonl.gz.json', '{"a":1}\n');
  put('json/audit.jsonl', plain);
  expect(summaryOf((await verified(file('json'))).out)).toMatchObject({ inputs: 2, withoutRecords: 1 });
});
