import { createHash, sign, verify } from 'node:crypto';
import { describe, expect, it, test } from 'vitest';
import { hashOf, NO_RECORD_HASH } from '../../../src/chain/hash.js';
import { newSigningKey } from '../../../src/chain/keys.js';
import { isSignedBy, readNote, type SignedNote, writeNote } from '../../../src/chain/note.js';

const key = newSigningKey({});
const other = newSigningKey({ notBefore: 5 });
const checkpoint = {
  chainId: '019aa5b2-7c31-7e0f-9d4e-2f6b8c1a3d57',
  size: 4711,
  head: hashOf('{}'),
  time: '2026-11-21T09:20:07.123000000Z',
};
const note = writeNote(checkpoint, key);

function read(text: string): SignedNote {
  const found = readNote(text);
  if (found === undefined) throw new Error('not a note');
  return found;
}

test('the hash of no record is that of nothing', () => {
  expect(NO_RECORD_HASH).toBe(hashOf(''));
});

describe('a note', () => {
  it('is a checkpoint as C2SP writes it', () => {
    const [origin, size, head, time, empty, signature] = note.split('\n');
    expect([origin, size, time, empty]).toEqual([
      'mcp-trail/019aa5b2-7c31-7e0f-9d4e-2f6b8c1a3d57',
      '4711',
      'time 2026-11-21T09:20:07.123000000Z',
      '',
    ]);
    expect(head).toBe(createHash('sha256').update('{}').digest('base64'));
    expect(signature).toMatch(/^\u2014 mcp-trail [A-Za-z0-9+/]+=*$/);
  });

  it('has a signature that others can check: of the text up to the empty line, behind four bytes of a hash', () => {
    const bytes = Buffer.from(note.split(' ').at(-1) as string, 'base64');
    const text = note.slice(0, note.indexOf('\n\n') + 1);
    expect(verify(null, Buffer.from(text), key.key, bytes.subarray(4))).toBe(true);
    const named = Buffer.concat([Buffer.from('mcp-trail\n\u0001'), Buffer.from(key.x, 'base64url')]);
    expect(bytes.subarray(0, 4)).toEqual(createHash('sha256').update(named).digest().subarray(0, 4));
  });

  it('is read as it was written', () => {
    expect(read(note)).toMatchObject(checkpoint);
    expect(isSignedBy(read(note), key)).toBe(true);
    expect(isSignedBy(read(note), other)).toBe(false);
  });

  it('may name the key that follows', () => {
    const { nextKey } = read(writeNote({ ...checkpoint, nextKey: other }, key));
    expect(nextKey).toMatchObject({ id: other.id, notBefore: 5, notAfter: undefined });
  });

  it('has no signature without a key', () => {
    const unsigned = read(writeNote(checkpoint, undefined));
    expect(unsigned).toMatchObject({ ...checkpoint, signatures: [] });
    expect(isSignedBy(unsigned, key)).toBe(false);
  });

  it('proves nothing after any change of its text', () => {
    const end = note.indexOf('\n\n');
    let unread = 0;
    for (let place = 0; place < end; place++) {
      const changed = readNote(`${note.slice(0, place)}${note[place] === '7' ? '8' : '7'}${note.slice(place + 1)}`);
      if (changed === undefined) unread += 1;
      else expect(isSignedBy(changed, key)).toBe(false);
    }
    expect(unread).toBeGreaterThan(0);
    expect(unread).toBeLessThan(end);
  });

  it('proves nothing with a signature of another note, though the signature names the key', () => {
    const forged = read(
      `${note.slice(0, note.indexOf('\n\n')).replace('4711', '4712')}${note.slice(note.indexOf('\n\n'))}`,
    );
    expect(isSignedBy(forged, key)).toBe(false);
  });

  it('may have signatures of witnesses', () => {
    expect(isSignedBy(read(`${note}\u2014 witness.example/w1 AAAAAAAA\n`), key)).toBe(true);
    expect(isSignedBy(read(note.replace('\n\n', '\n\n\u2014 witness.example/w1 AAAAAAAA\n')), key)).toBe(true);
  });

  it('may have lines that only later versions know: they are signed, too', () => {
    const text = `${note.slice(0, note.indexOf('\n\n') + 1)}tree-size 7\nplace of birth\n`;
    const hash = Buffer.from(note.split(' ').at(-1) as string, 'base64').subarray(0, 4);
    const signature = Buffer.concat([hash, sign(null, Buffer.from(text), key.privateKey)]).toString('base64');
    const later = `${text}\n\u2014 mcp-trail ${signature}\n`;
    expect(read(later)).toMatchObject(checkpoint);
    expect(isSignedBy(read(later), key)).toBe(true);
    expect(isSignedBy(read(later.replace('tree-size 7', 'tree-size 8')), key)).toBe(false);
    expect(isSignedBy(read(later.replace('tree-size 7\n', '')), key)).toBe(false);
  });

  it.each([
    ['no empty line', note.replace('\n\n', '\n')],
    ['another origin', note.replace('mcp-trail/', 'other/')],
    ['a size with a zero in front', note.replace('4711', '04711')],
    ['a size that is no safe integer', note.replace('4711', '9999999999999999')],
    ['more lines', note.replace('\n\n', '\nmore\n\n')],
    ['a second time', note.replace('\n\n', '\ntime 2026-11-21T09:20:07.123000000Z\n\n')],
    ['a word as the next key', note.replace('\n\n', '\nnext-key later\n\n')],
    ['control characters', note.replace('\n\n', '\nmore \u001b[2J\n\n')],
    ['a broken next key', note.replace('\n\n', `\nnext-key ${'!'.repeat(43)} - -\n\n`)],
    ['too much text', note + ' '.repeat(20_000)],
    ['nothing', ''],
  ])('is not read from %s', (_, text) => {
    expect(readNote(text)).toBeUndefined();
  });
});
