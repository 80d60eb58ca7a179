import { describe, expect, it } from 'vitest';
import type { Pipeline } from '../../../../src/emit/pipeline.js';
import { Attachment, attachmentOf, detach, mark } from '../../../../src/hook/transport/attachment.js';
import type { Connection } from '../../../../src/session/connection.js';

const ATTACHED = Symbol.for('mcp-trail.attached');

function attachment(pipeline = { enabled: true } as Pipeline): Attachment {
  return new Attachment(pipeline, {} as Connection);
}

/** An object that another copy of the package is attached to. */
function attachedElsewhere(enabled: boolean): object {
  return Object.defineProperty({}, ATTACHED, { value: { pipeline: { enabled } }, configurable: true });
}

describe('an object with the mark of another copy of the package', () => {
  it('is left to that copy', () => {
    expect(attachmentOf(attachedElsewhere(true))).toBe('foreign');
  });

  it('is free once that copy is disabled', () => {
    const target = attachedElsewhere(false);
    expect(attachmentOf(target)).toBeUndefined();
    const own = attachment();
    mark(target, own);
    expect(attachmentOf(target)).toBe(own);
    detach(target);
    expect(attachmentOf(target)).toBeUndefined();
  });
});

it('undoing an attachment keeps the mark of a later one', () => {
  const target = {};
  const [first, second] = [attachment(), attachment()];
  mark(target, first);
  mark(target, second);
  first.undo();
  expect(attachmentOf(target)).toBe(second);
});
