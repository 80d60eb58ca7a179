/** `mcp-trail inventory --check`: compares an inventory with a lock file, for people, programs and code scanning. */
import { readFileSync } from 'node:fs';
import { checkToolLock, type LockFinding } from '../../inventory/check-tool-lock.js';
import { PastDifferences } from '../../inventory/past-differences.js';
import { type ToolDifference, ToolLock } from '../../inventory/tool-lock.js';
import { codeOf } from '../../lib/files.js';
import { readToolLock } from '../../options/tool-lock.js';
import { Problem } from '../arguments.js';
import { EXIT, type World } from '../command.js';
import { counted, visible, visibleJson } from '../text.js';
import { linesIn } from './lines.js';
import { serverText } from './lock.js';
import { type Check, sarif } from './sarif.js';
import { readInventory, type Source } from './source.js';

const FORMS = { table: people, json, sarif } as const satisfies Readonly<Record<string, (check: Check) => string>>;

export type CheckForm = keyof typeof FORMS;

export const CHECK_FORMS = Object.keys(FORMS) as readonly CheckForm[];

/** Resolves to the exit code. @throws a {@link Problem} if the lock or the inventory cannot be used */
export async function checkLock(path: string, form: CheckForm, source: Source, world: World): Promise<number> {
  const { out, complain } = world;
  const { document, problems } = readToolLock(path);
  if (document === undefined) throw new Problem(problems.join('\n'));
  for (const problem of problems) complain(problem);
  const lock = new ToolLock(document);
  const past = new PastDifferences(lock);
  const found = await readInventory(source, world, (record, at) => past.add(record, at));
  if (found.servers.length === 0) complain(found.nothing);
  const lineOf = linesIn(textOf(path), document);
  const findings = checkToolLock(lock, found, past.all()).map((finding) => ({
    ...finding,
    line: lineOf(finding.entry, finding.tool?.name),
    message: SAYS[finding.kind](finding),
  }));
  out.write(FORMS[form]({ path, findings, complete: found.complete }));
  if (!found.complete) return EXIT.USAGE;
  return findings.length > 0 ? EXIT.NOTHING_FOUND : EXIT.OK;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Problem(`cannot read ${visible(path)}: ${codeOf(error) ?? 'unknown error'}`);
  }
}

const toolText = ({ tool, server }: LockFinding) => `the tool ${visible(tool?.name ?? '')} of ${serverText(server)}`;

const membersOf = ({ tool }: LockFinding) => (tool?.members.length ? `: ${tool.members.join(', ')}` : '');

const DIFFERED: Readonly<Record<ToolDifference['change'], string>> = {
  modified: 'was not as locked',
  added: 'was listed, and is not in the lock',
  removed: 'was not listed',
};

const SAYS: Readonly<Record<LockFinding['kind'], (finding: LockFinding) => string>> = {
  modified: (finding) => `${toolText(finding)} is not as locked${membersOf(finding)}`,
  added: (finding) => `${toolText(finding)} is not in the lock`,
  removed: (finding) => `${toolText(finding)} is not listed any more`,
  'differed before': (finding) =>
    `at ${finding.at}, ${toolText(finding)} ${DIFFERED[finding.tool?.change ?? 'modified']}${membersOf(finding)}`,
  'list differs': ({ server }) => `the tools of ${serverText(server)} are not as locked`,
  'not locked': ({ server }) => `${serverText(server)} is not in the lock`,
  'not listed': ({ server }) => `no list of the tools of ${serverText(server)} was seen`,
};

function people({ path, findings }: Check): string {
  const lines = findings.map(({ line, message }) => `${visible(path)}:${line}: ${message}`);
  return [...lines, counted(findings.length, 'difference')].map((each) => `${each}\n`).join('');
}

function json({ path, findings, complete }: Check): string {
  const differences = findings.map(({ kind, server: { name, endpoint }, tool, at, line, message }) => ({
    kind,
    server: { name, endpoint },
    ...(tool !== undefined && {
      tool: tool.name,
      hash: tool.hash,
      lockedHash: tool.lockedHash,
      ...(tool.members.length > 0 && { changedMembers: tool.members }),
    }),
    ...(at !== undefined && { at }),
    line,
    message,
  }));
  return `${visibleJson({ lock: path, complete, differences })}\n`;
}
