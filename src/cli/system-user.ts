/** The user of the operating system, who is told where nobody else is named. */
import { userInfo } from 'node:os';
import { attempt } from '../lib/attempt.js';
import { Problem } from './arguments.js';

/** In a container, the user may have a number and no name. @throws Problem */
export function userOfSystem(): string {
  const name = attempt(() => userInfo().username) ?? '';
  if (name !== '') return name;
  const number = process.getuid?.();
  if (number === undefined) throw new Problem('the operating system names no user: say who it is, with --by');
  return `uid:${number}`;
}
