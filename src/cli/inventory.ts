/** `mcp-trail inventory`: which MCP servers and tools there are, of a state directory or rebuilt from audit records. */
import { commandOf } from './arguments.js';
import { EXIT, type World } from './command.js';
import { checkLock } from './inventory/check.js';
import { printLock } from './inventory/lock.js';
import { printed } from './inventory/outputs.js';
import { type Request, requestOf, USAGE } from './inventory/request.js';
import { readInventory } from './inventory/source.js';
import { mayColour } from './text.js';

export const inventory = commandOf<Request>({
  summary: 'which servers and tools there are, who approved them, who used them last',
  usage: USAGE,
  hint: 'mcp-trail inventory --help lists the options and columns.',
  read: requestOf,
  answer,
});

async function answer({ source, lock, kind, output, columns, utc }: Request, world: World): Promise<number> {
  if (lock !== undefined && lock !== 'print') return checkLock(lock.check, lock.form, source, world);
  const found = await readInventory(source, world);
  if (lock === 'print') return printLock(found, world);
  const { servers, complete, nothing } = found;
  const { out, env } = world;
  const look = { colour: out.terminal && mayColour(env), width: out.columns, utc };
  const empty = servers.length === 0 || (kind === 'tools' && servers.every(({ tools }) => tools.length === 0));
  if (empty) world.complain(servers.length === 0 ? nothing : 'no server has a tool');
  if (!empty || output !== 'table') out.write(printed(output, { servers, kind, columns, look }));
  if (!complete) return EXIT.USAGE;
  return empty ? EXIT.NOTHING_FOUND : EXIT.OK;
}
