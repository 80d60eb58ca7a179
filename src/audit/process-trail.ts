/**
 * What recorders of a process share: trail, inventory and key. Servers that are created per HTTP request, with options
 * of their own, have one trail.
 */
import { createHash } from 'node:crypto';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditConfig, AuditDelivery } from '../audit-types.js';
import { FileLogRecordExporter } from '../export/file.js';
import { StderrLogRecordExporter } from '../export/stderr.js';
import { Inventory } from '../inventory/inventory.js';
import { wallClock } from '../lib/clock.js';
import { createUuidV7 } from '../lib/uuid-v7.js';
import { endTrailsWithProcess } from '../lifecycle/end-open-operations.js';
import type { Environment } from '../options/resolve.js';
import type { AuditValues } from '../options/table.js';
import { declaredNames } from '../redact/argument-names.js';
import type { Redactor } from '../redact/redactor.js';
import { REDACTED } from '../redact/scrub.js';
import { unlessQuiet } from '../report/quiet.js';
import { reportFailure, warnOperator } from '../report/report.js';
import { type DigestKey, digestKey } from './digest-key.js';
import type { Sink } from './lost-records.js';
import { Service } from './service.js';
import { brokenSink, LogsSink, lineSink } from './sinks.js';
import { Trail } from './trail.js';

export interface Shared {
  readonly trail: Trail;
  readonly inventory: Inventory;
  readonly key: DigestKey;
  readonly service: Service;
  readonly newId: () => string;
}

const INVENTORY_FILE = 'inventory.json';

/** Bound on option sets; the trail of the oldest ends. */
const MAX_TRAILS = 64;

/** By a hash input of the options, which include the key. */
const made = new Map<string, Shared>();
const newId = createUuidV7();

/** What recorders with these options share. The first of them decides how names are redacted. */
export function sharedFor(config: AuditConfig, values: AuditValues, redactor: Redactor, env: Environment): Shared {
  const { delivery, file, fileMaxBytes, fileMaxFiles, stateDirectory } = values;
  const options = JSON.stringify([
    delivery,
    file,
    fileMaxBytes,
    fileMaxFiles,
    stateDirectory,
    keyText(config.digestKey),
  ]);
  if (made.size === 0) endWithProcess();
  const existing = made.get(options);
  if (existing !== undefined) return existing;
  const shared = make({ config, values, redactor, env, key: createHash('sha256').update(options).digest('hex') });
  made.set(options, shared);
  for (const [oldest, { trail, inventory }] of made) {
    if (made.size <= MAX_TRAILS) break;
    made.delete(oldest);
    inventory.close();
    trail.close();
  }
  return shared;
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
    },
  });
}

function endAll(end: (shared: Shared) => void): void {
  for (const shared of made.values()) {
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
  const stateDirectory = once(() => usableDirectory(values.stateDirectory, config.stateDirectory !== undefined));
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
  const trail = new Trail({
    key,
    sinks: values.delivery.flatMap((delivery) => SINKS[delivery](values, service, config.file !== undefined)),
    now: wallClock,
    newId,
    resource: () => service.fields,
  });
  return { trail, inventory, key: digestKey(config.digestKey, stateDirectory, env), service, newId };
}

function once<T>(find: () => T): () => T {
  let found: { readonly value: T } | undefined;
  return () => {
    found ??= { value: find() };
    return found.value;
  };
}

/** A writable directory. Otherwise warns, and the state stays in memory. */
function usableDirectory(path: string | undefined, inCode: boolean): string | undefined {
  if (path === undefined) return undefined;
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.W_OK);
    return path;
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    const name = inCode ? 'option audit.stateDirectory' : 'MCP_TRAIL_AUDIT_STATE_DIRECTORY';
    warnOperator(
      `${name} is ${JSON.stringify(path)}, which cannot be used (${code}); accepted: a directory that can be written ` +
        'to. The inventory and the key of digests are not kept',
    );
    return undefined;
  }
}

/** @param inCode the file is set by an option in code, for messages */
type MakeSinks = (values: AuditValues, service: Service, inCode: boolean) => Sink[];

const SINKS: Readonly<Record<AuditDelivery, MakeSinks>> = {
  otel: () => [new LogsSink(warnOperator)],
  stderr: () => [lineSink('stderr', new StderrLogRecordExporter())],
  file: ({ file, fileMaxBytes, fileMaxFiles }, service, inCode) => {
    const name = inCode ? 'option audit.file' : 'MCP_TRAIL_AUDIT_FILE';
    const lost = (why: string) => warnOperator(`audit records are lost: ${name}: ${why}`);
    try {
      return [
        lineSink(
          'file',
          new FileLogRecordExporter({
            path: file,
            maxBytes: fileMaxBytes,
            maxFiles: fileMaxFiles,
            placeholders: { pid: String(process.pid), service: service.fields['service.name'] ?? '' },
            onError: ({ message }) => lost(message),
          }),
        ),
      ];
    } catch {
      lost(`${JSON.stringify(file)} is not a valid file path; {pid} and {service} are allowed`);
      return [brokenSink('file')];
    }
  },
};
