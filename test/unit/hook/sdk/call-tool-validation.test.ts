import { describe, expect, it } from 'vitest';
import { hookCallTool, leaveToCallTool } from '../../../../src/hook/sdk/call-tool-validation.js';

describe('a callTool that throws instead of rejecting', () => {
  it('throws the same error, and does not affect a later call with the same params', async () => {
    const failure = new Error('at once');
    const client = {
      callTool(_params: unknown): unknown {
        throw failure;
      },
    };
    hookCallTool(client, { pipeline: { enabled: true }, connection: { declaresResults: true } } as never);
    const params = { name: 'echo' };
    expect(() => client.callTool(params)).toThrow(failure);
    await Promise.resolve();
    expect(leaveToCallTool({ row: { content: 'tool' } } as never, params)).toBe(false);
  });
});
