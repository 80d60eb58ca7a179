/**
 * What recorders of a process share: trail, inventory and key. Servers that are created per HTTP request, with options
 * of their own, have one trail.
 */
import { createHash } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AuditConfig, AuditDelivery } from '../audit-types.js';
import { FileLogRecordExporter } from '../export/file.js';
import { StderrLogRecordExporter } from '../export/stderr.js';
import { Inventory } from '../inventory/inventory.js';
import { INVENTORY_FILE } from '../inventory/state-file.js';
import { ToolLock } from '../inventory/tool-lock.js';
import { attempt } from '../lib/attempt.js';
import { wallClock } from '../lib/clock.js';
import { makeFolder } from '../lib/files.js';
import { createUuidV7 } from '../lib/uuid-v7.js';
import { endTrailsWithProcess } from '../lifecycle/end-open-operations.js';
import type { Environment } from '../options/resolve.js';
import { AUDIT, type AuditValues, EVERY_CALL, type Option } from '../options/table.js';
import { readToolLock } from '../options/tool-lock.js';
import { PseudonymMap } from '../pseudonyms/map.js';
import { declaredNames } from '../redact/argument-names.js';
import type { Redactor } from '../redact/redactor.js';
import { REDACTED } from '../redact/scrub.js';
import { guarded } from '../report/guarded.js';
import { unlessQuiet } from '../report/quiet.js';
import { reportFailure, warnOperator } from '../report/report.js';
import type { Vouching } from './checkpoints.js';
import { type DigestKey, digestKey } from './digest-key.js';
import type { Sink } from './lost-records.js';
import { OpenTrails } from './open-trails.js';
import { OwnSink } from './own-sinks.js';
import { secondPlaceOf } from './second-place.js';
import { sendLastCheckpoints } from './second-place-url.js';
import { Service } from './service.js';
import { Signer } from './signer.js';
import { brokenSink, LogsSink, lineSink, syncedFileSink } from './sinks.js';
import { Trail } from './trail.js';

export interface Shared {
  readonly trail: Trail;
  readonly inventory: Inventory;
  readonly key: DigestKey;
  readonly service: Service;
  readonly newId: () => string;
  /** The map of pseudonyms; undefined without a usable state directory. */
  readonly pseudonyms: () => PseudonymMap | undefined;
}

const newId = createUuidV7();
/** By a hash input of the options, which include the key. */
const made = new Map<string, Shared>();
let endsWithProcess = false;
const openTrails = new OpenTrails<Shared>((shared) => {
  for (const [options, each] of made) if (each === shared) made.delete(options);
  shared.trail.rest();
  shared.inventory.flush();
});

/** Recorders with the same of these options, sinks and key share a trail. */
const SHARED_BY = [
  'delivery',
  'file',
  'fileMaxBytes',
  'fileMaxFiles',
  'fileReserve',
  'fileSync',
  'stateDirectory',
  'signingKeyFile',
  'checkpoints',
  'toolLock',
] as const;

/** What recorders with these options share. The first of them decides how names are redacted. */
export function sharedFor(config: AuditConfig, values: AuditValues, redactor: Redactor, env: Environment): Shared {
  const options = JSON.stringify([
    SHARED_BY.map((name) => values[name]),
    values.sinks.map(({ given }) => idOf(given)),
    keyText(config.digestKey),
  ]);
  if (!endsWithProcess) endWithProcess();
  const existing = made.get(options);
  if (existing !== undefined) return existing;
  const shared = make({ config, values, redactor, env, key: createHash('sha256').update(options).digest('hex') });
  made.set(options, shared);
  openTrails.use(shared);
  return shared;
}

const SINK_IDS = Symbol.for('mcp-trail.audit-sink-ids');

/** An id for a sink of the application's own, in all copies of this package. */
function idOf(sink: object): string {
  const shared = globalThis as { [SINK_IDS]?: WeakMap<object, string> };
  shared[SINK_IDS] ??= new WeakMap();
  const id = shared[SINK_IDS].get(sink) ?? newId();
  shared[SINK_IDS].set(sink, id);
  return id;
}

