import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

const OPENTELEMETRY = `register('@opentelemetry/instrumentation/hook.mjs', import.meta.url);`;
const OURS = `const ours = new (await import('mcp-trail')).McpInstrumentation();`;

/** Loads an SDK after the given statements in a new process. Prints whether it is instrumented. */
function load(statements: string[]) {
  const source = [
    `import { register } from 'node:module';`,
    ...statements,
    `const { Client } = await import('@modelcontextprotocol/client');`,
    'const { connect } = Client.prototype;',
    'ours.disable();',
    'console.log(Client.prototype.connect !== connect);',
  ];
  const args = ['--input-type=module', '--eval', source.join('\n')];
  return promisify(execFile)(process.execPath, args, { cwd: ROOT, timeout: 50_000 });
}

describe('beside the loader hook of OpenTelemetry', () => {
  it.each([
    ['after', [OPENTELEMETRY, OURS]],
    ['before', [OURS, OPENTELEMETRY]],
  ])('sees the SDK and causes no warning, registered %s it', async (_, statements) => {
    const { stdout, stderr } = await load(statements);
    expect(stdout).toBe('true\n');
    expect(stderr).not.toContain('import-in-the-middle');
  });
});
