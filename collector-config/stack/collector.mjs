/** Starts the Collector with chosen backends, sources and overlays. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startProgram } from './process.mjs';

const root = new URL('../', import.meta.url);

/** The file names, without extension, in a folder of `collector-config/`. @param {'backends' | 'sources' | 'overlays' | 'tiers'} folder */
export const choices = (folder) =>
  readdirSync(new URL(`${folder}/`, root))
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.replace(/\.yaml$/, ''))
    .sort();

/**
 * The files of a choice, in the order in which the Collector must read them.
 *
 * @param {{ backends?: string[], sources?: string[], overlays?: string[] }} choice
 * @throws {Error} if a name is unknown; lists the known ones
 */
export function configFiles({ backends = [], sources = [], overlays = [] }) {
  const file = (/** @type {string} */ path) => fileURLToPath(new URL(path, root));
  return [
    file('base.yaml'),
    ...known('backends', backends).map((name) => file(`backends/${name}.yaml`)),
    ...known('sources', sources).map((name) => file(`sources/${name}.yaml`)),
    ...known('overlays', overlays).map((name) => file(`overlays/${name}.yaml`)),
  ];
}

/** @param {'backends' | 'sources' | 'overlays'} folder @param {string[]} names */
function known(folder, names) {
  const all = choices(folder);
  for (const name of names) {
    if (!all.includes(name)) throw new Error(`unknown name in ${folder}: "${name}"; accepted: ${all.join(', ')}`);
  }
  return names;
}

/** Without it, sources store an offset before the records up to there are in the queues. */
const SYNCHRONOUS = '--feature-gates=stanza.synchronousLogEmitter';

/** Arguments of the Collector. @param {string[]} files */
export const configArguments = (files) => [
  ...files.flatMap((file) => ['--config', file]),
  ...(files.some((file) => file.includes('/sources/')) ? [SYNCHRONOUS] : []),
];

/** The Collector's message about a signal that no file reads. */
const UNREAD = /connector "forward\/(\w+)" used as exporter/;

/**
 * @param {object} options
 * @param {string} options.otelcol path of the program
 * @param {string[]} options.files see {@link configFiles}
 * @param {Record<string, string>} options.env with `MCP_HEALTH_PORT`
 */
export function startCollector({ otelcol, files, env }) {
  return startProgram({
    name: 'the Collector',
    file: otelcol,
    args: configArguments(files),
    env,
    readyUrl: `http://127.0.0.1:${env.MCP_HEALTH_PORT}/`,
  }).catch((error) => {
    const [, signal] = UNREAD.exec(error.message) ?? [];
    if (!signal) throw error;
    throw new Error(
      `${error.message}\nNo backend reads ${signal}: add one that does, or discard-rest, which drops everything except audit records.`,
    );
  });
}