/** The key may be any value. */
function keyText(given: unknown): string {
  const { id, key } =
    typeof given === 'object' && given !== null ? (given as Record<string, unknown>) : { id: '', key: given };
  return `${typeof id === 'string' ? id : ''} ${typeof key === 'string' ? key : typeof key}`;
}

/**
 * Ends the trail with the process, before applications shut down their SDK in `beforeExit`. Auditing restarts if the
 * process goes on.
 */
function endWithProcess(): void {
  endsWithProcess = true;
  endTrailsWithProcess({
    pause: () =>
      endAll(({ trail }) => {
        trail.endOpen();
        trail.end();
      }),
    end() {
      endAll(({ trail }) => trail.shutdown());
      endAll(({ inventory }) => inventory.close());
      endAll(({ trail }) => trail.close());
      guarded('sending the last checkpoints', sendLastCheckpoints);
    },
  });
}

function endAll(end: (shared: Shared) => void): void {
  for (const shared of openTrails.all()) {
    try {
      end(shared);
    } catch (error) {
      // An exception here would change the exit code.
      reportFailure('ending the audit trail', error);
    }
  }
}

interface TrailParts {
  readonly config: AuditConfig;
  readonly values: AuditValues;
  readonly redactor: Redactor;
  readonly env: Environment;
  /** Identifies the trail. */
  readonly key: string;
}

function make({ config, values, redactor, env, key }: TrailParts): Shared {
  const service = new Service(env, redactor);
  const stateDirectory = once(() => usableDirectory(values.stateDirectory, sourceOf('stateDirectory', config)));
  const inventory = new Inventory({
    now: () => Date.now(),
    declaredNames,
    redactName: (name, again = false) => redactor.name('inventory', name, undefined, { again }),
    redactIdentity: (id, again = false) => redactor.identity('inventory', id, undefined, { again }),
    redactText: (text) => redactor.text('inventory', text) ?? REDACTED,
    onProblem: warnOperator,
  });
  unlessQuiet(() => {
    const directory = stateDirectory();
    if (directory !== undefined) inventory.keepIn(join(directory, INVENTORY_FILE));
  });
  if (values.toolLock !== undefined) lockTools(inventory, values.toolLock, sourceOf('toolLock', config));
  const trail = new Trail({
    key,
    sinks: [
      ...IN_ORDER.filter((delivery) => values.delivery.includes(delivery)).flatMap((delivery) =>
        SINKS[delivery]({ values, service, redactor, source: sourceOf('file', config) }),
      ),
      ...values.sinks.map((sink) => new OwnSink(sink)),
    ],
    now: wallClock,
    newId,
    resource: () => service.fields,
    onRecord: () => openTrails.use(shared),
    ...vouchingOf(config, values, service),
  });
  const shared: Shared = {
    trail,
    inventory,
    key: digestKey(config.digestKey, stateDirectory, env),
    service,
    newId,
    pseudonyms: once(() => mapIn(stateDirectory())),
  };
  return shared;
}

const NO_MAP =
  `the audit trail has no map of pseudonyms: it needs a state directory that can be written to ` +
  `(${AUDIT.stateDirectory.env}, option audit.stateDirectory). Records have digests of ids instead of pseudonyms`;
/** By their folder: trails of one process share them. */
const maps = new Map<string, PseudonymMap>();
const MAX_MAPS = 16;

export function mapIn(directory: string | undefined): PseudonymMap | undefined {
  const folder = directory === undefined ? undefined : (attempt(() => resolve(directory)) ?? directory);
  const known = folder === undefined ? undefined : maps.get(folder);
  if (known !== undefined) return known;
  if (folder === undefined || maps.size >= MAX_MAPS) {
    warnOperator(NO_MAP);
    return undefined;
  }
  const map = new PseudonymMap({ directory: folder, problem: warnOperator });
  maps.set(folder, map);
  return map;
}

/** @param source where the file is set, for messages */
function lockTools(
  inventory: Inventory,
  { file: path, enforce = false }: NonNullable<AuditValues['toolLock']>,
  source: string,
): void {
  if (enforce) inventory.enforceLock();
  // The application may change its working directory, and that may have been deleted.
  const file = attempt(() => resolve(path)) ?? path;
  unlessQuiet(() => {
    const { document, problems } =
      path === '' ? { document: undefined, problems: ['there is no lock to enforce'] } : readToolLock(file, path);
    const follows = enforce && document === undefined ? `. ${EVERY_CALL}` : '';
    for (const problem of problems) warnOperator(`${source}: ${problem}${follows}`);
    if (document !== undefined) inventory.lockTo(new ToolLock(document));
  });
}

