/** Canaries: fake secrets and personal data composed at run time, and harmless look-alikes. */
import { createHash } from 'node:crypto';

/** One fake: the planted text, and the part of it that must not appear in any output. */
export interface Fake {
  readonly text: string;
  readonly secret: string;
}

export interface Kind {
  readonly name: string;
  /** The same seed gives the same fake. Fakes of different seeds share no part of the secret. */
  readonly make: (seed: string) => Fake;
}

const ALNUM = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const HEX = '0123456789abcdef';
const DIGITS = '0123456789';

/** A number of irregular characters, deterministic by seed. */
export function noise(seed: string, length: number, alphabet = ALNUM): string {
  let text = '';
  for (let block = 0; text.length < length; block++) {
    for (const byte of createHash('sha256').update(`${seed} ${block}`).digest()) {
      text += alphabet[byte % alphabet.length];
    }
  }
  return text.slice(0, length);
}

type Around = (secret: string) => string;

/** A kind whose secret is random, with fixed text around it. */
function around(name: string, length: number, alphabet: string, put: Around): Kind {
  return {
    name,
    make: (seed) => {
      const secret = noise(`${name} ${seed}`, length, alphabet);
      return { secret, text: put(secret) };
    },
  };
}

const after =
  (...parts: string[]): Around =>
  (secret) =>
    parts.join('') + secret;

const AT = '@';
const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const pem = (word: string) => `-----${word} RSA ${['PRIVATE', 'KEY'].join(' ')}-----`;

/** Kinds of secrets that are recognized by their format or by the name beside them. */
export const SECRETS: readonly Kind[] = [
  around('AWS access key id', 16, UPPER, after('AK', 'IA')),
  around('AWS secret key', 40, ALNUM, after('aws_secret_', 'access_key=')),
  around('GCP API key', 35, ALNUM, after('AI', 'za')),
  around('GCP access token', 60, ALNUM, after('ya', '29.')),
  around('Azure client secret', 34, ALNUM, after('abc', '8Q', '~')),
  around('Azure account key', 86, ALNUM, (secret) => `AccountName=x;AccountKey=${secret}==`),
  around('GitHub', 36, ALNUM, after('gh', 'p_')),
  around('GitHub fine-grained', 59, ALNUM, after('github', '_pat_')),
  around('GitLab', 20, ALNUM, after('gl', 'pat-')),
  around('Slack', 24, ALNUM, after('xo', 'xb-', '123456789012-')),
  around('Slack webhook', 24, ALNUM, after('https://hooks.slack', '.com/services/T0000/B0000/')),
  around('Stripe', 24, ALNUM, after('sk', '_live_')),
  around('Stripe webhook', 32, ALNUM, after('wh', 'sec_')),
  around('Anthropic', 93, ALNUM, after('sk', '-ant-', 'api03-')),
  around('OpenAI', 48, ALNUM, after('sk', '-proj-')),
  around('OpenAI legacy', 48, ALNUM, after('sk', '-')),
  around('npm', 36, ALNUM, after('np', 'm_')),
  around('PyPI', 60, ALNUM, after('py', 'pi-AgEIcHlwaS5vcmc')),
  around('Hugging Face', 34, ALNUM, after('h', 'f_')),
  around('SendGrid', 43, ALNUM, after('S', 'G.', 'abcdefghijklmnopqrstuv.')),
  around('Twilio', 32, HEX, after('S', 'K')),
  around('Shopify', 32, HEX, after('shp', 'at_')),
  around('DigitalOcean', 64, HEX, after('do', 'p_v1_')),
  around('Databricks', 32, HEX, after('da', 'pi')),
  around('Vault', 24, ALNUM, after('hv', 's.')),
  around('JSON Web Token', 43, ALNUM, after(base64url({ alg: 'HS256' }), '.', base64url({ sub: 'someone' }), '.')),
  around('bearer', 40, ALNUM, after('Bearer ')),
  around('authorization header', 32, ALNUM, after('authorization: Token ')),
  {
    name: 'basic',
    make: (seed) => {
      const secret = Buffer.from(`joe:${noise(`basic ${seed}`, 20)}`).toString('base64');
      return { secret, text: `Basic ${secret}` };
    },
  },
  around('private key', 64, ALNUM, (secret) => [pem('BEGIN'), secret, pem('END')].join('\n')),
  around('database URL', 20, ALNUM, (secret) => `postgres://joe:${secret}${AT}db.example.com:5432/app`),
  around('password assignment', 20, ALNUM, after('pass', 'word=')),
  around('JSON member', 20, ALNUM, (secret) => JSON.stringify({ user: 'joe', [['pass', 'word'].join('')]: secret })),
  around('cookie', 24, ALNUM, after('Cookie: theme=dark; sid=')),
  around('session id', 24, ALNUM, after('session', 'id=')),
  around('query parameter', 24, ALNUM, (secret) => `https://x.example.com/a?access_token=${secret}&n=1`),
  around('command line', 20, ALNUM, (secret) => `login --password ${secret} --verbose`),
  around('XML element', 20, ALNUM, (secret) => `<user>joe</user><password>${secret}</password>`),
];

