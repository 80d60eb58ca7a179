/**
 * What a `WWW-Authenticate` header says of why a request was refused: the parameters that have a fixed meaning, never
 * the description.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3
 */

const ERRORS = ['invalid_request', 'invalid_token', 'insufficient_scope'] as const;

/** Why; `other` is a reason that OAuth's bearer tokens do not have. */
export type ChallengeError = (typeof ERRORS)[number] | 'other';

export interface Challenge {
  readonly error?: ChallengeError;
  /** The scopes that are needed. */
  readonly scope?: readonly string[];
  /** Names the metadata of a protected resource, as MCP servers have to. */
  readonly hasResourceMetadata: boolean;
}

const MAX_LENGTH = 4096;
const MAX_SCOPES = 64;

// One after the other from the left, each from where the last one ended: linear, whatever the text.
const NAME = /[\w!#$%&'*+.^`|~-]+/y;
const EQUALS = /\s*=\s*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"?/sy;
const BARE = /[^\s",]*/y;

/** Reads the header's value, or its values if it was sent several times. A longer one than 4096 characters says nothing. */
export function readChallenge(header: unknown): Challenge {
  const text = Array.isArray(header) ? header.join(', ') : header;
  if (typeof text !== 'string' || text.length > MAX_LENGTH) return { hasResourceMetadata: false };
  const parameters = readParameters(text);
  const error = parameters.get('error');
  const scope = parameters.get('scope')?.split(' ').filter(Boolean).slice(0, MAX_SCOPES);
  return {
    ...(error !== undefined && { error: ERRORS.find((known) => known === error) ?? 'other' }),
    ...(scope !== undefined && { scope }),
    hasResourceMetadata: parameters.has('resource_metadata'),
  };
}

/** The parameters of all challenges, by lower-case name: the first of each. */
function readParameters(text: string): Map<string, string> {
  const parameters = new Map<string, string>();
  let position = 0;
  const next = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position;
    const match = pattern.exec(text);
    if (match !== null) position = pattern.lastIndex;
    return match;
  };
  while (position < text.length) {
    const name = next(NAME)?.[0].toLowerCase();
    if (name === undefined) {
      // A comma, or a text that belongs to no parameter.
      if (next(QUOTED) === null) position++;
    } else if (next(EQUALS) !== null) {
      const value = next(QUOTED)?.[1]?.replace(/\\(.)/gs, '$1') ?? next(BARE)?.[0] ?? '';
      if (!parameters.has(name)) parameters.set(name, value);
    }
  }
  return parameters;
}
