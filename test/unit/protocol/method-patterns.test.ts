import { expect, it } from 'vitest';
import { METHOD_PATTERN, methodMatcher } from '../../../src/protocol/method-patterns.js';

it.each([
  [['ping'], 'ping', true],
  [['ping'], 'pings', false],
  [['ping'], 'PING', false],
  [['tasks/*'], 'tasks/get', true],
  [['tasks/*'], 'tasks/get/more', true],
  [['tasks/*'], 'tasks', false],
  [['tasks/*'], 'notifications/tasks', false],
  [['notifications/*', 'ping'], 'notifications/tasks/status', true],
  [['acme/x/*'], 'acme/x', false],
  [[], '__proto__', false],
  [['ping'], 'constructor', false],
])('the list %o has %s on it: %s', (list, method, listed) => {
  expect(methodMatcher(list)(method)).toBe(listed);
});

it.each(['ping', 'tools/call', 'tasks/*', 'acme/x.y-z/*'])('%s can be on a list', (pattern) => {
  expect(METHOD_PATTERN.test(pattern)).toBe(true);
});

it.each(['', '*', '/*x', 'tasks*', 'a b', 'tools/*/x', 'tasks/**'])('%o cannot be on a list', (pattern) => {
  expect(METHOD_PATTERN.test(pattern)).toBe(false);
});
