/** Text that somebody else chose, for a message to the operator. */
import { cutChars } from '../lib/text.js';
import { scrub } from './scrub.js';

/** Values come as JSON, whose escapes are to stay what they are. */
const AS_JSON = { again: true };

/** One line of at most `max` UTF-16 units, in which no secret stands. It is cut last: half a secret is not recognised. */
export function shown(text: string, max: number): string {
  const whole = String(text);
  return cutChars(scrub(whole, Math.max(max, MAX_LOOKED_AT), false, AS_JSON), max, false);
}

/** What a longer text has beyond its bound cannot make a secret of what stands before it. */
const MAX_LOOKED_AT = 4096;