function vouchingOf(config: AuditConfig, values: AuditValues, service: Service): Vouching {
  const { signingKeyFile, checkpoints, delivery, file } = values;
  let signer: Signer | undefined;
  if (signingKeyFile !== undefined) {
    signer = new Signer(signingKeyFile, sourceOf('signingKeyFile', config));
    unlessQuiet(() => signer?.load());
  } else if (delivery.includes('file')) warnOperator(UNSIGNED);
  const secondPlace =
    checkpoints === undefined
      ? undefined
      : secondPlaceOf({
          stated: checkpoints,
          source: sourceOf('checkpoints', config),
          placeholders: placeholdersOf(service),
          auditFile: delivery.includes('file') ? file : undefined,
        });
  return { signer, secondPlace };
}

/** The advice where nothing signs the trail. */
export const UNSIGNED =
  'audit records are linked, but not signed: anyone who can write the file can forge it. To sign them, run ' +
  `mcp-trail keygen FILE and set ${AUDIT.signingKeyFile.env}=FILE (option audit.signingKeyFile)`;

/** Where an option is set, for messages. */
function sourceOf(option: keyof AuditConfig & keyof typeof AUDIT, config: AuditConfig): string {
  const { env } = AUDIT[option] as Option<unknown>;
  return config[option] === undefined && env !== undefined ? env : `option audit.${option}`;
}

function placeholdersOf(service: Service): Record<string, string> {
  return { pid: String(process.pid), service: service.fields['service.name'] ?? '' };
}

function once<T>(find: () => T): () => T {
  let found: { readonly value: T } | undefined;
  return () => {
    found ??= { value: find() };
    return found.value;
  };
}

/** A writable directory. Otherwise warns, and the state stays in memory. */
function usableDirectory(path: string | undefined, source: string): string | undefined {
  if (path === undefined) return undefined;
  try {
    makeFolder(path);
    accessSync(path, constants.W_OK);
    return path;
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    warnOperator(
      `${source} is ${JSON.stringify(path)}, which cannot be used (${code}); accepted: a directory that can be written ` +
        'to. The inventory and the key of digests are not kept',
    );
    return undefined;
  }
}

/** A log processor of the application may cause the next record: files and stderr have this one by then. */
const IN_ORDER: readonly AuditDelivery[] = ['file', 'stderr', 'otel'];

interface SinkParts {
  readonly values: AuditValues;
  readonly service: Service;
  readonly redactor: Redactor;
  /** Where the file is set, for messages. */
  readonly source: string;
}

type MakeSinks = (parts: SinkParts) => Sink[];

const SINKS: Readonly<Record<AuditDelivery, MakeSinks>> = {
  otel: () => [new LogsSink(warnOperator)],
  stderr: () => [lineSink('stderr', new StderrLogRecordExporter())],
  file({ values: { file, fileMaxBytes, fileMaxFiles, fileReserve, fileSync }, service, redactor, source }) {
    let deleted: string[] | undefined;
    const lost = (why: string) => warnOperator(`audit records are lost: ${source}: ${why}`);
    try {
      const exporter = new FileLogRecordExporter({
        path: file,
        maxBytes: fileMaxBytes,
        maxFiles: fileMaxFiles,
        reserve: fileReserve,
        placeholders: placeholdersOf(service),
        onDeleted(name) {
          deleted ??= [];
          deleted.push(redactor.name('mcp_audit.retention.files', name));
        },
        onError: ({ message }) => lost(message),
      });
      const takeDeleted = () => {
        const names = deleted;
        deleted = undefined;
        return names;
      };
      const sink = fileSync === 'disk' ? syncedFileSink(exporter, source) : lineSink('file', exporter);
      return [{ ...sink, takeDeleted }];
    } catch {
      lost(`${JSON.stringify(file)} is not a valid file path; {pid} and {service} are allowed`);
      return [brokenSink('file')];
    }
  },
};