/** Kinds of personal data that are recognized by their format or check digits. */
export const PERSONAL: readonly Kind[] = [
  around('e-mail', 18, 'abcdefghijklmnopqrstuvwxyz', (secret) => `${secret}${AT}example.com`),
  {
    name: 'card number',
    make: (seed) => {
      const number = withLuhnDigit(`4${noise(`card ${seed}`, 14, DIGITS)}`);
      return { secret: number, text: number };
    },
  },
  {
    name: 'card number in groups',
    make: (seed) => {
      const number = withLuhnDigit(`4${noise(`grouped card ${seed}`, 14, DIGITS)}`).replace(/\d{4}(?=\d)/g, '$&-');
      return { secret: number, text: number };
    },
  },
  {
    name: 'French NIR',
    make: (seed) => {
      const digits = `1850${noise(`nir ${seed}`, 1, '123456789')}75${noise(`nir2 ${seed}`, 6, DIGITS)}`;
      const number = digits + String(97 - Number(BigInt(digits) % 97n)).padStart(2, '0');
      return { secret: number, text: number };
    },
  },
  {
    name: 'CPF',
    make: (seed) => {
      const checked = (digits: string) => {
        const sum = [...digits].reduce((total, digit, at) => total + Number(digit) * (digits.length + 1 - at), 0);
        return digits + String(((11 - (sum % 11)) % 11) % 10);
      };
      const digits = checked(checked(noise(`cpf ${seed}`, 9, DIGITS)));
      const number = `${digits.slice(0, 3)}.${digits.slice(3, 6)}.${digits.slice(6, 9)}-${digits.slice(9)}`;
      return { secret: number, text: number };
    },
  },
  {
    name: 'IBAN',
    make: (seed) => {
      const account = noise(`iban ${seed}`, 18, DIGITS);
      // The country's letters as numbers, and two check digits to be computed.
      const check = 98n - (BigInt(`${account}131400`) % 97n);
      const iban = `DE${String(check).padStart(2, '0')}${account}`;
      return { secret: iban, text: iban };
    },
  },
  {
    name: 'social security number',
    make: (seed) => {
      const digits = noise(`ssn ${seed}`, 7, '123456789');
      const number = `1${digits.slice(0, 2)}-${digits.slice(2, 4)}-${digits.slice(4)}${noise(`ssn2 ${seed}`, 1, DIGITS)}`;
      return { secret: number, text: number };
    },
  },
  {
    name: 'telephone number',
    make: (seed) => {
      // Of a mobile telephone: the first piece of a number that is told by design must not be that of another.
      const digits = noise(`phone ${seed}`, 9, DIGITS);
      const number = `+44 7${digits.slice(0, 3)} ${digits.slice(3)}`;
      return { secret: number, text: number };
    },
  },
];

/** A secret with a character in its mark that is not seen, which headers cannot have. */
export const DISGUISED: Kind = around('disguised secret', 36, ALNUM, after('gh', '\u200b', 'p_'));

/** Numbers in one run, which are ids where ids belong. */
export const BARE_NUMBERS: ReadonlySet<string> = new Set(['card number', 'French NIR']);

