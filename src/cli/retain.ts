/** `mcp-trail retain`: archives an audit trail, and deletes what need not be kept any longer. */
import { join } from 'node:path';
import { retentionTrail } from '../audit/assemble.js';
import { resourceFromEnvironment } from '../lib/resource-environment.js';
import { Cannot } from '../retain/cannot.js';
import { encryptionFor } from '../retain/encrypt.js';
import { OWN_TRAIL } from '../retain/names.js';
import { type Gone, retain as run } from '../retain/run.js';
import { commandOf, Problem } from './arguments.js';
import { EXIT, type World } from './command.js';
import { RecordCollector } from './retain/collector.js';
import { reportTo } from './retain/report.js';
import { type Request, readGiven, requestOf, USAGE } from './retain/request.js';
import { visible } from './text.js';
import { userOfSystem } from './user.js';

/** Something was left alone. */
const LEFT = 2;

export const retain = commandOf<Request>({
  summary: 'archives a trail, and deletes what is older than it has to be kept',
  usage: USAGE,
  hint: 'mcp-trail retain --help lists the options.',
  read: requestOf,
  answer,
});

const UNSIGNED =
  'deletions are recorded without a signature, which explains nothing to mcp-trail verify: --key FILE signs them';

async function answer(asked: Request, world: World): Promise<number> {
  const { folder, archiveAfter, deleteAfter, dryRun, unconfirmed } = asked;
  const { complain } = world;
  const given = readGiven(asked, Date.now());
  const encrypt = await encryptionFor(given.recipients).catch(asProblem);
  const report = reportTo(world, asked);
  const trail = recordingOf(asked, world, given.key !== undefined);
  try {
    const rest = await run({
      ...given,
      folder,
      archiveAfter,
      deleteAfter,
      dryRun,
      encrypt,
      now: Date.now,
      newCollector: () => new RecordCollector(),
      record: async (gone) => trail.record(gone),
      told: report.item,
    });
    report.end(rest);
  } catch (error) {
    if (!(error instanceof Cannot)) throw error;
    throw new Problem(
      error.message.startsWith('--') ? error.message : `the folder ${visible(folder)} ${error.message}`,
    );
  } finally {
    trail.close();
  }
  if (unconfirmed !== undefined) complain(`--preset ${unconfirmed} changes nothing until --confirm is given, too`);
  return report.left() > 0 ? LEFT : EXIT.OK;
}

function asProblem(error: unknown, subject = ''): never {
  throw error instanceof Cannot ? new Problem(`${subject}${error.message}`) : error;
}

/** The trail of the command, which begins with the first deletion. */
function recordingOf({ folder, key }: Request, { env, complain }: World, isSigned: boolean) {
  let trail: ReturnType<typeof retentionTrail> | undefined;
  return {
    record(gone: readonly Gone[]): string | undefined {
      const path = join(folder, OWN_TRAIL);
      if (trail === undefined && !isSigned) complain(UNSIGNED);
      trail ??= retentionTrail({
        path,
        keyFile: key,
        user: userOfSystem('nobody could say who deletes'),
        env: resourceFromEnvironment(env).has('service.name') ? env : { ...env, OTEL_SERVICE_NAME: 'mcp-trail' },
      });
      return trail.record(
        gone.flatMap(({ name, runs, newest }) => runs.map((each) => ({ file: name, newest, ...each }))),
      );
    },
    close: () => trail?.close(),
  };
}
