/** Long messages are read in part: what they are is read, wherever it stands. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonSize } from '../../src/lib/json-size.js';
import { LongLine } from '../../src/wrap/long-line.js';
import { readShortened } from '../../src/wrap/shortened.js';

const read = (text: string) => readShortened(Buffer.from(text));
const items = (count: number) =>
  JSON.stringify(Array.from({ length: count }, (_, n) => ({ n, text: 'x'.repeat(100) })));

describe('a message that is read in part', () => {
  it('is read as a whole where nothing in it is long', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.stringify(read(text))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it('keeps what says what it is, before and after a long list, and counts all of it', () => {
    const list = items(5000);
    const text = `{"params":{"arguments":{"list":${list},"last":1},"name":"search","_meta":{"k":"v"}},"method":"tools/call","id":7}`;
    const { params, ...rest } = read(text) as { params: Record<string, unknown> };
    expect(rest).toEqual({ method: 'tools/call', id: 7 });
    expect(params).toMatchObject({ name: 'search', _meta: { k: 'v' } });
    expect((params['arguments'] as { list: unknown[] }).list.length).toBeLessThan(2000);
    expect(jsonSize(params)).toBe(text.indexOf(',"method"') - text.indexOf('{"arguments"'));
  });

  it.each([
    ['characters', 'é€😀'],
    ['escapes', '\\u00e9\\"\\\\'],
    ['backslashes', '\\\\'],
  ])('cuts long strings, but not through %s', (_, unit) => {
    for (const shift of ['', 'a', 'bb', 'ccc']) {
      const text = `{"result":{"content":[{"type":"text","text":"${shift}${unit.repeat(20_000)}"}],"isError":true},"id":1}`;
      const { result } = read(text) as { result: { isError: boolean; content: [{ text: string }] } };
      expect(result.isError).toBe(true);
      const whole = JSON.parse(text).result.content[0].text;
      expect(whole.startsWith(result.content[0].text)).toBe(true);
      expect(result.content[0].text.length).toBeLessThanOrEqual(16_384);
    }
  });

  it('keeps the beginning of a string that is full of escapes', () => {
    const text = `{"result":{"content":[{"type":"text","text":"${'\\u4f60'.repeat(50_000)}"}]},"id":1}`;
    const { result } = read(text) as { result: { content: [{ text: string }] } };
    expect(result.content[0].text).toBe('你'.repeat(2731));
  });

  it('is read once, however many strings are full of escapes', () => {
    const list = Array.from({ length: 1500 }, () => `"${'\\n'.repeat(10_000)}"`).join();
    expect(read(`{"result":{"list":[${list}]},"id":1}`)).toMatchObject({ id: 1 });
  });

  it('is not read if it has too many members that may say what it is', () => {
    const members = Array.from({ length: 100_000 }, (_, n) => `"member ${n}":0`).join();
    expect(read(`{"params":{${members}},"method":"m"}`)).toBeUndefined();
  });

  it('throws where it is not JSON, as a whole line does', () => {
    expect(() => read(`{"result":{"a":"${'x'.repeat(100_000)}"},,}`)).toThrow(SyntaxError);
    expect(() => read('{"a":"')).toThrow(SyntaxError);
  });
});

describe('a message that is not read', () => {
  const found = (text: string, size: number) => {
    const bytes = Buffer.from(text);
    const line = new LongLine();
    for (let at = 0; at < bytes.length; at += size) line.push(bytes.subarray(at, at + size));
    return line.end();
  };

  it('shows what it is, in whatever pieces it comes', () => {
    const id = fc.oneof(fc.integer(), fc.string({ unit: 'grapheme', maxLength: 20 }));
    const rest = fc.dictionary(fc.string({ minLength: 7 }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 3 });
    fc.assert(
      fc.property(
        id,
        rest,
        rest,
        fc.boolean(),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(0, 1),
        (value, before, after, isError, size, spaces) => {
          const text = JSON.stringify(
            { ...before, id: value, ...after, [isError ? 'error' : 'result']: before },
            undefined,
            spaces,
          );
          expect(found(text, size)).toEqual({ id: value, method: undefined, isError });
          expect(found(JSON.stringify({ params: before, method: 'tools/call', ...after }), size)).toEqual({
            id: undefined,
            method: 'tools/call',
            isError: false,
          });
        },
      ),
    );
  });

  it('is no answer if its method is too long to be read, or white space follows it', () => {
    expect(found(`{"id":1,"method":"${'m'.repeat(1000)}"}`, 100)).toEqual({ id: 1, method: '', isError: false });
    expect(found(`{"id":1,"method":"ping"${' \t'.repeat(1000)}}`, 100)).toEqual({
      id: 1,
      method: 'ping',
      isError: false,
    });
  });

  it.each(['', 'noise', '[1,2]', '{"id":{"id":1}}', '{"method":["method"]}', '"id"', '{"id', '}}}}', '{"id":null}'])(
    'shows nothing for %s',
    (text) => {
      expect(found(text, 3)).toEqual({ id: undefined, method: undefined, isError: false });
    },
  );
});
