/**
 * Builds a program from jars of a Maven repository and sources of the recipe: `pom.xml` has its dependencies, `jars.sha256` all of
 * their jars, and `java/` the sources, if it needs any. The result is a folder with `lib/`, `classes/` and the resources of jars.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './tool.mjs';

/** @typedef {{ title: string, binaries: string[], resources: Record<string, string[]> }} JavaProgram */

const JAVA = 17;

const FILES = /^(pom\.xml|jars\.sha256|java\/.*\.java)$/;

/** @param {JavaProgram} program */
const inputs = ({ binaries, resources }) => [binaries, resources];

/** @param {JavaProgram} program @param {string} recipe @param {string} output */
async function build(program, recipe, output) {
  const folder = join(output, String(program.binaries[0]));
  const [lib, classes, resources] = ['lib', 'classes', 'resources'].map((name) => join(folder, name));
  for (const each of [lib, classes, resources]) await mkdir(each, { recursive: true });

  /** @param {string} file @param {string[]} args @param {string} cwd */
  const must = async (file, args, cwd) => {
    const { code, stdout, stderr } = await run(file, args, { cwd });
    if (code !== 0) throw new Error(`${program.title} could not be built:\n${stdout.slice(-4_000)}${stderr}`);
  };
  const pom = join(recipe, 'pom.xml');
  await must(
    'mvn',
    [
      '--batch-mode',
      '--quiet',
      '--update-snapshots',
      '-f',
      pom,
      'dependency:copy-dependencies',
      `-DoutputDirectory=${lib}`,
    ],
    output,
  );
  await checkJars(lib, join(recipe, 'jars.sha256'));
  const sources = join(recipe, 'java');
  if (existsSync(sources)) {
    const files = (await readdir(sources, { recursive: true })).filter((file) => file.endsWith('.java'));
    const options = ['-proc:none', '--release', String(JAVA), '-cp', join(lib, '*'), '-d', classes];
    await must('javac', [...options, ...files], sources);
  }
  for (const [jar, names] of Object.entries(program.resources)) {
    await must('jar', ['--extract', '--file', join(lib, jar), ...names], resources);
  }
}

/**
 * A repository could serve other jars tomorrow: a version in `pom.xml` is no hash.
 *
 * @param {string} folder
 * @param {string} file lines of `sha256sum`
 */
export async function checkJars(folder, file) {
  const pinned = new Map(
    (await readFile(file, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => /** @type {[string, string]} */ (line.split(/\s+/).reverse())),
  );
  const found = (await readdir(folder)).sort();
  const wrong = [...pinned.keys()].filter((name) => !found.includes(name)).map((name) => `${name} is missing`);
  for (const name of found) {
    const hash = createHash('sha256')
      .update(await readFile(join(folder, name)))
      .digest('hex');
    if (pinned.get(name) !== hash)
      wrong.push(`${name} has SHA-256 ${hash}, expected ${pinned.get(name) ?? 'no such jar'}`);
  }
  if (wrong.length > 0) throw new Error(`The jars from Maven are not those of ${file}:\n${wrong.join('\n')}`);
}

/** @param {string} recipe @param {Pick<JavaProgram, 'title'>} program */
async function requireTools(recipe, { title }) {
  const wanted = `${title} needs a JDK ${JAVA} or newer and Maven (on Debian: apt-get install default-jdk-headless maven)`;
  for (const tool of ['java', 'javac', 'jar', 'mvn']) {
    const { code, stdout, stderr } = await run(tool, ['--version'], { cwd: recipe }).catch((error) => {
      throw new Error(`${wanted}, but \`${tool}\` was not found: ${error.message}`);
    });
    const version = Number(/\d+/.exec(stdout)?.[0]);
    if (code !== 0 || (tool !== 'mvn' && version < JAVA))
      throw new Error(`${wanted}; found: ${(stdout || stderr).trim()}`);
  }
}

/** @type {import('../programs.mjs').Builder} */
export const java = { files: FILES, inputs, requireTools, build };
