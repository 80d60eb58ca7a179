/** Which key names hide their value, whatever it looks like. */

/** Words that make any key sensitive, alone or at the end of a run-together word such as `dbpassword`. */
const SENSITIVE_WORD =
  /(?:passwords?|passwd|pwd|passphrase|passcode|secrets?|tokens?|apikeys?|credentials?|cookies?|sess(?:ion)?id)$/;

/** Words that make any key sensitive, but only whole. */
const WHOLE_WORDS = new Set(
  'authorization authorisation bearer jwt otp totp cvv cvc ssn sid dsn psk creds privatekey secretkey accesskey authkey'.split(
    ' ',
  ),
);

/** Words that are sensitive only as the last one: `session` hides its value, `session_start` does not. */
const LAST_WORDS = new Set('session auth pass sig'.split(' '));

/** Two neighbouring words, joined. */
const PAIRS = new Set(
  (
    'apikey appkey privatekey secretkey accesskey authkey accountkey signingkey encryptionkey masterkey sharedkey sshkey ' +
    'servicekey subscriptionkey storagekey sessionid sessionkey connectionstring amzsignature googsignature recoverycode'
  ).split(' '),
);

/** Last words that turn a sensitive key into a statement about it: `token_count`, `cookie_name`, `authorization_endpoint`. */
const DESCRIBING_WORDS = new Set(
  (
    'count counts type types name names length size limit limits usage used budget ttl expiry expires expiration in at ' +
    'endpoint endpoints url uri path file server servers policy required supported enabled method methods arn status'
  ).split(' '),
);

/** Words that make `tokens` a quantity of language-model tokens: `total_tokens`, `maxOutputTokens`. */
const COUNTING_WORDS = new Set(
  'total max min maximum minimum num per prompt completion input output cached cache reasoning thinking audio context'.split(
    ' ',
  ),
);

/** `apiKey`, `API_KEY` and `x-api-key` are the words `api` and `key`. Digits separate, so `password2` is `password`. */
function wordsOf(key: string): string[] {
  return key
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '');
}

/** Says whether a value under this key is hidden. Looks at the first 256 characters of the key. */
export function isSensitiveKey(key: string): boolean {
  const start = key.slice(0, 256);
  const words = wordsOf(start);
  const last = words.at(-1);
  if (last === undefined) return false;
  if (words.length > 1 && DESCRIBING_WORDS.has(last)) return false;
  if (/^tokens?$/.test(last) && words.some((word) => COUNTING_WORDS.has(word))) return false;
  if (LAST_WORDS.has(last)) return true;
  // Odd capitals, as in `PaSsWoRd`, split into nonsense; the letters run together do not.
  const joined = start.toLowerCase().replace(/[^a-z]/g, '');
  if (WHOLE_WORDS.has(joined) || PAIRS.has(joined) || (words.length > 1 && SENSITIVE_WORD.test(joined))) return true;
  return words.some(
    (word, index) => SENSITIVE_WORD.test(word) || WHOLE_WORDS.has(word) || PAIRS.has(word + (words[index + 1] ?? '')),
  );
}
