/** Who runs the command. */
import { userInfo } from 'node:os';
import { attempt } from '../lib/attempt.js';
import { Problem } from './arguments.js';

/**
 * The user of the operating system. In a container, that may have a number and no name.
 *
 * @param otherwise the advice where the system names none
 */
export function userOfSystem(otherwise: string): string {
  const name = attempt(() => userInfo().username) ?? '';
  if (name !== '') return name;
  const number = process.getuid?.();
  if (number === undefined) throw new Problem(`the operating system names no user: ${otherwise}`);
  return `uid:${number}`;
}
