/** Builds a program from Go modules. Its recipe is a module: `go.mod` and `go.sum` have the versions and hashes of all modules. */
import { join } from 'node:path';
import { run, since } from './tool.mjs';

/** @typedef {{ title: string, packages: string, tags?: string, binaries: string[] }} GoProgram */

const GO = '1.26.5';
const PROGRESS_MS = 20_000;
/** Without cgo, a build needs no C compiler and is the same on every machine. Ignore a Go workspace around the checkout. */
const ENV = { CGO_ENABLED: '0', GOWORK: 'off' };

const FILES = /^[^/]+\.go$|^go\.(mod|sum)$/;

/** @param {GoProgram} program */
const inputs = ({ packages, tags, binaries }) => [packages, tags, binaries, process.platform, process.arch];

/** @param {GoProgram} program @param {string} recipe @param {string} output @param {(line: string) => void} log */
async function build(program, recipe, output, log) {
  const flags = ['-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags=-s -w', `-tags=${program.tags ?? ''}`];
  const counted = { downloaded: 0, compiled: 0 };
  // Name a single binary explicitly: Compose's package is called `cmd`.
  const target = program.binaries.length === 1 ? join(output, String(program.binaries[0])) : `${output}/`;
  const start = performance.now();
  const timer = setInterval(() => {
    const { downloaded, compiled } = counted;
    log(`  ${program.title}: ${downloaded} modules downloaded, ${compiled} packages compiled, ${since(start)}`);
  }, PROGRESS_MS);
  try {
    const { code, stderr } = await run('go', ['build', '-v', ...flags, '-o', target, program.packages], {
      cwd: recipe,
      env: ENV,
      onLine(line) {
        if (line.startsWith('go: downloading')) counted.downloaded++;
        else if (/^[\w.-]+(\/\S+)?$/.test(line)) counted.compiled++;
      },
    });
    if (code !== 0) throw new Error(`${program.title} could not be built:\n${stderr}`);
  } finally {
    clearInterval(timer);
  }
}

/** Runs in the recipe's folder, where `go` has already switched to the toolchain of go.mod. @param {string} recipe */
async function requireTools(recipe) {
  const wanted = `building the stack's programs needs Go ${GO} or newer (https://go.dev/dl)`;
  const { code, stdout, stderr } = await run('go', ['env', 'GOVERSION'], { cwd: recipe, env: ENV }).catch((error) => {
    throw new Error(`${wanted}, but \`go\` was not found: ${error.message}`);
  });
  const found = /go(\d+)\.(\d+)(?:\.(\d+))?/
    .exec(code === 0 ? stdout : stderr)
    ?.slice(1)
    .map((part) => Number(part ?? 0));
  const least = GO.split('.').map(Number);
  const older = found && (found[0] - least[0] || found[1] - least[1] || found[2] - least[2]) < 0;
  if (code !== 0 || !found || older) throw new Error(`${wanted}; found: ${(stdout || stderr).trim()}`);
}

/** @type {import('../programs.mjs').Builder} */
export const go = { files: FILES, inputs, requireTools, build };
