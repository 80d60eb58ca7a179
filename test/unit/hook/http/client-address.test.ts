import { describe, expect, it } from 'vitest';
import { forwardedAddress } from '../../../../src/hook/http/client-address.js';

describe('the address in a forwarding header', () => {
  it.each([
    '',
    ' ',
    ',10.0.0.1',
    'unknown',
    '_hidden',
    'example.com',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.1.2',
    '10.0.0.1 10.0.0.2',
    'for=',
    'for=unknown',
    'for="_hidden"',
    'by=10.0.0.1',
    'proto=https;host=10.0.0.1',
    '[2001:db8::1',
    '2001:db8::xyz',
    '<script>',
    `${' '.repeat(1020)}10.0.0.1`,
    `10.0.0.1${', 10.0.0.2'.repeat(200)}`,
  ])('is not read from %o', (header) => {
    expect(forwardedAddress(header)).toBeUndefined();
  });

  it.each([
    ['10.0.0.1', '10.0.0.1'],
    [' 10.0.0.1 ', '10.0.0.1'],
    ['10.0.0.1:8080', '10.0.0.1'],
    ['203.0.113.7, 10.0.0.1, unknown', '203.0.113.7'],
    ['2001:db8::1', '2001:db8::1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['[::FFFF:10.0.0.1]:8080', '10.0.0.1'],
    ['FOR="[::ffff:10.0.0.1]:4711"', '10.0.0.1'],
    ['for="[FE80::1%25eth0]"', 'fe80::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:8080', '2001:db8::1'],
    ['for=192.0.2.43', '192.0.2.43'],
    ['For="[2001:db8:cafe::17]:4711"', '2001:db8:cafe::17'],
    ['for="192.0.2.43:47011"', '192.0.2.43'],
    ['for=192.0.2.60;proto=http;by=203.0.113.43', '192.0.2.60'],
    ['proto=https; for=192.0.2.60', '192.0.2.60'],
    ['for=192.0.2.43, for=198.51.100.17', '192.0.2.43'],
  ])('is read from %o: %s', (header, address) => {
    expect(forwardedAddress(header)).toBe(address);
  });
});
