import { expect, it } from 'vitest';
import { mayHaveBaggage } from '../../../src/describe/baggage.js';
import type { McpPeerInfo } from '../../../src/types.js';

const http = (host: string, port: number): McpPeerInfo => ({ role: 'server', transport: 'http', host, port });
const stdio = (command: string, ...args: string[]): McpPeerInfo => ({
  role: 'server',
  transport: 'stdio',
  command,
  args,
});
const CLIENT: McpPeerInfo = { role: 'client', transport: 'http', name: 'api.example.com' };
const CLAIMS: McpPeerInfo = { role: 'server', transport: 'in_memory', name: 'api.example.com', version: 'npx' };

it.each<[readonly string[], string, McpPeerInfo, boolean]>([
  [['*'], 'every server', http('api.example.com', 443), true],
  [['*'], 'a client', CLIENT, true],
  [[], 'every server', http('api.example.com', 443), false],
  [['none'], 'every server', stdio('npx'), false],
  [['api.example.com'], 'its host', http('api.example.com', 8443), true],
  [['API.Example.COM'], 'its host', http('api.example.com', 443), true],
  [['api.example.com:8443'], 'its host and port', http('api.example.com', 8443), true],
  [['api.example.com:8443'], 'another port', http('api.example.com', 443), false],
  [['example.com'], 'a host below it', http('api.example.com', 443), false],
  [['api.example.com'], 'a host that ends so', http('evil-api.example.com', 443), false],
  [['::1'], 'its IPv6 address', http('::1', 80), true],
  [['[::1]:80'], 'its IPv6 address and port', http('::1', 80), true],
  [['npx'], 'its command', stdio('npx', '-y', '@acme/weather'), true],
  [['npx -y @acme/weather'], 'its command and arguments', stdio('npx', '-y', '@acme/weather', '--port', '1'), true],
  [['npx -y @acme/weather'], 'other arguments', stdio('npx', '-y', '@evil/weather'), false],
  [['npx -y @acme/weather'], 'an argument that only begins so', stdio('npx', '-y', '@acme/weather-evil'), false],
  [['/opt/my'], 'a command with a blank', stdio('/opt/my tool'), false],
  [['/opt/my tool'], 'a command with a blank', stdio('/opt/my tool'), true],
  [['api.example.com'], 'a command of that name', stdio('api.example.com.sh'), false],
  [['api.example.com', 'npx'], 'the claim of a server', CLAIMS, false],
  [['api.example.com'], 'the claim of a client', CLIENT, false],
])('the list %o is for %s: %o %s', (list, _what, peer, listed) => {
  expect(mayHaveBaggage(list, peer)).toBe(listed);
});