function withLuhnDigit(digits: string): string {
  const sum = [...digits].reverse().reduce((total, digit, index) => {
    const doubled = Number(digit) * (index % 2 === 0 ? 2 : 1);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return digits + String((10 - (sum % 10)) % 10);
}

/** Personal data that nothing in its shape gives away: only leaving content out keeps it in. */
export const SHAPELESS: readonly Kind[] = [
  around('name of a person', 12, 'abcdefghijklmnopqrstuvwxyz', (secret) => `Joan ${secret}`),
  around('postal address', 14, 'abcdefghijklmnopqrstuvwxyz', (secret) => `12 ${secret} street, Springfield`),
  around('date of birth', 12, 'abcdefghijklmnopqrstuvwxyz', (secret) => `born 1971-02-03 in ${secret}`),
  around('medical record number', 12, DIGITS, after('MRN ')),
  around('bare password', 16, ALNUM, after('')),
];

/** Nothing of it is secret: it passes unchanged wherever its field passes. */
function harmless(name: string, length: number, alphabet: string, put: Around): Kind {
  const { make } = around(name, length, alphabet, put);
  return {
    name,
    make: (seed) => {
      const { text } = make(seed);
      return { text, secret: text };
    },
  };
}

/** A word that no rule has an opinion about: where it is seen, a field leaves. */
export const MARKER: Kind = harmless('marker', 14, 'abcdefghijklmnopqrstuvwxyz', after('marker_'));

export const LOOK_ALIKES: readonly Kind[] = [
  harmless(
    'UUID',
    32,
    HEX,
    (hex) => `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`,
  ),
  harmless(
    'SQL',
    8,
    'abcdefgh',
    (word) => `SELECT id, token_hash FROM ${word} WHERE email = $1 AND token = ? LIMIT 10`,
  ),
  harmless('total_tokens', 8, '123456789', (digits) => `total_tokens: ${digits}, max_tokens=4096`),
  harmless('URL', 12, 'abcdefgh', after('https://example.com:8080/a/')),
  harmless('ARN', 10, 'abcdefgh', after('arn:aws:iam::123456789012:role/')),
  harmless('git hash', 40, HEX, after('')),
  harmless('SHA-256', 64, HEX, after('sha256:')),
  harmless('ISO date', 6, DIGITS, (digits) => `2025-06-18T12:34:56.${digits}Z`),
  harmless('nanoseconds', 9, DIGITS, after('1718000000')),
  harmless(
    'version',
    6,
    '123456789',
    (digits) => `v${digits.slice(0, 2)}.${digits.slice(2, 4)}.${digits.slice(4)}-beta.1`,
  ),
  harmless('package', 10, 'abcdefgh', (word) => `@scope/${word}@1.32.2`),
  harmless('price', 7, '123456789', (digits) => `EUR ${digits.slice(0, 4)}.${digits.slice(4, 6)}${digits.slice(6)}`),
  harmless('MIME type', 10, 'abcdefgh', (word) => `application/vnd.${word}+json`),
  harmless('tool name', 8, 'abcdefgh', after('task-get-token-count-')),
  harmless('prefixed tool name', 10, 'abcdefgh', after('mcp__github__create_pull_request_')),
  harmless('task id', 32, HEX, after('task-')),
  harmless('file name', 10, 'abcdefgh', (word) => `/usr/local/lib/node_modules/${word}/index.js:12:34`),
  harmless('scopes', 10, 'abcdefgh', after('auth:token:refresh secrets:')),
  harmless('base64 of a word', 12, 'abcdefgh', (word) => Buffer.from(`get_${word}`).toString('base64url')),
  harmless('cursor', 12, 'abcdefgh', (word) => base64url({ offset: word })),
  harmless('trace context', 32, HEX, (hex) => `00-${hex}-b7ad6b7169203331-01`),
  harmless('address and port', 6, '123456789', (digits) => `10.${digits.match(/../g)?.join('.')}:8080`),
  harmless('prose about schemes', 10, 'abcdefgh', after('bearer authentication and basic authentication by ')),
  harmless('usage text', 8, 'ABCDEFGH', (word) => `usage: ${word} [--password PASSWORD] [--token]`),
];
