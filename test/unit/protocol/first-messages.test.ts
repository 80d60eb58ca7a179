import { describe, expect, it } from 'vitest';
import { FirstMessages } from '../../../src/protocol/first-messages.js';
import type { Scanned } from '../../../src/protocol/request-scanner.js';

const INITIALIZE = '{"jsonrpc":"2.0","id":7,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}';
const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
const NOTIFICATION = '{"jsonrpc":"2.0","method":"notifications/x","params":{"text":"ä\\n"}}';
const FOUND = { method: 'initialize', id: 7, version: '2025-06-18' };

/** The first answer other than `more`, for a text that comes in pieces of a length. */
function scan(text: string, length = text.length): Scanned {
  const scanner = new FirstMessages();
  for (let at = 0; at < text.length; at += length) {
    const scanned = scanner.scan(text.slice(at, at + length));
    if (scanned !== 'more') return scanned;
  }
  return 'more';
}

function scanBytes(text: string, length: number): Scanned {
  const scanner = new FirstMessages();
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += length) {
    const scanned = scanner.scan(bytes.subarray(at, at + length));
    if (scanned !== 'more') return scanned;
  }
  return 'more';
}

describe('a request of MCP is found', () => {
  it.each([
    ['as the first message', `${INITIALIZE}\n`],
    ['without the end of its line', INITIALIZE],
    ['after a ping', `${PING}\n${INITIALIZE}\n`],
    ['after a notification and empty lines', `\n${NOTIFICATION}\r\n\r\n\n${INITIALIZE}\n`],
    ['after a line of text', `hello {"jsonrpc"\n${INITIALIZE}\n`],
    ['after seven messages', `${`${PING}\n`.repeat(7)}${INITIALIZE}`],
    [
      'over several lines, after a message over several lines',
      `{\n"jsonrpc": "2.0"\n}\n${INITIALIZE.replaceAll(',', ',\n')}`,
    ],
    ['after much', `${JSON.stringify({ jsonrpc: '2.0', method: 'x', params: 'x'.repeat(60_000) })}\n${INITIALIZE}`],
  ])('%s, however it is cut', (_, text) => {
    for (const length of [1, 2, 3, 7, 40, text.length]) {
      expect(scan(text, length)).toEqual(FOUND);
      expect(scanBytes(text, length)).toEqual(FOUND);
    }
  });
});

describe('none is found', () => {
  it.each([
    ['after eight messages', `${`${PING}\n`.repeat(8)}${INITIALIZE}`],
    ['after more than 64 KiB', `${'x'.repeat(65_536)}\n${INITIALIZE}`],
    ['after more than 64 KiB of nothing', `${' \n'.repeat(40_000)}${INITIALIZE}`],
  ])('%s', (_, text) => {
    for (const length of [1000, text.length]) {
      expect(scan(text, length)).toBe('none');
      expect(scanBytes(text, length)).toBe('none');
    }
  });

  it('in the rest of a line', () => {
    expect(scan(`${PING} ${INITIALIZE}\n`)).toBe('more');
    expect(scan(`note: ${INITIALIZE}\n`, 5)).toBe('more');
  });
});
