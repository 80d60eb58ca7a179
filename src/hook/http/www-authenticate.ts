/**
 * Reads from a `WWW-Authenticate` header why a request was refused: only parameters with a fixed meaning, never the
 * description.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3
 */

const ERRORS = ['invalid_request', 'invalid_token', 'insufficient_scope'] as const;

/** The error; `other` for one that is not defined for bearer tokens. */
export type ChallengeError = (typeof ERRORS)[number] | 'other';

export interface Challenge {
  readonly error?: ChallengeError;
  /** The required scopes. */
  readonly scope?: readonly string[];
  /** Whether it links the metadata of the protected resource, which MCP requires. */
  readonly hasResourceMetadata: boolean;
}

const MAX_LENGTH = 4096;
const MAX_SCOPES = 64;

// Sticky: each pattern starts where the last match ended, so that reading takes linear time.
const NAME = /[\w!#$%&'*+.^`|~-]+/y;
const EQUALS = /\s*=\s*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"?/sy;
const BARE = /[^\s",]*/y;

/** Reads the value of the header, or its values if it was sent several times. Ignores values of more than 4096 characters. */
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

/** The parameters of all challenges, by lower-case name. The first one counts. */
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
      // A comma, or text that is not part of a parameter.
      if (next(QUOTED) === null) position++;
    } else if (next(EQUALS) !== null) {
      const value = next(QUOTED)?.[1]?.replace(/\\(.)/gs, '$1') ?? next(BARE)?.[0] ?? '';
      if (!parameters.has(name)) parameters.set(name, value);
    }
  }
  return parameters;
}
