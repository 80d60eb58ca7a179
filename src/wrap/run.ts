/**
 * `mcp-trail wrap`: runs a command, a server of MCP in any language, between its host and itself. The command starts before
 * what observes it is loaded.
 */
import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { isSwitchedOff } from '../options/switch.js';
import { type Child, codeFor, start } from './child.js';
import { endLike, Life } from './life.js';
import { keepSmall } from './memory.js';
import { type Observer, observe } from './observe.js';
import { endWhenQuiet } from './quiet.js';
import { relay } from './relay.js';
import type { WrapRequest } from './request.js';

/** For telemetry that is not taken. */
const DELIVERY_MS = 2000;
/** Kept for telemetry where the host does not take the output either. */
const KEPT_MS = 500;

/** Ends this process. */
export async function run(request: WrapRequest): Promise<void> {
  keepSmall();
  const life = new Life();
  const child = started(request);
  if (child === undefined) return;
  life.began(child);
  const observer = observing(request);
  const { maxLineBytes } = request;
  relay({
    from: process.stdin,
    to: child.stdin,
    inspector: observer?.fromHost,
    maxLineBytes,
    onEnd: () => {
      life.endBegins();
      observer?.hostEnded();
    },
    onDone: () => closeOwn(0),
  });
  const delivered = new Promise<void>((resolve) => {
    relay({
      from: child.stdout,
      to: process.stdout,
      inspector: observer?.fromServer,
      maxLineBytes,
      onDone: () => {
        closeOwn(1);
        resolve();
      },
    });
  });
  const ending = await life.ended;
  endWhenQuiet(child.stdout, process.stdout);
  // Until the end begins, the host may take its time.
  await Promise.race([delivered, life.overIn(KEPT_MS)]);
  await observer?.end(Math.max(0, Math.min(DELIVERY_MS, life.leftMs)));
  endLike(ending);
}

/** Starts the command; undefined if that failed, which ends this process. */
function started({ command, args }: WrapRequest): Child | undefined {
  const failed = (error: NodeJS.ErrnoException): void => {
    process.stderr.write(`mcp-trail: cannot start ${JSON.stringify(command)}: ${error.code ?? error.name}\n`);
    process.exit(codeFor(error));
  };
  try {
    const child = start(command, args);
    if (child.pid !== undefined) {
      // A signal that it cannot get, as one that runs as another user, changes nothing.
      child.on('error', (error: NodeJS.ErrnoException) => error.syscall === 'kill' || failed(error));
      return child;
    }
    child.once('error', failed);
    return undefined;
  } catch (error) {
    failed(error as NodeJS.ErrnoException);
    return undefined;
  }
}

/** Loads what observes, which the build leaves until then (`src/build.mjs`); undefined where it is switched off or cannot start: then bytes pass unobserved. */
function observing(request: WrapRequest): Observer | undefined {
  if (isSwitchedOff() || process.env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return undefined;
  try {
    return observe(request);
  } catch (error) {
    // Without a reader, this line is lost, and nothing else.
    process.stderr.on('error', () => {});
    const name = error instanceof Error && /^\w{1,64}$/.test(error.name) ? error.name : 'unknown error';
    process.stderr.write(`mcp-trail: could not start (${name}), nothing is observed\n`);
    return undefined;
  }
}

/** Lets the host see that the command has closed its input or output, although Node.js keeps that of this process open. */
function closeOwn(descriptor: 0 | 1): void {
  try {
    closeSync(descriptor);
    // Whatever is opened next must not take its place.
    openSync(devNull, descriptor === 0 ? 'r' : 'w');
  } catch {
    // It was closed before.
  }
}
