import { expect, test } from 'vitest';
import { RecordFields } from '../../../src/audit/record-fields.js';
import { namedTarget } from '../../../src/audit/request-fields.js';
import { methodRow } from '../../../src/protocol/methods.js';

test('a resource target is its redacted URI', () => {
  const fields = new RecordFields().add({ 'mcp.resource.uri': 'https://example.com/notes' });
  expect(namedTarget(methodRow('resources/read', 'request'), fields)).toEqual({
    'audit.target.type': 'mcp.resource',
    'audit.target.id': 'https://example.com/notes',
  });
});
