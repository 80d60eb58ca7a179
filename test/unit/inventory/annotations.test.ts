import { describe, expect, test } from 'vitest';
import { clocked } from '../../support/inventory.js';

const SECRET = ['gh', 'p_', 'a1B2'.repeat(9)].join('');
const redactText = (text: string) => text.replaceAll(SECRET, '[gone]').replaceAll(/\S+@\S+/g, '[address]');

function annotated(annotations: object, options = {}) {
  const { inventory } = clocked({ redactText, ...options });
  const { id } = inventory.observeServer({ side: 'client', name: 'notes' });
  inventory.annotate(id, annotations);
  return inventory.snapshot().servers[0]?.annotations;
}

describe('an annotation', () => {
  test.each(['notes', 'review', 'rejectionReason', 'addedBy', 'removedBy'])('is redacted in %s', (name) => {
    expect(annotated({ [name]: `with ${SECRET} in it` })).toMatchObject({ [name]: { value: 'with [gone] in it' } });
  });

  test('can be the e-mail address of a person in the fields for people only', () => {
    const address = 'jane.doe@example.com';
    expect(annotated({ addedBy: address, removedBy: address, notes: address })).toMatchObject({
      addedBy: { value: address },
      removedBy: { value: address },
      notes: { value: '[address]' },
    });
  });

  test.each([`${SECRET}@example.com`, `x@${SECRET}.com`, `see jane@example.com`])('is not an address in %o', (text) => {
    expect(JSON.stringify(annotated({ addedBy: text }))).not.toMatch(new RegExp(`${SECRET}|jane@`));
  });

  test('is not kept if redaction fails', () => {
    const failing = () => {
      throw new Error('no');
    };
    expect(annotated({ notes: SECRET }, { redactText: failing })).toMatchObject({
      notes: { value: '[REDACTED:hook_error]' },
    });
  });
});
