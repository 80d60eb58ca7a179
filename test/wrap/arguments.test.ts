/** What `mcp-trail wrap` takes on its command line, and how it refuses the rest. */
import { describe, expect, it, vi } from 'vitest';
import { wrapRequestOf } from '../../src/cli/wrap.js';
import { run } from '../safety/child.js';

const CLI = 'dist/cjs/cli.js';

it('are not enough where requests would have to be refused', () => {
  vi.stubEnv('MCP_TRAIL_AUDIT_ON_FAILURE', 'block');
  expect(() => wrapRequestOf(['uvx'])).toThrow(
    'wrap neither refuses nor holds up messages so far: unset MCP_TRAIL_AUDIT_ON_FAILURE',
  );
  vi.stubEnv('MCP_TRAIL_AUDIT_ON_FAILURE', 'allow');
  expect(wrapRequestOf(['uvx'])).toMatchObject({ command: 'uvx' });
  vi.unstubAllEnvs();
});

describe('the arguments of wrap', () => {
  it('are options of wrap up to the command, and all others belong to the command', () => {
    expect(
      wrapRequestOf(['--os-user', '--max-line=2', '--service-name', 'a b', '--', 'uvx', '--', '--os-user']),
    ).toEqual({
      command: 'uvx',
      args: ['--', '--os-user'],
      serviceName: 'a b',
      osUser: true,
      maxLineBytes: 2 * 1024 * 1024,
    });
    expect(wrapRequestOf(['uvx', '--service-name=x'])).toMatchObject({
      args: ['--service-name=x'],
      serviceName: undefined,
    });
  });

  it.each([
    [[], 'wrap needs the command to run, after --'],
    [['--'], 'wrap needs the command to run, after --'],
    [['--', ''], 'wrap needs the command to run, after --'],
    [['--service-name'], '--service-name needs a value'],
    [['--service-name=', 'x'], '--service-name needs a value'],
    [['--max-line', '0', '--', 'x'], '--max-line takes 1 to 256 (MiB)'],
    [['--tea', 'x'], 'wrap has no option "--tea": those of the command follow it, after --'],
  ])('%j are refused', async (args, problem) => {
    const { code, stdout, stderr } = await run([CLI, 'wrap', ...args]);
    expect({ code, stdout, stderr }).toEqual({
      code: 3,
      stdout: '',
      stderr: `mcp-trail: ${problem}\n\nRun mcp-trail wrap --help for details.\n`,
    });
  });

  it.each(['--help', '-h'])('%s shows how wrap is used', async (option) => {
    const { code, stdout, stderr } = await run([CLI, 'wrap', option, '--', 'no-such-command']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Usage: mcp-trail wrap [options] -- <command> [arguments]\n');
  });
});
