import { expect, test } from 'vitest';
import { RecordFields } from '../../../src/audit/record-fields.js';
import { namedTarget } from '../../../src/audit/request-fields.js';
import { methodRow } from '../../../src/protocol/methods.js';

test('what is read is named by its URI as it may be shown, and by nothing that was cut from it', () => {
  const fields = new RecordFields().add({ 'mcp.resource.uri': 'https://example.com/notes' });
  expect(namedTarget(methodRow('resources/read', 'request'), fields)).toEqual({
    'audit.target.type': 'mcp.resource',
    'audit.target.id': 'https://example.com/notes',
  });
});
