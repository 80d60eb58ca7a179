import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requestOf } from '../../../src/cli/annotate/request.js';
import { annotate } from '../../../src/cli/annotate.js';
import { runCommand } from './world.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-annotate-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const asked = (...args: string[]) => requestOf(['weather', '--state', 's', ...args], {})?.annotations;

describe('what annotate is asked to note', () => {
  it.each([
    [['--added-by', 'ada'], { addedBy: 'ada' }],
    [['--reviewed-by', 'ada', '--review', '12'], { reviewer: 'ada', review: '12' }],
    [['--approved-by', 'ada'], { approval: 'approved', approver: 'ada', rejectionReason: null }],
    [['--rejected-by', 'ada'], { approval: 'rejected', approver: 'ada' }],
    [['--rejected-by', 'ada', '--reason', 'r'], { approval: 'rejected', approver: 'ada', rejectionReason: 'r' }],
    [['--approval', 'approved'], { approval: 'approved', approver: null, rejectionReason: null }],
    [['--approval', 'rejected', '--reason', 'r'], { approval: 'rejected', approver: null, rejectionReason: 'r' }],
    [
      ['--approval', 'pending', '--note', 'n'],
      { approval: 'pending', approver: null, rejectionReason: null, notes: 'n' },
    ],
    [['--approval', ''], { approval: null, approver: null, rejectionReason: null }],
    [['--reviewed-by', ''], { reviewer: '' }],
    [['--removed-by', 'ada'], { removedBy: 'ada' }],
    [['--reason', 'r'], { rejectionReason: 'r' }],
    [['--note='], { notes: '' }],
  ])('%j', (args, annotations) => {
    expect(asked(...args)).toEqual(annotations);
  });

  it('is about the state directory and file of the environment by default', () => {
    const env = { MCP_TRAIL_AUDIT_STATE_DIRECTORY: '/state', MCP_TRAIL_AUDIT_FILE: '/audit.jsonl' };
    expect(requestOf(['weather', '--note', 'x'], env)).toMatchObject({ state: '/state', file: '/audit.jsonl' });
    const named = ['weather', '--note', 'x', '--state', 's', '--audit', 'a'];
    expect(requestOf(named, env)).toMatchObject({ state: 's', file: 'a' });
  });
});

describe('the arguments of annotate', () => {
  const note = ['--note', 'x'];
  it.each([
    [[], /needs one server, by its name or id/],
    [['', ...note], /needs one server/],
    [['weather', 'sights', ...note], /needs one server/],
    [['weather', '--state', ''], /needs a state directory: --state, or MCP_TRAIL_AUDIT_STATE_DIRECTORY/],
    [['weather'], /needs something to note: --added-by, --reviewed-by, --review, --approved-by/],
    [['weather', '--approval', 'aproved'], /--approval takes approved, rejected, pending; not aproved/],
    [['weather', '--approved-by', ''], /--approved-by needs a name/],
    [['weather', '--rejected-by', ' '], /--rejected-by needs a name/],
    [['weather', '--reviewed-by', ' '], /--reviewed-by needs a name/],
    [['weather', '--approved-by', 'a', '--rejected-by', 'b'], /one of --approved-by, --rejected-by, not more/],
    [['weather', '--approved-by', 'a', '--reason', 'b'], /--reason is the reason of a rejection/],
    [['weather', ...note, '--by', ' '], /--by needs a name/],
    [['weather', ...note, '--by', 'x'.repeat(257)], /--by has 257 characters; accepted: at most 256/],
    [['weather', '--note', 'x'.repeat(2001)], /--note has 2001 characters; accepted: at most 2000/],
    [['weather', ...note, '--audit', ''], /--audit needs the name of a file/],
    [['weather', ...note, '--endpoint', ''], /--endpoint needs a host and a port/],
    [['weather', '--notes', 'x'], /^unknown option --notes\. Did you mean --note\?/],
  ])('%j are refused', async (args, problem) => {
    const state = args.includes('--state') ? [] : ['--state', folder];
    const { code, out, err } = await runCommand(annotate, [...args, ...state]);
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toMatch(problem);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('are refused for a state that cannot be read', async () => {
    mkdirSync(join(folder, 'inventory.json'));
    const { code, err } = await runCommand(annotate, ['weather', ...note, '--state', folder]);
    expect({ code, err }).toEqual({ code: 3, err: `cannot read ${folder}/inventory.json: EISDIR\n` });
  });

  it('are explained', async () => {
    const { code, out, err } = await runCommand(annotate, ['--help']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^Usage: mcp-trail annotate \[options\] <server>\n/);
    expect(out.split('\n').filter((line) => line.length > 120)).toEqual([]);
  });
});
