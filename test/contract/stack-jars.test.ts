/** What the Java programs of the stack are built from. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { checkJars } from '../../collector-config/stack/builders/java.mjs';

const BUILDER = fileURLToPath(new URL('../../collector-config/stack/builders/java.mjs', import.meta.url));
/** SHA-256 of `good`. */
const GOOD = '770e607624d689265ca6c44884d0807d9b054d23c473c106c72be9de08b7376c';

const folder = await mkdtemp(join(tmpdir(), 'mcp-trail-jars-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

it('accepts exactly the jars with the recorded hashes, and names all others', async () => {
  const lib = await mkdtemp(join(folder, 'lib-'));
  const file = join(folder, 'jars.sha256');
  await writeFile(file, `${GOOD}  a.jar\n${GOOD}  b.jar\n`);
  await writeFile(join(lib, 'a.jar'), 'good');
  await writeFile(join(lib, 'b.jar'), 'good');
  await checkJars(lib, file);
  await writeFile(join(lib, 'b.jar'), 'bad');
  await writeFile(join(lib, 'c.jar'), 'good');
  await rm(join(lib, 'a.jar'));
  await expect(checkJars(lib, file)).rejects.toThrow(/a\.jar is missing\nb\.jar has .*\nc\.jar has .*no such jar$/);
});

it('names the missing tool, and what installs it', async () => {
  const code = `import(${JSON.stringify(BUILDER)}).then(({ java }) => java.requireTools('/', { title: 'Elasticsearch 8.19.4' })).catch(({ message }) => console.log(message))`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', code], { env: { PATH: '/nowhere' } });
  expect(stdout).toMatch(
    /^Elasticsearch 8\.19\.4 needs a JDK 17 or newer and Maven \(.*apt-get install .*\), but `java` was not found/,
  );
});
