/** Decides which names hide their value, whatever it looks like. */
import { readAs } from './invisible-characters.js';

/** Words that make any name sensitive, also at the end of a run-together word such as `dbpassword`. */
const SENSITIVE_WORD =
  /(?:passwords?|passwd|pwd|passphrase|passcode|secrets?|tokens?|apikeys?|credentials?|cookies?|sess(?:ion)?id)$/;

/** Words that make any name sensitive, only whole. */
const WHOLE_WORDS = new Set(
  'authorization authorisation bearer jwt otp totp cvv cvc ssn sid dsn psk creds privatekey secretkey accesskey authkey'.split(
    ' ',
  ),
);

/** Words that are sensitive only at the end: `session` hides its value, `session_start` does not. */
const LAST_WORDS = new Set('session auth pass sig'.split(' '));

/** Two neighbouring words, joined. */
const PAIRS = new Set(
  (
    'apikey appkey privatekey secretkey accesskey authkey accountkey signingkey encryptionkey masterkey sharedkey sshkey ' +
    'servicekey subscriptionkey storagekey sessionid sessionkey connectionstring amzsignature googsignature recoverycode ' +
    'codeverifier authcode devicecode clientassertion samlresponse'
  ).split(' '),
);

/**
 * Last words that turn a sensitive name into a statement about it: `token_count`, `cookie_name`, `authorization_endpoint`.
 */
const DESCRIBING_WORDS = new Set(
  (
    'count counts type types name names length size limit limits usage used budget ttl expiry expires expiration in at ' +
    'endpoint endpoints url uri path file server servers policy required supported enabled method methods arn status'
  ).split(' '),
);

/** Words that make `tokens` a count of language-model tokens: `total_tokens`, `maxOutputTokens`. */
const COUNTING_WORDS = new Set(
  'total max min maximum minimum num per prompt completion input output cached cache reasoning thinking audio context'.split(
    ' ',
  ),
);

/**
 * `apiKey`, `API_KEY` and `x-api-key` are the words `api` and `key`. Digits separate words, so `password2` is `password`.
 */
function wordsOf(key: string): string[] {
  return key
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '');
}

/** Whether values under this name are hidden. Reads the first 256 characters of the name. */
export function isSensitiveKey(key: string): boolean {
  const start = readAs(key.slice(0, 256));
  const words = wordsOf(start);
  const last = words.at(-1);
  if (last === undefined) return false;
  if (words.length > 1 && DESCRIBING_WORDS.has(last)) return false;
  if (/^tokens?$/.test(last) && words.some((word) => COUNTING_WORDS.has(word))) return false;
  if (LAST_WORDS.has(last)) return true;
  // Odd capitals, as in `PaSsWoRd`, break words; the joined letters survive.
  const joined = start.toLowerCase().replace(/[^a-z]/g, '');
  if (WHOLE_WORDS.has(joined) || PAIRS.has(joined) || (words.length > 1 && SENSITIVE_WORD.test(joined))) return true;
  return words.some(
    (word, index) => SENSITIVE_WORD.test(word) || WHOLE_WORDS.has(word) || PAIRS.has(word + (words[index + 1] ?? '')),
  );
}

/** States: harmless values of `session`, `auth`, `pass` and `sig`. */
const STATES = new Set(
  (
    'none null nil active inactive open opened opening close closed closing start started starting stop stopped end ended new ' +
    'old idle busy ready pending waiting expired valid invalid missing present absent empty unknown ok okay error failed failure ' +
    'success passed passing skipped required optional granted denied allowed forbidden accepted rejected refused revoked on off ' +
    'yes no true false enabled disabled connected disconnected initialized initialised resumed restored created deleted ' +
    'destroyed terminated lost timeout'
  ).split(' '),
);

/** Kinds: bad passwords, which some people use. */
const KINDS = new Set(
  (
    'anonymous guest user admin default basic bearer digest negotiate ntlm kerberos oauth oauth2 oidc saml sso ldap mtls apikey ' +
    'password token cookie header internal external local remote public private stateless stateful all any'
  ).split(' '),
);

/** Directories: `pwd` names them more often than a password. */
const DIRECTORY = /^(?:\/|~(?:\/|$)|\.{1,2}(?:\/|$)|[A-Za-z]:[\\/]|\$(?:PWD|HOME|\{))/;

/** Whether a value under a sensitive name is harmless: `session: closed`, `pwd=/home/x`, `pass: 3`. */
export function isStatement(key: string, value: unknown): boolean {
  // Words before the name in a sentence are not part of it.
  const words = wordsOf(readAs(key.slice(0, 256)).replace(/^.* /, ''));
  if (/^(?:old)?pwd$/.test(words.join(''))) return typeof value === 'string' && DIRECTORY.test(value);
  const last = words.at(-1);
  if (last === undefined || !LAST_WORDS.has(last)) return false;
  // A name of several words may be sensitive for another reason.
  if (words.slice(0, -1).some((word) => SENSITIVE_WORD.test(word) || WHOLE_WORDS.has(word))) return false;
  if (typeof value === 'boolean' || value === null) return true;
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 && value < 10_000;
  if (typeof value !== 'string' || value.length > 64) return false;
  const word = value.toLowerCase();
  return STATES.has(word) || /^\d{1,3}$/.test(word) || (last !== 'pass' && KINDS.has(word));
}
